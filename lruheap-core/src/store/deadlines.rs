//! When entries expire: a binary heap of deadlines, earliest on top.
//!
//! Each entry knows its place in the heap, so that a deadline can be changed
//! or withdrawn in O(log n). Entries without a deadline are not in here, and a
//! cache without a ttl never allocates one.

use super::{NONE, Slot};
use crate::time::Instant;

/// Something that keeps, for every slot, its place in the heap.
pub(super) trait Places {
    fn place(&mut self, slot: Slot) -> &mut u32;
}

#[derive(Clone, Copy)]
struct Timer {
    deadline: Instant,
    /// How far the deadline may be put off.
    end: Instant,
    slot: Slot,
    /// What the entry cost to make, in seconds.
    cost: f32,
}

pub(super) struct Deadlines {
    heap: Vec<Timer>,
}

impl Deadlines {
    pub(super) const fn new() -> Self {
        Deadlines { heap: Vec::new() }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The deadline kept at `place`; `None` for an entry that has none.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<Instant> {
        self.heap.get(place as usize).map(|timer| timer.deadline)
    }

    pub(super) fn end(&self, place: u32) -> Option<Instant> {
        self.heap.get(place as usize).map(|timer| timer.end)
    }

    /// What the entry cost to make, in seconds; 0 for one without a deadline.
    pub(super) fn cost(&self, place: u32) -> f32 {
        self.heap
            .get(place as usize)
            .map_or(0.0, |timer| timer.cost)
    }

    pub(super) fn set_cost(&mut self, place: u32, cost: f32) {
        if let Some(timer) = self.heap.get_mut(place as usize) {
            timer.cost = cost;
        }
    }

    /// How many may not be put off beyond `by`. O(n).
    pub(super) fn ending(&self, by: Instant) -> usize {
        self.heap.iter().filter(|timer| timer.end <= by).count()
    }

    /// The entry that expires first, if its time has come.
    pub(super) fn due(&self, now: Instant) -> Option<Slot> {
        self.heap
            .first()
            .filter(|timer| timer.deadline <= now)
            .map(|timer| timer.slot)
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|timer| timer.deadline)
    }

    /// Gives `slot` this deadline in place of the one it had.
    #[inline]
    pub(super) fn set(&mut self, places: &mut impl Places, slot: Slot, deadline: Option<Instant>) {
        if *places.place(slot) != NONE || deadline.is_some() {
            self.change(places, slot, deadline);
        }
    }

    fn change(&mut self, places: &mut impl Places, slot: Slot, deadline: Option<Instant>) {
        let place = *places.place(slot);
        match (place, deadline) {
            (_, None) => self.remove(places, slot),
            (NONE, Some(deadline)) => {
                self.heap.push(Timer {
                    deadline,
                    end: deadline,
                    slot,
                    cost: 0.0,
                });
                self.rise(places, self.heap.len() - 1);
            }
            (place, Some(deadline)) => {
                let place = place as usize;
                self.heap[place].deadline = deadline;
                self.heap[place].end = deadline;
                self.heap[place].cost = 0.0;
                self.settle(places, place);
            }
        }
    }

    /// Moves a deadline, not beyond what was `set` last.
    pub(super) fn postpone(&mut self, places: &mut impl Places, slot: Slot, to: Instant) {
        let place = *places.place(slot) as usize;
        let Some(timer) = self.heap.get_mut(place) else {
            return;
        };
        let deadline = to.min(timer.end);
        if deadline != timer.deadline {
            timer.deadline = deadline;
            self.settle(places, place);
        }
    }

    pub(super) fn remove(&mut self, places: &mut impl Places, slot: Slot) {
        let place = std::mem::replace(places.place(slot), NONE);
        if place == NONE {
            return;
        }
        let place = place as usize;
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.settle(places, place);
        }
    }

    /// The entry has moved from another slot to `slot`.
    pub(super) fn relocated(&mut self, places: &mut impl Places, slot: Slot) {
        let place = *places.place(slot);
        if place != NONE {
            self.heap[place as usize].slot = slot;
        }
    }

    pub(super) fn shrink(&mut self) {
        if self.heap.len() < self.heap.capacity() / 4 {
            self.heap.shrink_to(self.heap.len() * 2);
        }
    }

    fn settle(&mut self, places: &mut impl Places, place: usize) {
        let risen = self.rise(places, place);
        self.sink(places, risen);
    }

    fn rise(&mut self, places: &mut impl Places, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].deadline <= self.heap[place].deadline {
                break;
            }
            self.swap(places, parent, place);
            place = parent;
        }
        self.note(places, place);
        place
    }

    fn sink(&mut self, places: &mut impl Places, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut first = place;
            for child in [left, right] {
                if child < self.heap.len() && self.heap[child].deadline < self.heap[first].deadline
                {
                    first = child;
                }
            }
            if first == place {
                break;
            }
            self.swap(places, first, place);
            place = first;
        }
        self.note(places, place);
    }

    fn swap(&mut self, places: &mut impl Places, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.note(places, a);
        self.note(places, b);
    }

    /// There are at most as many timers as slots, and a slot is a `u32`.
    #[allow(clippy::cast_possible_truncation)]
    fn note(&mut self, places: &mut impl Places, place: usize) {
        *places.place(self.heap[place].slot) = place as u32;
    }

    #[cfg(test)]
    pub(super) fn validate(&self, mut place_of: impl FnMut(Slot) -> u32) {
        for (place, timer) in self.heap.iter().enumerate() {
            assert_eq!(
                place_of(timer.slot) as usize,
                place,
                "a timer's entry points elsewhere"
            );
            assert!(timer.deadline <= timer.end, "put off too far");
            let parent = &self.heap[place.saturating_sub(1) / 2];
            assert!(
                parent.deadline <= timer.deadline,
                "the heap is out of order"
            );
        }
    }
}
