//! The buckets against a list by hash, which says where each of them has to stand.

use std::collections::BTreeSet;

use super::*;

/// Beyond so many, one more makes no difference: a window, and one at either side.
const MANY: usize = WINDOW + 2;

/// What a change came to: how many others moved, and how many places there were from
/// there to the array's end.
type Change = (usize, usize);

/// Buckets, and the list.
struct Twins {
    buckets: Buckets,
    /// By hash; of equal ones, the last comes first.
    list: Vec<(u32, Slot)>,
    /// All that insertions and removals came to.
    inserted: BTreeSet<Change>,
    removed: BTreeSet<Change>,
}

impl Twins {
    fn new(homes: usize) -> Self {
        Twins {
            buckets: Buckets::new(homes),
            list: Vec::new(),
            inserted: BTreeSet::new(),
            removed: BTreeSet::new(),
        }
    }

    /// The array as it has to be, up to the last that is not free.
    fn layout(&self) -> Vec<u64> {
        let mut array = Vec::new();
        for &(hash, slot) in &self.list {
            array.resize(array.len().max(self.buckets.home(hash)), FREE);
            array.push(pack(hash, slot));
        }
        array
    }

    fn insert(&mut self, hash: u32, slot: Slot) {
        let (before, end) = (self.layout(), self.buckets.array.len());
        let at = self.list.partition_point(|&(other, _)| other < hash);
        self.list.insert(at, (hash, slot));
        self.buckets.insert(hash, slot);
        self.inserted.insert(change(&before, &self.layout(), end));
        self.compare();
    }

    fn remove(&mut self, at: usize) {
        let (before, end) = (self.layout(), self.buckets.array.len());
        let (hash, slot) = self.list.remove(at);
        assert!(!self.buckets.remove(hash, Slot::MAX - 1), "there is none");
        assert!(self.buckets.remove(hash, slot));
        assert!(!self.buckets.remove(hash, slot), "it was there once");
        self.removed.insert(change(&self.layout(), &before, end));
        self.compare();
    }

    fn relocate(&mut self, at: usize, to: Slot) {
        let (hash, from) = self.list[at];
        self.list[at].1 = to;
        assert!(self.buckets.relocate(hash, from, to));
        assert!(!self.buckets.relocate(hash, from, to), "it is not there");
        self.compare();
    }

    /// Where each stands, and nothing else.
    fn compare(&self) {
        let expected = self.layout();
        let (used, rest) = self.buckets.array.split_at(expected.len());
        assert_eq!(used, expected);
        assert!(rest.iter().all(|&bucket| bucket == FREE), "left behind");
        assert_eq!(self.buckets.len(), self.list.len());
    }

    /// What is found under a hash, whether something is there or not.
    fn look(&self, hash: u32) {
        let under: Vec<_> = self.list.iter().filter(|it| it.0 == hash).collect();
        let expected = under.iter().map(|it| it.1);
        assert!(self.buckets.candidates(hash).eq(expected), "{hash:#x}");
        let first = under.first().map(|it| it.1);
        assert_eq!(self.buckets.near(hash), first, "{hash:#x}");
    }
}

/// What it came to that there is one more in `after`: those behind it, up to a free place,
/// have moved.
fn change(before: &[u64], after: &[u64], end: usize) -> Change {
    let both = before.iter().zip(after);
    let at = both.take_while(|(before, after)| before == after).count();
    let moved = before[at..].iter().take_while(|&&it| it != FREE).count();
    (moved.min(MANY), (end - at).min(MANY))
}

/// Hashes: of all, few of them, at either end, somewhere between, and one.
const CROWDS: [fn(u32) -> u32; 8] = [
    |random| random,
    |random| random << 29,
    |random| random % 5,
    |random| u32::MAX - random % 5,
    |random| 0xA000_0000 + random % 5,
    |random| 0x6000_0000 + random % 5,
    |_| u32::MAX,
    |random| [random, u32::MAX - random % 5, 0][random as usize % 3],
];

#[test]
fn each_stands_where_a_list_says_whatever_has_to_move() {
    let mut slots = 0..;
    let (mut inserted, mut removed) = (BTreeSet::new(), BTreeSet::new());
    // Again and again from the beginning: an array that has become longer stays so.
    let rounds = if cfg!(miri) { 1 } else { 60 };
    for homes in [4, 8, 16, 64] {
        for (hash, seed) in CROWDS
            .iter()
            .flat_map(|hash| (0..rounds).map(move |n| (hash, n)))
        {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut twins = Twins::new(homes);
            for _ in 0..100 {
                let len = twins.list.len();
                // By turns fuller and emptier, and more than there are homes.
                let most = random.usize(..=homes * 2);
                match random.u8(..8) {
                    0 if len > 0 => {
                        let to = slots.next().expect("they are enough");
                        twins.relocate(random.usize(..len), to);
                    }
                    1 => twins.look(hash(random.u32(..))),
                    _ if len > most => twins.remove(random.usize(..len)),
                    _ => {
                        let slot = slots.next().expect("they are enough");
                        twins.insert(hash(random.u32(..)), slot);
                    }
                }
                if let Some(&(hash, _)) = twins.list.get(len / 2) {
                    twins.look(hash);
                }
            }
            inserted.append(&mut twins.inserted);
            removed.append(&mut twins.removed);
        }
    }
    if cfg!(miri) {
        return;
    }
    // As many as there are places, and none is left for the last of an insertion.
    for room in 1..=MANY {
        for moved in 0..=room {
            let change = (moved, room);
            assert!(inserted.contains(&change), "no insertion like {change:?}");
            let is_one = moved < room || room == MANY;
            let is_seen = removed.contains(&change);
            assert_eq!(is_seen, is_one, "removals like {change:?}");
        }
    }
}
