//! The hash table: from a hash to the slots of the entries that have it.
//!
//! A bucket holds 32 bits of hash and a slot number, nothing else: keys are
//! compared by whoever asks, so no user code ever runs in here, and neither
//! growth nor eviction asks for a key's hash again.
//!
//! Linear probing with the buckets of a run kept in the order of their homes
//! (Robin Hood). Deleting shifts the rest of the run back, so there are no
//! tombstones: a full cache that evicts for ever never has to rehash in place.

use super::Slot;

const EMPTY: Slot = Slot::MAX;
const SMALLEST: usize = 8;

#[derive(Clone, Copy)]
struct Bucket {
    hash: u32,
    slot: Slot,
}

const FREE: Bucket = Bucket {
    hash: 0,
    slot: EMPTY,
};

/// Slots by hash. Several slots may share one hash.
pub(crate) struct Table {
    /// A power of two, or empty before the first insertion.
    buckets: Box<[Bucket]>,
    /// The top bits of a hash choose its home: these many are left out.
    shift: u32,
    /// The store has fewer than 2³² entries.
    len: u32,
}

impl Table {
    pub(crate) fn new() -> Self {
        Table {
            buckets: Box::default(),
            shift: 0,
            len: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The slots stored under `hash`, in no particular order.
    pub(crate) fn candidates(&self, hash: u32) -> Candidates<'_> {
        Candidates {
            table: self,
            hash,
            at: self.home(hash),
            distance: 0,
        }
    }

    /// Adds `slot` under `hash`. The slot must not be in the table yet.
    pub(crate) fn insert(&mut self, hash: u32, slot: Slot) {
        debug_assert_ne!(slot, EMPTY);
        if self.len as usize >= max_load(self.buckets.len()) {
            self.rebuild((self.buckets.len() * 2).max(SMALLEST));
        }
        self.place(Bucket { hash, slot });
        self.len += 1;
    }

    /// Takes `slot`, which was inserted under `hash`, out again.
    pub(crate) fn remove(&mut self, hash: u32, slot: Slot) {
        let Some(mut hole) = self.position(hash, slot) else {
            debug_assert!(false, "slot {slot} is not in the table");
            return;
        };
        let mask = self.buckets.len() - 1;
        loop {
            let next = (hole + 1) & mask;
            let bucket = self.buckets[next];
            if bucket.slot == EMPTY || self.home(bucket.hash) == next {
                break;
            }
            self.buckets[hole] = bucket;
            hole = next;
        }
        self.buckets[hole] = FREE;
        self.len -= 1;
    }

    /// The entry that was in slot `from` now lives in slot `to`.
    pub(super) fn relocate(&mut self, hash: u32, from: Slot, to: Slot) {
        if let Some(at) = self.position(hash, from) {
            self.buckets[at].slot = to;
        } else {
            debug_assert!(false, "slot {from} is not in the table");
        }
    }

    /// Gives memory back once the table is far larger than what it holds.
    pub(crate) fn shrink(&mut self) {
        if self.len == 0 {
            self.buckets = Box::default();
        } else if self.buckets.len() > SMALLEST && (self.len as usize) < self.buckets.len() / 8 {
            self.rebuild((self.len as usize * 2).next_power_of_two().max(SMALLEST));
        }
    }

    fn rebuild(&mut self, size: usize) {
        let old = std::mem::replace(&mut self.buckets, vec![FREE; size].into_boxed_slice());
        self.shift = u32::BITS - size.trailing_zeros();
        for bucket in old {
            if bucket.slot != EMPTY {
                self.place(bucket);
            }
        }
    }

    fn place(&mut self, mut bucket: Bucket) {
        let mask = self.buckets.len() - 1;
        let mut at = self.home(bucket.hash);
        let mut distance = 0;
        loop {
            let here = self.buckets[at];
            if here.slot == EMPTY {
                self.buckets[at] = bucket;
                return;
            }
            let settled = self.distance(at, here.hash);
            if settled < distance {
                self.buckets[at] = bucket;
                bucket = here;
                distance = settled;
            }
            at = (at + 1) & mask;
            distance += 1;
        }
    }

    fn position(&self, hash: u32, slot: Slot) -> Option<usize> {
        let mut candidates = self.candidates(hash);
        while let Some(found) = candidates.next() {
            if found == slot {
                return Some(candidates.standing());
            }
        }
        None
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    #[inline]
    fn distance(&self, at: usize, hash: u32) -> usize {
        at.wrapping_sub(self.home(hash)) & (self.buckets.len() - 1)
    }

    /// Every bucket in use, for `validate` and for the tests.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        self.buckets
            .iter()
            .filter(|b| b.slot != EMPTY)
            .map(|b| (b.hash, b.slot))
    }
}

/// Seven eighths: with ordered runs an unsuccessful probe stays short up there.
fn max_load(size: usize) -> usize {
    size / 8 * 7
}

pub(crate) struct Candidates<'a> {
    table: &'a Table,
    hash: u32,
    at: usize,
    distance: usize,
}

impl Candidates<'_> {
    /// Where the slot that `next` gave last stands.
    fn standing(&self) -> usize {
        self.at.wrapping_sub(1) & (self.table.buckets.len() - 1)
    }
}

impl Iterator for Candidates<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        let buckets = &self.table.buckets;
        loop {
            let bucket = *buckets.get(self.at)?;
            if bucket.slot == EMPTY {
                return None;
            }
            if bucket.hash != self.hash && self.table.distance(self.at, bucket.hash) < self.distance
            {
                return None;
            }
            self.at = (self.at + 1) & (buckets.len() - 1);
            self.distance += 1;
            if bucket.hash == self.hash {
                return Some(bucket.slot);
            }
            if self.distance > buckets.len() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(table: &Table, hash: u32) -> Vec<Slot> {
        let mut found: Vec<Slot> = table.candidates(hash).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn an_empty_table_holds_no_memory_and_finds_nothing() {
        let table = Table::new();
        assert_eq!(table.buckets.len(), 0);
        assert_eq!(slots(&table, 7), []);
    }

    #[test]
    fn equal_hashes_are_all_candidates() {
        let mut table = Table::new();
        for slot in 0..100 {
            table.insert(42, slot);
        }
        assert_eq!(slots(&table, 42), (0..100).collect::<Vec<_>>());
        for slot in (0..100).step_by(2) {
            table.remove(42, slot);
        }
        assert_eq!(slots(&table, 42), (1..100).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn agrees_with_a_list_of_pairs_under_random_changes() {
        let mut rng = fastrand::Rng::with_seed(11);
        let mut table = Table::new();
        let mut model: Vec<(u32, Slot)> = Vec::new();
        for step in 0..40_000 {
            // Few distinct hashes, at both ends of the range, so that runs wrap.
            let hash = [0, 1, u32::MAX, u32::MAX - 1, rng.u32(..), 1 << 31][rng.usize(..6)];
            if rng.u32(..10) < 6 || model.is_empty() {
                table.insert(hash, step);
                model.push((hash, step));
            } else {
                let (hash, slot) = model.swap_remove(rng.usize(..model.len()));
                table.remove(hash, slot);
            }
            if model.len() > 300 {
                for (hash, slot) in model.drain(..250) {
                    table.remove(hash, slot);
                }
                table.shrink();
            }
            assert_eq!(table.len(), model.len());
            let mut expected: Vec<Slot> = model
                .iter()
                .filter(|(h, _)| *h == hash)
                .map(|(_, s)| *s)
                .collect();
            expected.sort_unstable();
            assert_eq!(slots(&table, hash), expected);
        }
        let mut all: Vec<_> = table.iter().collect();
        all.sort_unstable();
        model.sort_unstable();
        assert_eq!(all, model);
    }
}
