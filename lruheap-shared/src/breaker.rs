//! When to leave a store alone that has failed, and when to try again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many failures in a row are enough.
const ENOUGH: u32 = 3;

/// How long it is left alone at first; twice as long each time it fails again.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest that it is left alone.
const LONGEST: Duration = Duration::from_secs(2);

/// Closed while the store answers. After a few failures in a row it is open, and lets one
/// through now and then, to see whether the store is back.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: AtomicU32,
    /// When the next one is let through, in milliseconds.
    next: AtomicU64,
}

impl Breaker {
    /// Whether the store may be asked now.
    pub(crate) fn lets_through(&self) -> bool {
        self.lets_through_at(now())
    }

    fn lets_through_at(&self, now: u64) -> bool {
        if !self.is_open() {
            return true;
        }
        let next = self.next.load(Ordering::Acquire);
        // One of those who come is enough to see.
        let later = now + millis(pause(self.failures.load(Ordering::Relaxed)));
        now >= next
            && self
                .next
                .compare_exchange(next, later, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
    }

    /// Whether the store is left alone.
    pub(crate) fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= ENOUGH
    }

    /// The store has answered. Says whether it had been left alone.
    pub(crate) fn succeeded(&self) -> bool {
        self.failures.load(Ordering::Relaxed) != 0
            && self.failures.swap(0, Ordering::Relaxed) >= ENOUGH
    }

    /// It has not. Says whether it is left alone from now on.
    pub(crate) fn failed(&self) -> bool {
        self.failed_at(now())
    }

    fn failed_at(&self, now: u64) -> bool {
        let failures = self
            .failures
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if failures >= ENOUGH {
            self.next
                .fetch_max(now + millis(pause(failures)), Ordering::AcqRel);
        }
        failures == ENOUGH
    }
}

fn pause(failures: u32) -> Duration {
    let times = failures.saturating_sub(ENOUGH).min(10);
    LONGEST.min(PAUSE * (1 << times))
}

#[allow(clippy::cast_possible_truncation)]
fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn now() -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    millis(BEGIN.get_or_init(Instant::now).elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_fails_again_and_again_is_left_alone_and_tried_now_and_then() {
        let breaker = Breaker::default();
        assert!(breaker.lets_through_at(0));
        assert!(!breaker.failed_at(0) && !breaker.failed_at(0));
        assert!(breaker.lets_through_at(0), "not enough yet");
        assert!(breaker.failed_at(0));
        assert!(!breaker.lets_through_at(99));
        assert!(breaker.lets_through_at(100), "one, to see");
        assert!(!breaker.lets_through_at(100), "and no other meanwhile");
        assert!(!breaker.failed_at(110), "it was left alone before");
        assert!(!breaker.lets_through_at(309), "longer each time");
        assert!(breaker.lets_through_at(310));
        assert!(breaker.succeeded());
        assert!(breaker.lets_through_at(310) && breaker.lets_through_at(310));
    }

    #[test]
    fn failures_with_successes_between_them_are_borne() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            assert!(!breaker.failed_at(0) && !breaker.failed_at(0));
            assert!(!breaker.succeeded());
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn it_is_never_left_alone_for_long() {
        let breaker = Breaker::default();
        for _ in 0..100 {
            breaker.failed_at(0);
        }
        assert!(breaker.lets_through_at(millis(LONGEST)));
    }
}
