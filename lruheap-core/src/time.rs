//! The clock: monotonic, in nanoseconds since the process first asked.
//!
//! Everything that speaks of time in the crate speaks in [`Instant`]s of this
//! clock; nothing else asks the system for the time. Wall-clock jumps have no
//! effect.

use std::sync::OnceLock;
#[cfg(any(test, feature = "testing"))]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A point on the crate's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    /// Before all others.
    pub(crate) const FIRST: Instant = Instant(0);

    /// Beyond all others: it never comes.
    pub(crate) const NEVER: Instant = Instant(u64::MAX);

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
        Instant(system().saturating_add(advanced()))
    }
}

fn system() -> u64 {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    nanoseconds(START.get_or_init(std::time::Instant::now).elapsed()).unwrap_or(u64::MAX)
}

#[cfg(feature = "testing")]
static ADVANCED: AtomicU64 = AtomicU64::new(0);

#[cfg(feature = "testing")]
fn advanced() -> u64 {
    ADVANCED.load(Ordering::Acquire)
}

#[cfg(not(feature = "testing"))]
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
    fn what_lies_beyond_the_clock_never_comes() {
        assert_eq!(Instant(1).checked_add(Duration::MAX), None);
        assert_eq!(Instant(u64::MAX).checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Instant(5).since(Instant(7)), Duration::ZERO);
    }
}
