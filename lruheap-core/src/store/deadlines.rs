//! When entries expire: what each has for a deadline, and a binary heap of them,
//! earliest on top.
//!
//! A look-up reads the deadline by slot, without going through the heap. Each entry
//! knows its place there, so that a deadline can be changed or withdrawn in
//! O(log n). One that is put off stays where it is until it comes first: what stands in the
//! heap is not after the deadline. A store without a ttl never allocates in here, and one with millions
//! of entries that gets its first has not to fill in those of the others.

use super::Slot;
use super::pages::Paged;
use super::times::{Time, Times};
use crate::time::Instant;

pub(super) struct Deadlines {
    times: Times,
    heap: Paged<(Instant, Slot)>,
}

impl Deadlines {
    pub(super) const fn new() -> Self {
        Deadlines {
            times: Times::new(),
            heap: Paged::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.len() == 0
    }

    /// The deadline of an entry; `None` for one that has none.
    #[inline]
    pub(super) fn at(&self, slot: Slot) -> Option<Instant> {
        self.times.get(slot).map(|time| time.deadline)
    }

    /// The same, or `NEVER`, if it lies in the first piece.
    #[inline(always)]
    pub(super) fn near(&self, slot: Slot) -> Option<Instant> {
        self.times.near(slot).map(|time| time.deadline)
    }

    #[inline]
    pub(super) fn end(&self, slot: Slot) -> Option<Instant> {
        self.times.get(slot).map(|time| time.end)
    }

    /// What the entry cost to make, in seconds; 0 for one without a deadline.
    pub(super) fn cost(&self, slot: Slot) -> f32 {
        self.times.get(slot).map_or(0.0, |time| time.cost)
    }

    pub(super) fn set_cost(&mut self, slot: Slot, cost: f32) {
        if let Some(time) = self.times.get_mut(slot) {
            time.cost = cost;
        }
    }

    /// How many may not be put off beyond `by`. O(n).
    pub(super) fn ending(&self, by: Instant) -> usize {
        let ends = self.heap.iter().filter_map(|&(_, slot)| self.end(slot));
        ends.filter(|&end| end <= by).count()
    }

    /// The entry that expires first, if its time has come; of those that only seem to come
    /// first, because they were put off, looks at so many. What is not found now is found
    /// later: each is looked at once for all the times that it was put off.
    pub(super) fn due(&mut self, now: Instant, looks: usize) -> Option<Slot> {
        for _ in 0..looks {
            let &(first, slot) = self.heap.get(0).filter(|(first, _)| *first <= now)?;
            let deadline = self.times.get(slot)?.deadline;
            if deadline == first {
                return Some(slot);
            }
            self.settle(0, (deadline, slot));
        }
        None
    }

    /// Not after the earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.get(0).map(|&(deadline, _)| deadline)
    }

    /// Gives `slot` this deadline in place of the one it had.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn set(&mut self, slot: Slot, deadline: Instant) {
        let place = self.times.get(slot).map(|time| time.place);
        let new = Time {
            deadline,
            end: deadline,
            cost: 0.0,
            // There are at most as many timers as slots, and a slot is a `u32`.
            place: place.unwrap_or(self.heap.len() as u32),
        };
        self.times.set(slot, new);
        if place.is_none() {
            self.heap.push((deadline, slot));
        }
        self.settle(new.place as usize, (deadline, slot));
    }

    /// Moves a deadline, not beyond what was `set` last. One that is put off keeps its place
    /// in the heap for now, so that this is all that a hit pays.
    pub(super) fn postpone(&mut self, slot: Slot, to: Instant) {
        let Some(time) = self.times.get_mut(slot) else {
            return;
        };
        let deadline = to.min(time.end);
        let is_put_off = deadline >= time.deadline;
        time.deadline = deadline;
        if !is_put_off {
            let place = time.place as usize;
            self.settle(place, (deadline, slot));
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(Time { place, .. }) = self.times.take(slot) else {
            return;
        };
        let last = self.heap.pop().expect("it has a place there");
        if (place as usize) < self.heap.len() {
            self.settle(place as usize, last);
        }
    }

    /// The last entry, in slot `from`, moves to `to`, or has gone if that is its slot.
    pub(super) fn relocate(&mut self, from: Slot, to: Slot) {
        if let Some(time) = self.times.take(from) {
            if let Some(timer) = self.heap.get_mut(time.place as usize) {
                timer.1 = to;
            }
            self.times.set(to, time);
        }
    }

    /// There are that many entries left.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.times.truncate(len);
    }

    pub(super) fn shrink(&mut self, len: usize) {
        if self.is_empty() {
            *self = Deadlines::new();
        } else {
            self.times.shrink(len);
            self.heap.shrink();
        }
    }

    /// Puts a timer where it belongs, beginning at `place`, where there may be another.
    fn settle(&mut self, mut place: usize, timer: (Instant, Slot)) {
        while let Some(parent) = place.checked_sub(1).map(|before| before / 2) {
            match self.heap.get(parent) {
                Some(&above) if above.0 > timer.0 => self.put(place, above),
                _ => break,
            }
            place = parent;
        }
        loop {
            let deadline = |child: usize| self.heap.get(child).map(|child| child.0);
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let child = match (deadline(left), deadline(right)) {
                (Some(first), Some(second)) if second < first => right,
                _ => left,
            };
            match self.heap.get(child) {
                Some(&below) if below.0 < timer.0 => self.put(place, below),
                _ => break,
            }
            place = child;
        }
        self.put(place, timer);
    }

    #[allow(clippy::cast_possible_truncation)]
    fn put(&mut self, place: usize, timer: (Instant, Slot)) {
        if let Some(time) = self.times.get_mut(timer.1) {
            time.place = place as u32;
        }
        if let Some(at) = self.heap.get_mut(place) {
            *at = timer;
        }
    }

    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        self.times.allocated() + self.heap.allocated()
    }

    #[cfg(test)]
    pub(super) fn validate(&self, len: usize) {
        for (place, &(deadline, slot)) in self.heap.iter().enumerate() {
            assert!((slot as usize) < len, "a timer without an entry");
            let time = self.times.get(slot).expect("a timer's entry has a time");
            assert_eq!(time.place as usize, place, "a time points elsewhere");
            assert!(deadline <= time.deadline, "it is looked for too late");
            assert!(time.deadline <= time.end, "put off too far");
            let parent = self.heap.get(place.saturating_sub(1) / 2);
            let parent = parent.expect("a timer has one above it");
            assert!(parent.0 <= deadline, "the heap is out of order");
        }
        assert_eq!(self.times.iter().count(), self.heap.len());
    }
}
