//! The clock: monotonic, in nanoseconds since some moment in the past.
//!
//! Everything that speaks of time in the crate speaks in [`Instant`]s of this
//! clock; nothing else asks the system for the time. Wall-clock jumps have no
//! effect.
//!
//! Whether an entry is still alive is asked on every hit, and mostly its deadline is
//! far away: for that a cheap clock will do, of which it is known how far it may be
//! behind. Only what it can't decide is put to the exact one, so that the answer is
//! always that of the exact one.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

mod slack;
mod system;

#[cfg(any(test, feature = "testing"))]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use slack::Slack;

/// How far behind the coarse clock of the system may be.
static SLACK: Slack = Slack::new();

/// A point on the crate's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    /// Before all others.
    pub(crate) const FIRST: Instant = Instant(0);

    /// Beyond all others: it never comes.
    pub(crate) const NEVER: Instant = Instant(u64::MAX);

    /// The latest that comes.
    pub(crate) const LAST: Instant = Instant(u64::MAX - 1);

    /// `None` where that lies beyond the clock's 584 years: it never comes.
    pub(crate) fn checked_add(self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(nanoseconds(duration)?).map(Instant)
    }

    /// The same, where `NEVER` stands for that.
    pub(crate) fn saturating_add(self, duration: Duration) -> Instant {
        self.checked_add(duration).unwrap_or(Instant::NEVER)
    }

    /// Earlier by this much; the clock's beginning where it does not go back so far.
    /// What never comes does not come earlier either.
    pub(crate) fn back(self, duration: Duration) -> Instant {
        if self == Instant::NEVER {
            return self;
        }
        let back = nanoseconds(duration).unwrap_or(u64::MAX);
        Instant(self.0.saturating_sub(back))
    }

    /// Since the clock began.
    pub(crate) fn nanoseconds(self) -> u64 {
        self.0
    }

    /// How long from `earlier` to here; zero where that is not earlier.
    pub(crate) fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanoseconds(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_nanos()).ok()
}

/// What a cache reads the time from.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    /// A clock of its own, standing still unless a unit test moves it.
    #[cfg(test)]
    pub(crate) manual: Option<std::sync::Arc<AtomicU64>>,
}

impl Clock {
    #[allow(clippy::unused_self)]
    pub(crate) fn now(&self) -> Instant {
        #[cfg(test)]
        if let Some(manual) = &self.manual {
            return Instant(manual.load(Ordering::SeqCst));
        }
        let exact = system::exact();
        SLACK.check(exact, system::coarse);
        Instant(exact.saturating_add(advanced()))
    }

    /// Whether `deadline <= self.now()`, for less than it costs to know the time.
    #[inline]
    pub(crate) fn has_passed(&self, deadline: Instant) -> bool {
        !self.is_far_from(deadline) && deadline <= self.now()
    }

    /// Whether the coarse clock is enough to know that the deadline is still to come.
    #[inline(always)]
    #[allow(clippy::unused_self)]
    pub(crate) fn is_far_from(&self, deadline: Instant) -> bool {
        #[cfg(test)]
        if self.manual.is_some() {
            return false;
        }
        // A closure, which is inlined, where the function's name would not be.
        #[allow(clippy::redundant_closure)]
        let latest = SLACK.latest(|| system::coarse());
        Instant(latest.saturating_add(advanced())) < deadline
    }
}

#[cfg(feature = "testing")]
static ADVANCED: AtomicU64 = AtomicU64::new(0);

#[cfg(feature = "testing")]
#[inline]
fn advanced() -> u64 {
    ADVANCED.load(Ordering::Acquire)
}

#[cfg(not(feature = "testing"))]
#[inline]
fn advanced() -> u64 {
    0
}

/// Moves the clock of every cache in the process forward.
#[cfg(feature = "testing")]
pub(crate) fn advance(duration: Duration) {
    let step = nanoseconds(duration).unwrap_or(u64::MAX);
    // The closure never gives `None`, so there is no failure to look at.
    let _ = ADVANCED.fetch_update(Ordering::AcqRel, Ordering::Acquire, |sum| {
        Some(sum.saturating_add(step))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    const READS: u32 = 1_000_000;

    /// What `system` gives on this platform.
    const IS_COARSE_THERE: bool = cfg!(all(
        any(target_os = "linux", target_os = "android"),
        not(lruheap_exact_clock)
    ));

    #[test]
    fn the_clock_never_goes_backwards() {
        let clock = Clock::default();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn the_clock_never_goes_backwards_from_one_thread_to_another() {
        // Each has read the clock before it sends, and reads it after it receives.
        let (to_other, from_one) = mpsc::channel::<Instant>();
        let (to_one, from_other) = mpsc::channel::<Instant>();
        let play = |from: &mpsc::Receiver<Instant>, to: &mpsc::Sender<Instant>| {
            let clock = Clock::default();
            for before in from {
                assert!(clock.has_passed(before), "what was now is past");
                let now = clock.now();
                assert!(now >= before);
                if to.send(now).is_err() {
                    break;
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(move || play(&from_one, &to_one));
            let mut now = Clock::default().now();
            for _ in 0..20_000 {
                to_other.send(now).expect("the other waits");
                let next = from_other.recv().expect("the other answers");
                assert!(next >= now);
                now = next;
            }
            drop(to_other);
        });
    }

    #[test]
    fn a_deadline_has_passed_when_it_is_now_and_not_a_nanosecond_sooner() {
        let manual = std::sync::Arc::new(AtomicU64::new(0));
        let clock = Clock {
            manual: Some(manual.clone()),
        };
        let deadline = Instant(1_000_000_000);
        for (now, has_passed) in [
            (0, false),
            (999_999_999, false),
            (1_000_000_000, true),
            (1_000_000_001, true),
        ] {
            manual.store(now, Ordering::SeqCst);
            assert_eq!(clock.has_passed(deadline), has_passed, "at {now}");
        }
        assert!(!clock.has_passed(Instant::NEVER));
    }

    #[test]
    fn a_deadline_passes_by_the_exact_clock() {
        // Begins where the coarse clock is enough to tell, and ends beyond the deadline.
        let clock = Clock::default();
        let deadline = clock.now().saturating_add(Duration::from_millis(150));
        let mut was_far = false;
        loop {
            was_far |= clock.is_far_from(deadline);
            let before = clock.now();
            let has_passed = clock.has_passed(deadline);
            let after = clock.now();
            assert!(has_passed || before < deadline, "late");
            assert!(!has_passed || after >= deadline, "early");
            if has_passed {
                break;
            }
        }
        assert!(clock.has_passed(deadline), "and for ever");
        // A machine that is held up, or a test that moves the clock, may skip all of that.
        assert!(IS_COARSE_THERE || !was_far);
    }

    #[test]
    fn what_is_far_away_is_known_to_be_where_there_is_a_coarse_clock() {
        let clock = Clock::default();
        let deadline = clock.now().saturating_add(Duration::from_secs(1 << 30));
        assert_eq!(clock.is_far_from(deadline), IS_COARSE_THERE);
        assert_eq!(clock.is_far_from(Instant::NEVER), IS_COARSE_THERE);
        assert!(!clock.has_passed(deadline) && !clock.has_passed(Instant::NEVER));
        assert!(clock.has_passed(Instant::FIRST));
    }

    #[test]
    fn the_coarse_clock_is_never_ahead_and_never_far_behind_that_of_the_standard_library() {
        assert_eq!(system::coarse().is_some(), IS_COARSE_THERE);
        // That one began somewhere between these two.
        let earliest = system::exact();
        let start = std::time::Instant::now();
        let latest = system::exact();
        let elapsed = || nanoseconds(start.elapsed()).expect("less than 584 years");
        for _ in 0..READS {
            let Some(coarse) = system::coarse() else {
                return;
            };
            let standard = elapsed();
            assert!(coarse <= latest + standard, "ahead");
            let bound = SLACK.latest(system::coarse);
            assert!(earliest + standard <= bound, "far behind");
        }
    }

    #[test]
    fn the_exact_clock_is_that_of_the_standard_library() {
        for _ in 0..10_000 {
            let outer = std::time::Instant::now();
            let from = system::exact();
            let inner = std::time::Instant::now();
            let least = nanoseconds(inner.elapsed()).expect("it is short");
            let to = system::exact();
            let most = nanoseconds(outer.elapsed()).expect("it is short");
            assert!((least..=most).contains(&(to - from)));
        }
    }

    #[cfg(feature = "testing")]
    #[test]
    fn moving_the_clock_moves_both_readings() {
        // By nothing that the other tests of the process would notice.
        let clock = Clock::default();
        let before = clock.now();
        let step = Duration::from_nanos(100);
        advance(step);
        assert!(clock.now() >= before.saturating_add(step));
        assert!(clock.has_passed(before.saturating_add(step)));
        let latest = SLACK.latest(system::coarse);
        assert!(!clock.is_far_from(Instant(latest.saturating_add(1))));
    }

    #[test]
    fn what_lies_beyond_the_clock_never_comes() {
        assert_eq!(Instant(1).checked_add(Duration::MAX), None);
        assert_eq!(Instant(u64::MAX).checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Instant(5).since(Instant(7)), Duration::ZERO);
    }
}
