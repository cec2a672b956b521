//! The numbers that are watched at every hit, for stores that send word of what others
//! invalidate, or are asked for it: in the memory of this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::backend::{BLIND, Name};

/// One number for each name, which lives as long as the process: a name is one of a
/// function of the program, so there are few.
#[derive(Default)]
pub(crate) struct Cells {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// With the number of each: it goes on while nothing is known.
    cells: HashMap<Name, (&'static AtomicU64, u64)>,
    is_blind: bool,
}

impl Cells {
    /// Of a store that is not connected yet.
    #[cfg_attr(not(any(feature = "redis", feature = "memcached")), allow(dead_code))]
    pub(crate) fn blind() -> Self {
        let cells = Cells::default();
        cells.state.lock().is_blind = true;
        cells
    }

    /// The number of this name.
    pub(crate) fn watch(&self, name: Name) -> &'static AtomicU64 {
        let mut state = self.state.lock();
        let first = if state.is_blind { BLIND } else { 0 };
        let cell = state.cells.entry(name);
        let new = || (&*Box::leak(Box::new(AtomicU64::new(first))), 0);
        cell.or_insert_with(new).0
    }

    /// Adds one to the number of this name; gives the one that was there.
    pub(crate) fn change(&self, name: Name) -> u64 {
        let cell = self.watch(name);
        let mut state = self.state.lock();
        let is_blind = state.is_blind;
        let before = cell.load(Ordering::Acquire);
        if let Some((_, number)) = state.cells.get_mut(&name) {
            *number += 1;
            if !is_blind {
                cell.store(*number, Ordering::Release);
            }
        }
        before
    }

    /// Nothing is known from here on, until it is [`restored`](Self::restore).
    #[cfg_attr(not(any(feature = "redis", feature = "memcached")), allow(dead_code))]
    pub(crate) fn lose(&self) {
        let mut state = self.state.lock();
        state.is_blind = true;
        for (cell, _) in state.cells.values() {
            cell.store(BLIND, Ordering::Release);
        }
    }

    /// All is known again; whatever may have been missed counts as changed.
    #[cfg_attr(not(any(feature = "redis", feature = "memcached")), allow(dead_code))]
    pub(crate) fn restore(&self) {
        let mut state = self.state.lock();
        state.is_blind = false;
        for (cell, number) in state.cells.values_mut() {
            *number += 1;
            cell.store(*number, Ordering::Release);
        }
    }

    /// All is known again, and what was missed as well: that was [changed](Self::change)
    /// before this. The rest has the number that it had.
    #[cfg_attr(not(feature = "memcached"), allow(dead_code))]
    pub(crate) fn resume(&self) {
        let mut state = self.state.lock();
        state.is_blind = false;
        for (cell, number) in state.cells.values() {
            cell.store(*number, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &AtomicU64) -> u64 {
        cell.load(Ordering::Acquire)
    }

    #[test]
    fn a_number_changes_for_its_name_alone() {
        let cells = Cells::default();
        let (a, b) = (cells.watch(Name(1)), cells.watch(Name(2)));
        let before = (read(a), read(b));
        assert_eq!(cells.change(Name(1)), before.0);
        assert_ne!(read(a), before.0);
        assert_eq!(read(b), before.1);
        assert!(std::ptr::eq(a, cells.watch(Name(1))));
    }

    #[test]
    fn while_nothing_is_known_no_number_is_to_be_trusted_and_none_comes_back() {
        let cells = Cells::blind();
        let a = cells.watch(Name(1));
        assert_eq!(read(a), BLIND);
        cells.restore();
        let first = read(a);
        assert_ne!(first, BLIND);
        cells.lose();
        assert_eq!(read(a), BLIND);
        cells.change(Name(1));
        assert_eq!(read(a), BLIND);
        assert_eq!(read(cells.watch(Name(2))), BLIND);
        cells.restore();
        assert!(read(a) > first);
        assert_ne!(read(cells.watch(Name(3))), BLIND);
    }
    #[test]
    fn where_it_is_known_what_was_missed_the_rest_keeps_its_number() {
        let cells = Cells::default();
        let (a, b) = (cells.watch(Name(1)), cells.watch(Name(2)));
        let before = (read(a), read(b));
        cells.lose();
        cells.change(Name(2));
        assert_eq!((read(a), read(b)), (BLIND, BLIND));
        cells.resume();
        assert_eq!(read(a), before.0);
        assert!(read(b) > before.1);
    }
}
