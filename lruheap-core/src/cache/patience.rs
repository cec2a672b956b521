//! How long to wait for a computation that may never end.
//!
//! A circle of waits that can be seen is never entered. Two can't be seen: a worker of
//! a work-stealing pool may have taken on, in the middle of one computation, what waits
//! for another, and that one may hang on the first by a `join` in which nobody calls a
//! cache; and a future that leads a computation may have been set aside. So whoever
//! has waited for longer than its patience computes as well, one at a time.
//!
//! Who computes in the place of another is waited for twice as long as that one was, so
//! that a slow body runs a few times and not many.
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
const MOST: Duration = Duration::from_secs(16);
/// How often it doubles at most while one computation goes on.
const MOST_LINKS: u32 = 6;

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
    /// What it is now, before who waits and for whom make more of it.
    pub(crate) fn own(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// How long to wait: twice as long for each who has lost patience before and computes
    /// in the place of another.
    pub(crate) fn of(own: u64, who: Who, links: u32) -> Duration {
        let times = match who {
            Who::Leader => 1,
            Who::Other => 4,
        };
        Duration::from_nanos(own) * (times << links.min(MOST_LINKS))
    }

    /// Somebody ran out of it when it was `own`: had the other ended when they had the
    /// result? Of those who ran out of the same, the first to tell is heard.
    pub(crate) fn learn(&self, own: u64, other_had_ended: bool) {
        let new = if other_had_ended { own * 2 } else { own / 8 };
        let new = new.clamp(nanoseconds(LEAST), nanoseconds(MOST));
        let order = Ordering::Relaxed;
        let _ = self.0.compare_exchange(own, new, order, order);
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
        let learn = |had_ended| patience.learn(patience.own(), had_ended);
        let of = |who, links| Patience::of(patience.own(), who, links);
        assert_eq!(of(Who::Leader, 0), FIRST);
        assert_eq!(
            (of(Who::Other, 0), of(Who::Other, 2)),
            (FIRST * 4, FIRST * 16)
        );
        assert_eq!(of(Who::Leader, 99), of(Who::Leader, MOST_LINKS));
        learn(false);
        assert_eq!(of(Who::Leader, 0), FIRST / 8);
        patience.learn(nanoseconds(FIRST), false);
        assert_eq!(of(Who::Leader, 0), FIRST / 8, "told twice, learned once");
        (0..9).for_each(|_| learn(false));
        assert_eq!(of(Who::Leader, 0), LEAST);
        (0..99).for_each(|_| learn(true));
        assert_eq!(of(Who::Leader, 0), MOST);
    }
}
