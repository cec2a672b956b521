//! The heart: entries by hash, in order of use, with deadlines.
//!
//! Single-threaded and deaf: no lock, no atomic, no clock, no thread, and no
//! user code. Keys are compared by the closure that the caller hands in, the
//! time is an argument, and whatever leaves the store is handed back to the
//! caller, who drops it when no lock is held.
//!
//! Entries lie densely; a removal moves the last entry into the gap. So there is no
//! free list, nothing is allocated ahead of use, and memory can be given back. What a
//! look-up reads lies apart from what a touch writes, and nothing large is ever moved
//! or filled in one go.
//!
//! Whoever has it as `&Store` may look up from several threads at once; the order of
//! use changes under `&mut` only.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

mod bucket;
mod buckets;
mod deadlines;
mod pages;
mod recency;
mod slab;
mod table;
mod times;

use std::mem;

use recency::Links;
use slab::Slab;
pub(crate) use table::Table;

use crate::time::Instant;

/// Where an entry lies. Good until the next removal.
pub(crate) type Slot = u32;

/// The most entries a store can hold: slots are 32 bits wide.
pub(crate) const MOST_ENTRIES: usize = (Slot::MAX - 1) as usize;

/// The entries of one cache. `P` is whatever the cache keeps for a key.
pub(crate) struct Store<P> {
    table: Table,
    slab: Slab<P>,
}

impl<P> Store<P> {
    pub(crate) fn new() -> Self {
        Store {
            table: Table::new(),
            slab: Slab::new(),
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether any entry has a deadline.
    #[cfg(test)]
    pub(crate) fn has_deadlines(&self) -> bool {
        self.slab.deadlines().is_some_and(|all| !all.is_empty())
    }

    /// The slots whose keys may be the one with this hash.
    #[inline]
    pub(crate) fn candidates(&self, hash: u32) -> impl Iterator<Item = Slot> + '_ {
        self.table.candidates(hash)
    }

    /// The first of them, for less; where it is not the wanted one, there may be others.
    #[inline(always)]
    pub(crate) fn near(&self, hash: u32) -> Option<Slot> {
        self.table.near(hash)
    }

    #[inline]
    pub(crate) fn payload(&self, slot: Slot) -> &P {
        self.slab.payload(slot)
    }

    /// The same, if it lies among the first.
    #[inline(always)]
    pub(crate) fn payload_at_once(&self, slot: Slot) -> Option<&P> {
        self.slab.near(slot)
    }

    /// Whether none lies there: they have gone to pages, or there are none.
    #[inline(always)]
    pub(crate) fn is_far(&self) -> bool {
        self.slab.is_far()
    }

    /// Whether entries may have deadlines.
    #[inline(always)]
    pub(crate) fn may_expire(&self) -> bool {
        self.slab.deadlines().is_some()
    }

    pub(crate) fn payload_mut(&mut self, slot: Slot) -> &mut P {
        self.slab.payload_mut(slot)
    }

    /// When the entry expires; `None` for never.
    #[inline]
    pub(crate) fn deadline(&self, slot: Slot) -> Option<Instant> {
        self.slab.deadlines()?.at(slot)
    }

    /// The same, or `NEVER` where it has none, if it lies among the first.
    #[inline(always)]
    pub(crate) fn deadline_at_once(&self, slot: Slot) -> Option<Instant> {
        self.slab.deadlines()?.near(slot)
    }

    /// How far the deadline may be postponed.
    #[inline]
    pub(crate) fn end(&self, slot: Slot) -> Option<Instant> {
        self.slab.deadlines()?.end(slot)
    }

    #[inline]
    pub(crate) fn is_expired(&self, slot: Slot, now: Instant) -> bool {
        self.deadline(slot).is_some_and(|deadline| deadline <= now)
    }

    /// What an entry with a deadline cost to make, in seconds.
    pub(crate) fn cost(&self, slot: Slot) -> f32 {
        self.slab.deadlines().map_or(0.0, |all| all.cost(slot))
    }

    pub(crate) fn set_cost(&mut self, slot: Slot, cost: f32) {
        if let Some(deadlines) = self.slab.deadlines_mut() {
            deadlines.set_cost(slot, cost);
        }
    }

    /// How many entries can't be postponed beyond `by`. O(n).
    pub(crate) fn ending(&self, by: Instant) -> usize {
        self.slab.deadlines().map_or(0, |all| all.ending(by))
    }

    /// Makes the entry the most recently used one.
    #[inline]
    pub(crate) fn touch(&mut self, slot: Slot) {
        debug_assert!((slot as usize) < self.len(), "no entry is at {slot}");
        recency::touch(&mut self.slab, link(slot));
    }

    /// The same, if all that it takes lies in the first piece. Says whether it has.
    #[inline(always)]
    pub(crate) fn touch_at_once(&mut self, slot: Slot) -> bool {
        recency::touch_near(self.slab.near_metas(), link(slot)).is_some()
    }

    /// The same for a slot that was an entry's some time ago. Whatever is there now is
    /// touched, and nothing where nothing is.
    #[inline]
    pub(crate) fn touch_known(&mut self, slot: Slot) {
        if (slot as usize) < self.len() {
            self.touch(slot);
        }
    }

    /// Adds an entry as the most recently used one.
    ///
    /// The caller has made sure that the key is absent and that there is room
    /// (`len() < MOST_ENTRIES`).
    #[allow(clippy::cast_possible_truncation)]
    #[inline(always)]
    pub(crate) fn insert(&mut self, hash: u32, payload: P, deadline: Option<Instant>) -> Slot {
        debug_assert!(self.len() < MOST_ENTRIES);
        let slot = self.len() as Slot;
        self.slab.push(hash, payload);
        self.table.insert(hash, slot);
        recency::link_newest(&mut self.slab, link(slot));
        if let Some(deadline) = deadline {
            self.slab.deadlines_to_be().set(slot, deadline);
        }
        slot
    }

    /// Moves an entry's deadline, not beyond the one that it was stored with.
    pub(crate) fn postpone(&mut self, slot: Slot, to: Instant) {
        if let Some(deadlines) = self.slab.deadlines_mut() {
            deadlines.postpone(slot, to);
        }
    }

    /// Puts another payload and deadline into an entry and touches it.
    pub(crate) fn replace(&mut self, slot: Slot, payload: P, deadline: Option<Instant>) -> P {
        self.touch(slot);
        self.put(slot, deadline, || payload)
    }

    /// The payload is made when nothing is left to be done but to put it there: before, it
    /// would be made in one place and copied to another.
    #[inline(always)]
    fn put(&mut self, slot: Slot, deadline: Option<Instant>, payload: impl FnOnce() -> P) -> P {
        match deadline {
            Some(deadline) => self.slab.deadlines_to_be().set(slot, deadline),
            None => {
                if let Some(deadlines) = self.slab.deadlines_mut() {
                    deadlines.remove(slot);
                }
            }
        }
        let place = self.payload_mut(slot);
        mem::replace(place, payload())
    }

    /// Puts another entry into a slot, as the most recently used one, and gives what
    /// was there: a removal and an insertion without anything else moving.
    #[inline(always)]
    pub(crate) fn reuse(
        &mut self,
        slot: Slot,
        hash: u32,
        deadline: Option<Instant>,
        payload: impl FnOnce() -> P,
    ) -> P {
        let old = mem::replace(&mut self.slab.meta_mut(link(slot)).hash, hash);
        self.table.remove(old, slot);
        self.table.insert(hash, slot);
        self.touch(slot);
        self.put(slot, deadline, payload)
    }

    /// Takes an entry out. The last entry may move into its slot.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn remove(&mut self, slot: Slot) -> P {
        let last = (self.len() - 1) as Slot;
        recency::unlink(&mut self.slab, link(slot));
        self.table.remove(self.slab.meta(link(slot)).hash, slot);
        if slot != last {
            let moved = self.slab.meta(link(last)).hash;
            self.table.relocate(moved, last, slot);
            recency::relocate(&mut self.slab, link(last), link(slot));
        }
        if let Some(deadlines) = self.slab.deadlines_mut() {
            deadlines.remove(slot);
            deadlines.relocate(last, slot);
            deadlines.truncate(last as usize);
        }
        self.slab.swap_remove(slot)
    }

    /// The least recently used entry, expired or not.
    #[inline]
    pub(crate) fn oldest(&self) -> Option<Slot> {
        self.slab.sentinel()?.newer.checked_sub(1)
    }

    /// The most recently used entry, expired or not.
    #[cfg(test)]
    pub(crate) fn newest(&self) -> Option<Slot> {
        self.slab.sentinel()?.older.checked_sub(1)
    }

    /// An entry whose deadline has passed, the longest expired one first.
    pub(crate) fn due(&mut self, now: Instant, looks: usize) -> Option<Slot> {
        self.slab.deadlines_mut()?.due(now, looks)
    }

    /// The earliest deadline of all.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.slab.deadlines()?.next()
    }

    /// All slots, the least recently used first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = Slot> + '_ {
        std::iter::successors(self.oldest(), |&slot| {
            self.slab.meta(link(slot)).newer.checked_sub(1)
        })
    }

    /// What was kept, in no particular order.
    pub(crate) fn into_payloads(self) -> impl Iterator<Item = P> {
        self.slab.into_payloads()
    }

    /// Gives back memory after many removals.
    pub(crate) fn shrink(&mut self) {
        self.table.shrink();
        self.slab.shrink();
    }
}

/// The slot's place in the order of use, where 0 is nobody's.
#[inline]
fn link(slot: Slot) -> u32 {
    slot.wrapping_add(1)
}

#[cfg(test)]
impl<P> Store<P> {
    /// The bytes that it has asked for, used or not.
    pub(crate) fn allocated(&self) -> usize {
        self.table.allocated() + self.slab.allocated()
    }

    fn hash(&self, slot: Slot) -> u32 {
        self.slab.meta(link(slot)).hash
    }

    /// Walks every invariant of the parts and between them.
    pub(crate) fn validate(&self) {
        let len = self.len();
        self.table.validate();
        self.slab.validate();
        let mut seen = vec![false; len];
        for (hash, slot) in self.table.iter() {
            assert!(
                !mem::replace(&mut seen[slot as usize], true),
                "a slot is twice in the table"
            );
            assert_eq!(self.hash(slot), hash, "a bucket has another's hash");
            assert!(
                self.candidates(hash).any(|s| s == slot),
                "an entry can't be found"
            );
        }
        assert!(seen.iter().all(|seen| *seen), "a slot is not in the table");
        let order: Vec<Slot> = self.in_order().take(len + 1).collect();
        assert_eq!(
            order.len(),
            len,
            "the order of use loses or repeats entries"
        );
        let mut before = recency::END;
        for slot in order {
            let meta = self.slab.meta(link(slot));
            assert_eq!(meta.older, before, "a link is one-way");
            before = link(slot);
        }
        assert_eq!(
            self.newest().map_or(recency::END, link),
            before,
            "the ring is open"
        );
        if let Some(deadlines) = self.slab.deadlines() {
            deadlines.validate(len);
        }
    }
}

#[cfg(test)]
mod tests;
