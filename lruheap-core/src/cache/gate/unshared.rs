//! Gates of what one thread has to itself. There is nobody to wait for; but nobody is in
//! one twice either, as a global allocator that calls a cached function could be.
//!
//! A hit is noted in a log there as well where that pays: to write into a cell of its own
//! costs less than to move an entry within the order of all.

use std::cell::{RefCell, RefMut};

use super::super::touches::{MOST_ENTRIES, Room, Touches};
use super::watch::Calm;
use super::{Gate, Logged, Reader, Visitor};
use crate::store::Slot;

/// The gate of what one thread has to itself.
pub struct Unshared<T>(RefCell<Inside<T>>);

struct Inside<T> {
    state: T,
    /// Whether hits are noted in the log.
    is_open: bool,
    log: Touches,
    calm: Calm,
}

impl<T: Logged> Gate<T> for Unshared<T> {
    type Reader<'a>
        = Alone<'a, T>
    where
        Self: 'a;
    type Holder<'a>
        = Closed<'a, T>
    where
        Self: 'a;

    fn new(state: T, leans: bool) -> Self {
        Unshared(RefCell::new(Inside {
            state,
            is_open: false,
            log: Touches::default(),
            calm: Calm::new(leans),
        }))
    }

    #[inline]
    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R {
        let mut inside = self.0.borrow_mut();
        if inside.is_open {
            let hits = inside.take_up();
            inside.is_open = false;
            inside.calm.learn(hits);
        }
        let Inside { state, calm, .. } = &mut *inside;
        let (hits, writes) = (state.hits(), state.writes());
        let result = f(state, true);
        let is_calm = calm.sees(state.hits() != hits, state.writes() != writes);
        inside.is_open = is_calm && inside.state.entries() <= MOST_ENTRIES;
        result
    }

    fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut inside = self.0.borrow_mut();
        inside.take_up();
        f(&mut inside.state)
    }

    #[inline(always)]
    fn is_open(&self) -> bool {
        self.0.try_borrow().is_ok_and(|inside| inside.is_open)
    }

    #[inline(always)]
    fn read(&self) -> Option<Alone<'_, T>> {
        let inside = self.0.try_borrow_mut().ok()?;
        inside.is_open.then_some(Alone(inside))
    }

    #[inline(always)]
    fn read_at_once(&self) -> Option<Alone<'_, T>> {
        self.read()
    }

    #[inline(always)]
    fn hold_at_once(&self) -> Option<Closed<'_, T>> {
        let inside = self.0.try_borrow_mut().ok()?;
        // Who misses again and again is not to look twice.
        (!inside.is_open && inside.calm.hits > 0).then_some(Closed(inside))
    }
}

impl<T: Logged> Inside<T> {
    /// Takes up what is in the log, and says how many hits that were.
    #[cold]
    fn take_up(&mut self) -> u64 {
        let mut used = Vec::new();
        let hits = u64::from(self.log.hand_in(&mut used));
        self.state.take_up(hits, &used);
        hits
    }
}

/// The one who reads.
pub struct Alone<'a, T>(RefMut<'a, Inside<T>>);

impl<T: Logged> Visitor<T> for Alone<'_, T> {
    #[inline(always)]
    fn state(&self) -> &T {
        &self.0.state
    }

    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        self.0.log.note_at_once(slot)
    }
}

impl<T: Logged> Reader<T> for Alone<'_, T> {
    fn note(&mut self, slot: Slot) {
        if self.0.log.note(slot) == Room::Gone {
            self.0.take_up();
        }
    }
}

/// The one who looks while no log is kept.
pub struct Closed<'a, T>(RefMut<'a, Inside<T>>);

impl<T: Logged> Visitor<T> for Closed<'_, T> {
    #[inline(always)]
    fn state(&self) -> &T {
        &self.0.state
    }

    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        let Inside { state, calm, .. } = &mut *self.0;
        calm.sees_at_once(|| state.hit_at_once(slot))
    }
}

/// The same for one of many instances, each of which is to be small: no log.
pub struct Small<T> {
    state: RefCell<T>,
    leans: bool,
}

impl<T: Logged> Gate<T> for Small<T> {
    type Reader<'a>
        = RefMut<'a, T>
    where
        Self: 'a;
    type Holder<'a>
        = RefMut<'a, T>
    where
        Self: 'a;

    fn new(state: T, leans: bool) -> Self {
        let state = RefCell::new(state);
        Small { state, leans }
    }

    #[inline]
    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R {
        f(&mut self.state.borrow_mut(), true)
    }

    #[inline(always)]
    fn is_open(&self) -> bool {
        self.leans
    }

    #[inline(always)]
    fn read(&self) -> Option<RefMut<'_, T>> {
        let state = self.state.try_borrow_mut().ok()?;
        self.leans.then_some(state)
    }

    #[inline(always)]
    fn read_at_once(&self) -> Option<RefMut<'_, T>> {
        self.read()
    }

    #[inline(always)]
    fn hold_at_once(&self) -> Option<RefMut<'_, T>> {
        self.read()
    }
}

impl<T: Logged> Reader<T> for RefMut<'_, T> {
    fn note(&mut self, slot: Slot) {
        self.hit(slot);
    }
}

impl<T: Logged> Visitor<T> for RefMut<'_, T> {
    #[inline(always)]
    fn state(&self) -> &T {
        self
    }

    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        self.hit_at_once(slot)
    }
}
