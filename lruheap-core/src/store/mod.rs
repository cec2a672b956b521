//! The heart: entries by hash, in order of use, with deadlines.
//!
//! Single-threaded and deaf: no lock, no atomic, no clock, no thread, and no
//! user code. Keys are compared by the closure that the caller hands in, the
//! time is an argument, and whatever leaves the store is handed back to the
//! caller, who drops it when no lock is held.
//!
//! Entries lie densely in one `Vec`; a removal moves the last entry into the
//! gap. So there is no free list, nothing is allocated ahead of use, and
//! memory can be given back.

mod deadlines;
mod recency;
mod table;

use std::mem;

use deadlines::{Deadlines, Places};
use recency::{Link, Links, Recency, UNLINKED};
pub(crate) use table::Table;

use crate::time::Instant;

/// Where an entry lies. Good until the next removal.
pub(crate) type Slot = u32;

const NONE: Slot = Slot::MAX;

/// The most entries a store can hold: slots are 32 bits wide.
pub(crate) const MOST_ENTRIES: usize = (Slot::MAX - 1) as usize;

struct Entry<P> {
    link: Link,
    hash: u32,
    /// The entry's place among the deadlines, or `NONE`.
    timer: u32,
    payload: P,
}

struct Slab<P>(Vec<Entry<P>>);

impl<P> Links for Slab<P> {
    #[inline]
    fn link(&mut self, slot: Slot) -> &mut Link {
        &mut self.0[slot as usize].link
    }
}

impl<P> Places for Slab<P> {
    fn place(&mut self, slot: Slot) -> &mut u32 {
        &mut self.0[slot as usize].timer
    }
}

/// The entries of one cache. `P` is whatever the cache keeps for a key.
pub(crate) struct Store<P> {
    table: Table,
    slab: Slab<P>,
    recency: Recency,
    deadlines: Deadlines,
}

impl<P> Store<P> {
    pub(crate) fn new() -> Self {
        Store {
            table: Table::new(),
            slab: Slab(Vec::new()),
            recency: Recency::new(),
            deadlines: Deadlines::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.0.len()
    }

    /// Whether any entry has a deadline.
    #[cfg(test)]
    pub(crate) fn has_deadlines(&self) -> bool {
        !self.deadlines.is_empty()
    }

    /// The slots whose keys may be the one with this hash.
    #[inline]
    pub(crate) fn candidates(&self, hash: u32) -> impl Iterator<Item = Slot> + '_ {
        self.table.candidates(hash)
    }

    #[inline]
    pub(crate) fn payload(&self, slot: Slot) -> &P {
        &self.slab.0[slot as usize].payload
    }

    pub(crate) fn payload_mut(&mut self, slot: Slot) -> &mut P {
        &mut self.slab.0[slot as usize].payload
    }

    /// When the entry expires; `None` for never.
    #[inline]
    pub(crate) fn deadline(&self, slot: Slot) -> Option<Instant> {
        self.deadlines.at(self.slab.0[slot as usize].timer)
    }

    /// How far the deadline may be postponed.
    #[inline]
    pub(crate) fn end(&self, slot: Slot) -> Option<Instant> {
        self.deadlines.end(self.slab.0[slot as usize].timer)
    }

    #[inline]
    pub(crate) fn is_expired(&self, slot: Slot, now: Instant) -> bool {
        self.deadline(slot).is_some_and(|deadline| deadline <= now)
    }

    /// What an entry with a deadline cost to make, in seconds.
    pub(crate) fn cost(&self, slot: Slot) -> f32 {
        self.deadlines.cost(self.slab.0[slot as usize].timer)
    }

    pub(crate) fn set_cost(&mut self, slot: Slot, cost: f32) {
        self.deadlines
            .set_cost(self.slab.0[slot as usize].timer, cost);
    }

    /// How many entries can't be postponed beyond `by`. O(n).
    pub(crate) fn ending(&self, by: Instant) -> usize {
        self.deadlines.ending(by)
    }

    /// Makes the entry the most recently used one.
    #[inline]
    pub(crate) fn touch(&mut self, slot: Slot) {
        self.recency.touch(&mut self.slab, slot);
    }

    /// Adds an entry as the most recently used one.
    ///
    /// The caller has made sure that the key is absent and that there is room
    /// (`len() < MOST_ENTRIES`).
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn insert(&mut self, hash: u32, payload: P, deadline: Option<Instant>) -> Slot {
        debug_assert!(self.len() < MOST_ENTRIES);
        let slot = self.len() as Slot;
        self.slab.0.push(Entry {
            link: UNLINKED,
            hash,
            timer: NONE,
            payload,
        });
        self.table.insert(hash, slot);
        self.recency.push_newest(&mut self.slab, slot);
        self.deadlines.set(&mut self.slab, slot, deadline);
        slot
    }

    /// Moves an entry's deadline, not beyond the one that it was stored with.
    pub(crate) fn postpone(&mut self, slot: Slot, to: Instant) {
        self.deadlines.postpone(&mut self.slab, slot, to);
    }

    /// Puts another payload and deadline into an entry and touches it.
    pub(crate) fn replace(&mut self, slot: Slot, payload: P, deadline: Option<Instant>) -> P {
        self.touch(slot);
        self.deadlines.set(&mut self.slab, slot, deadline);
        mem::replace(&mut self.slab.0[slot as usize].payload, payload)
    }

    /// Puts another entry into a slot, as the most recently used one, and gives what
    /// was there: a removal and an insertion without anything else moving.
    pub(crate) fn reuse(
        &mut self,
        slot: Slot,
        hash: u32,
        payload: P,
        deadline: Option<Instant>,
    ) -> P {
        let old = mem::replace(&mut self.slab.0[slot as usize].hash, hash);
        self.table.remove(old, slot);
        self.table.insert(hash, slot);
        self.replace(slot, payload, deadline)
    }

    /// Takes an entry out. The last entry may move into its slot.
    pub(crate) fn remove(&mut self, slot: Slot) -> P {
        self.recency.unlink(&mut self.slab, slot);
        self.deadlines.remove(&mut self.slab, slot);
        let entry = self.slab.0.swap_remove(slot as usize);
        self.table.remove(entry.hash, slot);
        if let Some(moved) = self.slab.0.get(slot as usize) {
            #[allow(clippy::cast_possible_truncation)]
            let from = self.slab.0.len() as Slot;
            self.table.relocate(moved.hash, from, slot);
            self.recency.relocated(&mut self.slab, slot);
            self.deadlines.relocated(&mut self.slab, slot);
        }
        entry.payload
    }

    /// The least recently used entry, expired or not.
    pub(crate) fn oldest(&self) -> Option<Slot> {
        self.recency.oldest()
    }

    /// An entry whose deadline has passed, the longest expired one first.
    pub(crate) fn due(&self, now: Instant) -> Option<Slot> {
        self.deadlines.due(now)
    }

    /// The earliest deadline of all.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// All slots, the least recently used first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = Slot> + '_ {
        std::iter::successors(self.recency.oldest(), |&slot| {
            let newer = self.slab.0[slot as usize].link.newer;
            (newer != NONE).then_some(newer)
        })
    }

    /// What was kept, in no particular order.
    pub(crate) fn into_payloads(self) -> impl Iterator<Item = P> {
        self.slab.0.into_iter().map(|entry| entry.payload)
    }

    /// Gives back memory after many removals.
    pub(crate) fn shrink(&mut self) {
        let entries = &mut self.slab.0;
        if entries.len() < entries.capacity() / 4 {
            entries.shrink_to(entries.len() * 2);
        }
        self.table.shrink();
        self.deadlines.shrink();
    }

    /// Walks every invariant of the parts and between them.
    #[cfg(test)]
    pub(crate) fn validate(&self) {
        let len = self.len();
        assert_eq!(self.table.len(), len, "table and slab disagree");
        let mut seen = vec![false; len];
        for (hash, slot) in self.table.iter() {
            assert!(
                !mem::replace(&mut seen[slot as usize], true),
                "a slot is twice in the table"
            );
            assert_eq!(
                self.slab.0[slot as usize].hash, hash,
                "a bucket has another's hash"
            );
            assert!(
                self.candidates(hash).any(|s| s == slot),
                "an entry can't be found"
            );
        }
        let order: Vec<Slot> = self.in_order().take(len + 1).collect();
        assert_eq!(
            order.len(),
            len,
            "the recency list loses or repeats entries"
        );
        for pair in order.windows(2) {
            assert_eq!(
                self.slab.0[pair[1] as usize].link.older, pair[0],
                "a link is one-way"
            );
        }
        let timed = self
            .slab
            .0
            .iter()
            .filter(|entry| entry.timer != NONE)
            .count();
        assert_eq!(timed, self.deadlines.len(), "timers without entries");
        self.deadlines
            .validate(|slot| self.slab.0[slot as usize].timer);
    }
}

#[cfg(test)]
mod tests;
