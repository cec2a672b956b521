//! What wakes the sweeper: a deadline that is earlier than the one it sleeps for.
//!
//! Whoever stores an entry with a deadline notes it here once the gate is free
//! again: one relaxed load, while nobody sweeps.

use std::time::Duration;

#[cfg(not(loom))]
use parking_lot::{Condvar, Mutex};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(loom)]
use crate::leading::modelled::{Condvar, Mutex};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

use crate::time::{Clock, Instant};

/// Deadlines earlier than this one wake the sleeper; 0 while there is none, and
/// the end of time while it looks for the next one.
#[cfg(not(loom))]
static EARLIEST: AtomicU64 = AtomicU64::new(0);

#[cfg(not(loom))]
static STATE: Mutex<State> = Mutex::new(State::new());

#[cfg(not(loom))]
static WAKE: Condvar = Condvar::new();

#[cfg(loom)]
loom::lazy_static! {
    static ref EARLIEST: AtomicU64 = AtomicU64::new(0);
    static ref STATE: Mutex<State> = Mutex::new(State::new());
    static ref WAKE: Condvar = Condvar::new();
}

struct State {
    /// Something has happened since the sleeper began to look, for which it has to
    /// look again.
    changed: bool,
    /// The earliest deadline that was noted since then: it need not look for that.
    noted: Option<Instant>,
    /// The watch that is on.
    watch: Option<Watch>,
    /// How many there have been.
    watches: u64,
}

impl State {
    const fn new() -> Self {
        State {
            changed: false,
            noted: None,
            watch: None,
            watches: 0,
        }
    }
}

/// The name of a watch: one that is not on any more ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watch(u64);

/// An entry with this deadline has been stored.
#[inline]
pub(crate) fn note(deadline: Instant) {
    // The gate of the entry's cache orders this with the sleeper: if it looked at
    // the cache before, its `EARLIEST` is seen here; if after, it saw the entry.
    if deadline.nanoseconds() < EARLIEST.load(Ordering::Relaxed) {
        keep_in_mind(deadline);
    }
}

#[cold]
fn keep_in_mind(deadline: Instant) {
    let mut state = STATE.lock();
    // From here on later ones pass by, also while the sleeper is looking: a busy cache
    // neither waits here nor keeps it busy.
    if deadline.nanoseconds() < EARLIEST.load(Ordering::Relaxed) {
        EARLIEST.store(deadline.nanoseconds(), Ordering::Relaxed);
        state.noted = Some(deadline);
        WAKE.notify_all();
    }
}

/// Time has been moved, or there is something else to look at.
#[cold]
pub(crate) fn wake() {
    STATE.lock().changed = true;
    WAKE.notify_all();
}

/// Begins a watch, and ends the one that may be on.
pub(crate) fn begin() -> Watch {
    let mut state = STATE.lock();
    state.watches += 1;
    let watch = Watch(state.watches);
    state.watch = Some(watch);
    WAKE.notify_all();
    watch
}

/// Ends a watch.
pub(crate) fn end(watch: Watch) {
    let mut state = STATE.lock();
    if state.watch == Some(watch) {
        state.watch = None;
        EARLIEST.store(0, Ordering::Relaxed);
        WAKE.notify_all();
    }
}

/// Calls `look` and sleeps until the deadline that it gives, or an earlier one, has
/// come; again and again, while the watch is on.
pub(crate) fn keep(watch: Watch, mut look: impl FnMut() -> Option<Instant>) {
    let clock = Clock::default();
    loop {
        {
            let mut state = STATE.lock();
            if state.watch != Some(watch) {
                return;
            }
            (state.changed, state.noted) = (false, None);
            EARLIEST.store(u64::MAX, Ordering::Relaxed);
        }
        let mut next = look();
        let mut state = STATE.lock();
        while state.watch == Some(watch) && !state.changed {
            next = state.noted.take().into_iter().chain(next).min();
            let earliest = next.unwrap_or(Instant::NEVER).nanoseconds();
            EARLIEST.store(earliest, Ordering::Relaxed);
            match next.map(|next| next.since(clock.now())) {
                Some(Duration::ZERO) => break,
                Some(rest) => drop(WAKE.wait_for(&mut state, rest)),
                None => WAKE.wait(&mut state),
            }
        }
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use std::sync::Arc;

    /// A deadline that has come, and a later one that has as well.
    const DUE: u64 = 1;
    const LATER: u64 = 2;
    /// One that does not come.
    const FAR: u64 = u64::MAX - 1;

    /// The deadlines in a cache, behind its gate.
    type Entries = Arc<Mutex<Vec<u64>>>;

    fn instant(nanoseconds: u64) -> Instant {
        Instant::FIRST.saturating_add(Duration::from_nanos(nanoseconds))
    }

    fn store(entries: &Entries, deadline: u64) {
        entries.lock().push(deadline);
        note(instant(deadline));
    }

    /// Sweeps until `due` entries have been dropped: that it ends is what is asked.
    fn sweep(entries: &Entries, due: usize) {
        let watch = begin();
        let mut dropped = 0;
        keep(watch, || {
            let mut entries = entries.lock();
            let all = entries.len();
            entries.retain(|deadline| *deadline == FAR);
            dropped += all - entries.len();
            let next = entries.first().copied();
            drop(entries);
            if dropped == due {
                end(watch);
            }
            next.map(instant)
        });
    }

    #[test]
    fn loom_a_deadline_that_is_noted_while_the_sweeper_looks_is_never_lost() {
        loom::model(|| {
            let entries = Entries::new(Mutex::new(Vec::new()));
            let other = {
                let entries = Arc::clone(&entries);
                loom::thread::spawn(move || store(&entries, DUE))
            };
            sweep(&entries, 1);
            other.join().expect("it does not panic");
        });
    }

    #[test]
    fn loom_a_deadline_that_passes_by_an_earlier_one_is_not_lost_either() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound.get_or_insert(2);
        builder.check(|| {
            let entries = Entries::new(Mutex::new(vec![FAR]));
            let others = [DUE, LATER].map(|deadline| {
                let entries = Arc::clone(&entries);
                loom::thread::spawn(move || store(&entries, deadline))
            });
            sweep(&entries, 2);
            for other in others {
                other.join().expect("it does not panic");
            }
        });
    }
}
