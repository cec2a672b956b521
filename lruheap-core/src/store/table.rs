//! The hash table: from a hash to the slots of the entries that have it.
//!
//! A bucket holds 32 bits of hash and a slot number, nothing else: keys are
//! compared by whoever asks, so no user code ever runs in here, and neither
//! growth nor eviction asks for a key's hash again.
//!
//! A small table grows at once. A large one has two arrays of buckets while it grows,
//! and each insertion moves a few homes to the new one, the last homes first: so the
//! home of a hash tells which of the two it is in, and what has been left of the old
//! array is given back on the way.

use super::Slot;
use super::bucket::Candidates;
use super::buckets::Buckets;

/// What may be moved in one go: no longer than a few microseconds. Tests are to get
/// into the middle of growth soon.
const AT_ONCE: usize = if cfg!(test) { 256 } else { 4096 };

/// How many homes each insertion moves.
const STEP: usize = 16;

/// After how many homes the memory behind them is given back: a quarter of a
/// megabyte.
const CUT: usize = 1 << 15;

/// Slots by hash. Several slots may share one hash.
pub(crate) struct Table {
    buckets: Buckets,
    growth: Option<Box<Growth>>,
}

/// What has not been moved yet.
struct Growth {
    old: Buckets,
    /// The homes below are still in use; what belonged to the others is in the new array.
    frontier: usize,
}

impl Growth {
    #[inline]
    fn has(&self, hash: u32) -> bool {
        self.old.home(hash) < self.frontier
    }

    /// Moves some homes. Says whether that were the last.
    fn step(&mut self, to: &mut Buckets) -> bool {
        let end = self.frontier;
        self.frontier = end.saturating_sub(STEP);
        self.old.move_tail(self.frontier, end, to);
        // To free a large array takes milliseconds: it goes back by and by.
        if self.frontier % CUT == 0 {
            self.old.cut(self.frontier);
        }
        self.frontier == 0
    }
}

impl Table {
    pub(crate) fn new() -> Self {
        Table {
            buckets: Buckets::default(),
            growth: None,
        }
    }

    fn len(&self) -> usize {
        self.buckets.len() + self.growth.as_ref().map_or(0, |growth| growth.old.len())
    }

    /// The slots stored under `hash`, in no particular order.
    #[inline]
    pub(crate) fn candidates(&self, hash: u32) -> Candidates<'_> {
        self.buckets_under(hash).candidates(hash)
    }

    /// The first of them, if there is one.
    #[inline(always)]
    pub(crate) fn near(&self, hash: u32) -> Option<Slot> {
        self.buckets_under(hash).near(hash)
    }

    /// Where the slots under `hash` are.
    #[inline(always)]
    fn buckets_under(&self, hash: u32) -> &Buckets {
        match &self.growth {
            Some(growth) if growth.has(hash) => &growth.old,
            _ => &self.buckets,
        }
    }

    /// The same, to change them.
    #[inline]
    fn buckets_of(&mut self, hash: u32) -> &mut Buckets {
        match &mut self.growth {
            Some(growth) if growth.has(hash) => &mut growth.old,
            _ => &mut self.buckets,
        }
    }

    /// Adds `slot` under `hash`. The slot must not be in the table yet.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u32, slot: Slot) {
        if self.growth.is_some() || self.buckets.is_full() {
            self.grow();
        }
        self.buckets_of(hash).insert(hash, slot);
    }

    /// Takes `slot`, which was inserted under `hash`, out again.
    #[inline]
    pub(crate) fn remove(&mut self, hash: u32, slot: Slot) {
        let was_there = self.buckets_of(hash).remove(hash, slot);
        debug_assert!(was_there, "slot {slot} is not in the table");
    }

    /// The entry that was in slot `from` now lives in slot `to`.
    pub(super) fn relocate(&mut self, hash: u32, from: Slot, to: Slot) {
        let was_there = self.buckets_of(hash).relocate(hash, from, to);
        debug_assert!(was_there, "slot {from} is not in the table");
    }

    /// Begins to grow, or goes on with it.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.growth.is_none() {
            let new = self.buckets.doubled();
            let old = std::mem::replace(&mut self.buckets, new);
            if old.homes() <= AT_ONCE {
                self.buckets.extend(old.iter());
                return;
            }
            let frontier = old.homes();
            self.growth = Some(Box::new(Growth { old, frontier }));
        }
        let growth = self.growth.as_mut();
        if growth.is_some_and(|growth| growth.step(&mut self.buckets)) {
            self.growth = None;
        }
    }

    /// Gives memory back once the table is far larger than what it holds.
    pub(crate) fn shrink(&mut self) {
        let len = self.len();
        if len == 0 {
            *self = Table::new();
        } else if len < self.buckets.homes() / 8 {
            let mut fewer = Buckets::for_len(len);
            // The homes that were not moved are the lower ones.
            let old = self.growth.take();
            fewer.extend(old.iter().flat_map(|growth| growth.old.iter()));
            fewer.extend(self.buckets.iter());
            self.buckets = fewer;
        }
    }
}

#[cfg(test)]
impl Table {
    pub(super) fn is_growing(&self) -> bool {
        self.growth.is_some()
    }

    pub(super) fn allocated(&self) -> usize {
        let old = self.growth.as_ref();
        self.buckets.allocated()
            + old.map_or(0, |growth| size_of::<Growth>() + growth.old.allocated())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Slot)> + '_ {
        let old = self.growth.iter().flat_map(|growth| growth.old.iter());
        old.chain(self.buckets.iter())
    }

    pub(super) fn validate(&self) {
        let mut first = 0;
        if let Some(growth) = &self.growth {
            assert!((1..growth.old.homes()).contains(&growth.frontier));
            growth.old.validate(0..growth.frontier);
            assert_eq!(growth.old.homes() * 2, self.buckets.homes());
            first = growth.frontier * 2;
        }
        self.buckets.validate(first..self.buckets.homes());
    }
}

#[cfg(test)]
mod tests;
