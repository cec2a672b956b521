//! How long to wait for a computation that may never end.
//!
//! A circle of waits that can be seen is never entered. Two can't be seen: a worker of
//! a work-stealing pool may have taken on, in the middle of one computation, what waits
//! for another, and that one may hang on the first by a `join` in which nobody calls a
//! cache; and a future that leads a computation may have been set aside. So whoever
//! has waited for longer than its patience computes as well, one at a time.
//!
//! Patience is learned, for each function by itself. Where whoever was impatient had
//! the result before the one that was waited for, waiting was in vain, and it gets
//! shorter; where not, longer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::leading;

/// Of a thread that is in the middle of a computation itself, in nanoseconds.
pub(crate) struct Patience(AtomicU64);

const FIRST: Duration = Duration::from_secs(1);
const LEAST: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_secs(600);

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A thread in the middle of a computation: one that it may well hold up.
    Leader,
    /// Anyone else.
    Other,
}

impl Who {
    /// Whoever this thread runs.
    pub(crate) fn here() -> Self {
        if leading::leads() {
            Who::Leader
        } else {
            Who::Other
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience(AtomicU64::new(nanoseconds(FIRST)))
    }
}

#[allow(clippy::cast_possible_truncation)]
const fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

impl Patience {
    pub(crate) fn of(&self, who: Who) -> Duration {
        let own = Duration::from_nanos(self.0.load(Ordering::Relaxed));
        own * match who {
            Who::Leader => 1,
            Who::Other => 4,
        }
    }

    /// Somebody ran out of it: had the other ended when they had the result?
    pub(crate) fn learn(&self, other_had_ended: bool) {
        let own = self.0.load(Ordering::Relaxed);
        let new = if other_had_ended { own * 2 } else { own / 8 };
        let new = new.clamp(nanoseconds(LEAST), nanoseconds(MOST));
        // One of two that learn at once is lost, which is as well.
        self.0.store(new, Ordering::Relaxed);
    }

    #[cfg(all(test, loom))]
    pub(crate) fn set(&self, own: Duration) {
        self.0.store(nanoseconds(own), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_learned_between_its_bounds() {
        let patience = Patience::default();
        assert_eq!(patience.of(Who::Leader), FIRST);
        assert_eq!(patience.of(Who::Other), FIRST * 4);
        patience.learn(false);
        assert_eq!(patience.of(Who::Leader), FIRST / 8);
        for _ in 0..9 {
            patience.learn(false);
        }
        assert_eq!(patience.of(Who::Leader), LEAST);
        for _ in 0..99 {
            patience.learn(true);
        }
        assert_eq!(patience.of(Who::Leader), MOST);
    }
}
