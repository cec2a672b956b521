//! One array of buckets: the pairs of a hash and a slot, by hash.
//!
//! A bucket is one number, the hash above the slot, and 0 is free: so a new array
//! comes zeroed from the system, page by page as it is used. A hash's home is chosen
//! by its top bits, and a bucket stands at its home or as near after it as those with
//! lower hashes let it. So the buckets of the whole array are sorted, with gaps, and
//! a bucket that is not where its hash belongs is not there at all. Deleting shifts
//! the rest of the run back: no tombstones, no rehash in place.
//!
//! Runs don't wrap: there is room beyond the last home, and more of it is made in the
//! rare case that it is full. No growth in here, and no way to compare keys.

use super::Slot;
use super::bucket::{Candidates, FREE, floor, hash_of, is_below, pack, slot_in, unpack};

/// How many buckets a look-up reads without a branch.
const WINDOW: usize = 4;

/// Homes, and at least as much room behind them as a look-up reads.
const SMALLEST: usize = 4;

#[derive(Default)]
pub(super) struct Buckets {
    /// Empty, or the homes and the room behind them.
    array: Box<[u64]>,
    /// The top bits of a hash choose its home: these many are left out.
    shift: u32,
    /// How many are not free.
    len: u32,
}

/// How many buckets there are beyond the last home. Runs are short, mostly.
fn room(homes: usize) -> usize {
    (homes / 32).clamp(WINDOW, 128)
}

impl Buckets {
    /// Room for buckets with `homes` homes, a power of two.
    fn new(homes: usize) -> Self {
        Buckets {
            array: vec![FREE; homes + room(homes)].into_boxed_slice(),
            shift: u32::BITS - homes.trailing_zeros(),
            len: 0,
        }
    }

    /// As few homes as will do for `len` buckets, and some more.
    pub(super) fn for_len(len: usize) -> Self {
        Self::new((len * 2).next_power_of_two().max(SMALLEST))
    }

    /// Twice as many homes, or the first.
    pub(super) fn doubled(&self) -> Self {
        Self::new((self.homes() * 2).max(SMALLEST))
    }

    #[inline]
    pub(super) fn homes(&self) -> usize {
        if self.array.is_empty() {
            0
        } else {
            1 << (u32::BITS - self.shift)
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there should be more homes before the next bucket comes. At seven
    /// eighths an unsuccessful probe still is short: the buckets are sorted.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        // With a home for each hash there is no more to be had.
        self.len() >= self.homes() - self.homes() / 8 && (self.shift > 0 || self.array.is_empty())
    }

    #[inline]
    pub(super) fn home(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    /// Where the first bucket that is not below this hash stands, or would stand.
    #[inline]
    fn seek(&self, hash: u32) -> usize {
        let (mut at, floor) = (self.home(hash), floor(hash));
        let window = |at: usize| self.array.get(at..)?.first_chunk::<WINDOW>();
        // Those below come first, then a free one or those above. How many there are is
        // nothing that a branch could predict, so they are counted.
        while let Some(window) = window(at) {
            let below: usize = window
                .iter()
                .map(|&bucket| usize::from(is_below(bucket, floor)))
                .sum();
            at += below;
            if below < WINDOW {
                return at;
            }
        }
        self.seek_at_end(at, floor)
    }

    /// The same for less than a window.
    #[cold]
    #[inline(never)]
    fn seek_at_end(&self, at: usize, floor: u64) -> usize {
        let rest = self.array.get(at..).unwrap_or_default();
        at + rest
            .iter()
            .take_while(|&&bucket| is_below(bucket, floor))
            .count()
    }

    /// The first slot under `hash`, for a look-up that mostly succeeds: it guesses how far
    /// from home that stands, which for keys that come again and again is learnt.
    #[inline(always)]
    pub(super) fn near(&self, hash: u32) -> Option<Slot> {
        let (mut at, floor) = (self.home(hash), floor(hash));
        loop {
            let bucket = *self.array.get(at)?;
            if let Some(slot) = slot_in(bucket ^ floor) {
                return Some(slot);
            }
            if !is_below(bucket, floor) {
                return None;
            }
            at += 1;
        }
    }

    /// The slots under `hash`, in no particular order.
    #[inline]
    pub(super) fn candidates(&self, hash: u32) -> Candidates<'_> {
        Candidates::new(&self.array, self.seek(hash), hash)
    }

    /// Where this slot stands under this hash, if it does.
    #[inline]
    fn position(&self, hash: u32, slot: Slot) -> Option<usize> {
        let (mut at, wanted) = (self.home(hash), pack(hash, slot));
        while let Some(window) = self.array.get(at..)?.first_chunk::<WINDOW>() {
            let found = window.iter().enumerate();
            let found: u32 = found.map(|(i, &it)| u32::from(it == wanted) << i).sum();
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize);
            }
            at += WINDOW;
        }
        let rest = self.array[at..].iter().position(|&it| it == wanted)?;
        Some(at + rest)
    }

    /// Adds a slot that is not there yet.
    #[inline]
    pub(super) fn insert(&mut self, hash: u32, slot: Slot) {
        let mut at = self.seek(hash);
        self.len += 1;
        let mut carried = pack(hash, slot);
        let rest = self.array.get_mut(at..).unwrap_or_default();
        // How many make room for it is nothing that a branch could predict.
        if let Some(window) = rest.first_chunk_mut::<WINDOW>() {
            let mut moves = true;
            for bucket in window {
                let old = *bucket;
                *bucket = if moves { carried } else { old };
                moves &= old != FREE;
                carried = old;
            }
            if !moves {
                return;
            }
            at += WINDOW;
        }
        for bucket in self.array.get_mut(at..).unwrap_or_default() {
            std::mem::swap(bucket, &mut carried);
            if carried == FREE {
                return;
            }
        }
        self.append(carried);
    }

    /// Adds a bucket behind the last one, where there is no room left.
    #[cold]
    fn append(&mut self, bucket: u64) {
        let end = self.array.len();
        let room = end - self.homes().min(end);
        self.resize(end + room.max(WINDOW));
        self.array[end] = bucket;
    }

    fn resize(&mut self, len: usize) {
        let mut buckets = std::mem::take(&mut self.array).into_vec();
        if len > buckets.len() {
            buckets.reserve_exact(len - buckets.len());
        }
        buckets.resize(len, FREE);
        self.array = buckets.into_boxed_slice();
    }

    /// Takes a slot out. Says whether it was there.
    #[inline]
    pub(super) fn remove(&mut self, hash: u32, slot: Slot) -> bool {
        let Some(mut at) = self.position(hash, slot) else {
            return false;
        };
        self.len -= 1;
        let shift = self.shift;
        let is_at_home = |bucket: u64, at: usize| (hash_of(bucket) >> shift) as usize == at;
        let rest = self.array.get_mut(at..).unwrap_or_default();
        // As above.
        if let Some(window) = rest.first_chunk_mut::<{ WINDOW + 1 }>() {
            let (mut bucket, mut moves) = (window[0], true);
            for i in 0..WINDOW {
                let next = window[i + 1];
                let stays = (next == FREE) | is_at_home(next, at + i + 1);
                let new = if stays { FREE } else { next };
                window[i] = if moves { new } else { bucket };
                moves &= !stays;
                bucket = next;
            }
            if !moves {
                return true;
            }
            at += WINDOW;
        }
        while let Some([hole, next]) = self.array.get_mut(at..).and_then(<[u64]>::first_chunk_mut) {
            if *next == FREE || is_at_home(*next, at + 1) {
                break;
            }
            *hole = *next;
            at += 1;
        }
        self.array[at] = FREE;
        true
    }

    /// Puts one slot in the place of another. Says whether that was there.
    pub(super) fn relocate(&mut self, hash: u32, from: Slot, to: Slot) -> bool {
        let at = self.position(hash, from);
        if let Some(at) = at {
            self.array[at] = pack(hash, to);
        }
        at.is_some()
    }

    /// Adds all of these; each hash is as high as the one before, and none is lower
    /// than what is there.
    pub(super) fn extend(&mut self, from: impl Iterator<Item = (u32, Slot)>) {
        let mut next = self.end();
        for (hash, slot) in from {
            let at = next.max(self.home(hash));
            self.len += 1;
            match self.array.get_mut(at) {
                Some(bucket) => *bucket = pack(hash, slot),
                None => self.append(pack(hash, slot)),
            }
            next = at + 1;
        }
    }

    /// Behind the last bucket that is not free.
    fn end(&self) -> usize {
        if self.len == 0 {
            return 0;
        }
        let last = self.array.iter().rposition(|&bucket| bucket != FREE);
        last.map_or(0, |last| last + 1)
    }

    /// Moves what has its home at `first` or behind to other buckets; nothing has its
    /// home at `end` or behind. The last of a run is in nobody's way, so that what is
    /// left is in order.
    pub(super) fn move_tail(&mut self, first: usize, end: usize, to: &mut Buckets) {
        let shift = self.shift;
        let end = self.free_from(end);
        for bucket in self.array[first..end].iter_mut().rev() {
            if *bucket == FREE {
                continue;
            }
            if ((hash_of(*bucket) >> shift) as usize) < first {
                break;
            }
            let (hash, slot) = unpack(std::mem::replace(bucket, FREE));
            to.insert(hash, slot);
            self.len -= 1;
        }
    }

    /// Gives back what lies behind the last home below `homes`, but for some room.
    /// Nothing has its home beyond.
    pub(super) fn cut(&mut self, homes: usize) {
        let len = self.free_from(homes) + room(self.homes());
        if len < self.array.len() {
            self.resize(len);
        }
    }

    /// Where the run ends that reaches beyond the homes below `at`.
    fn free_from(&self, at: usize) -> usize {
        let run = self.array.get(at..).unwrap_or_default();
        at + run.iter().take_while(|&&bucket| bucket != FREE).count()
    }

    /// All of them, by hash.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        let used = self.array.iter().filter(|&&bucket| bucket != FREE);
        used.map(|&bucket| unpack(bucket))
    }
}

#[cfg(test)]
impl Buckets {
    pub(super) fn allocated(&self) -> usize {
        size_of_val(&*self.array)
    }

    /// Each bucket is where it belongs, between `first` and `end`.
    pub(super) fn validate(&self, homes: std::ops::Range<usize>) {
        let mut len = 0;
        let mut before = 0;
        for (at, &bucket) in self.array.iter().enumerate() {
            if bucket == FREE {
                continue;
            }
            let (hash, _) = unpack(bucket);
            let home = self.home(hash);
            assert!(homes.contains(&home), "a bucket in the wrong array");
            assert!(hash >= hash_of(before), "the buckets are out of order");
            assert!(home <= at, "a bucket before its home");
            assert!(
                self.array[home..at].iter().all(|&bucket| bucket != FREE),
                "a gap between a bucket and its home"
            );
            before = bucket;
            len += 1;
        }
        assert_eq!(self.len(), len, "buckets are lost");
    }
}

#[cfg(test)]
mod tests;
