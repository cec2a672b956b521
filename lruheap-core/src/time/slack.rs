//! How far the coarse clock may lag behind the exact one.
//!
//! It should be a tick or two, ten milliseconds each at the most. But nobody vouches
//! for that: the processor that counts the ticks of a virtual machine may be held up
//! while another runs, and a library put before the system's may tell other times. So
//! the slack is many ticks to begin with, and whoever reads the exact clock looks at
//! the coarse one as well; once that has lagged by half the slack, the slack is
//! twice as long as the lag from there on.

use std::sync::atomic::{AtomicU64, Ordering};

/// What it is to begin with. An entry pays for the exact clock in the last so many
/// nanoseconds of its life.
const INITIAL: u64 = 100_000_000;

/// In nanoseconds; it only grows.
pub(super) struct Slack(AtomicU64);

impl Slack {
    pub(super) const fn new() -> Self {
        Slack(AtomicU64::new(INITIAL))
    }

    /// The latest that the exact clock can show while the coarse one shows `coarse`;
    /// the end of time where that has nothing to say.
    ///
    /// A clock that did not answer before is not asked again.
    #[inline(always)]
    pub(super) fn latest(&self, coarse: impl FnOnce() -> Option<u64>) -> u64 {
        // Nothing is published with it; and a lag that somebody else is just finding
        // out about is not known any sooner in another order.
        let slack = self.0.load(Ordering::Relaxed);
        if slack == u64::MAX {
            return u64::MAX;
        }
        coarse().map_or(u64::MAX, |coarse| coarse.saturating_add(slack))
    }

    /// The coarse clock has shown `coarse` after the exact one had shown `exact`: in
    /// that order, so that a thread that was held up between them sees no lag that
    /// was not there.
    #[inline]
    pub(super) fn check(&self, exact: u64, coarse: impl FnOnce() -> Option<u64>) {
        let slack = self.0.load(Ordering::Relaxed);
        if slack == u64::MAX {
            return;
        }
        let needed = coarse().map_or(u64::MAX, |coarse| {
            exact.saturating_sub(coarse).saturating_mul(2)
        });
        if needed > slack {
            self.grow(needed);
        }
    }

    #[cold]
    fn grow(&self, needed: u64) {
        self.0.fetch_max(needed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_clock_is_never_later_while_the_lag_is_within_the_slack() {
        let slack = Slack::new();
        for exact in [0, 1, INITIAL, 7 * INITIAL, u64::MAX - 1, u64::MAX] {
            for lag in [0, 1, INITIAL - 1, INITIAL] {
                let coarse = exact.saturating_sub(lag);
                assert!(slack.latest(|| Some(coarse)) >= exact);
            }
        }
    }

    #[test]
    fn a_lag_of_half_the_slack_widens_it_before_it_does_harm() {
        let slack = Slack::new();
        slack.check(INITIAL, || Some(INITIAL / 2));
        assert_eq!(slack.latest(|| Some(0)), INITIAL);
        slack.check(INITIAL, || Some(INITIAL / 2 - 1));
        assert_eq!(slack.latest(|| Some(0)), INITIAL + 2);
        slack.check(60 * INITIAL, || Some(0));
        assert_eq!(slack.latest(|| Some(0)), 120 * INITIAL);
        slack.check(60 * INITIAL, || Some(60 * INITIAL));
        assert_eq!(slack.latest(|| Some(0)), 120 * INITIAL, "it only grows");
    }

    #[test]
    fn a_coarse_clock_that_is_ahead_is_no_lag() {
        let slack = Slack::new();
        slack.check(1, || Some(u64::MAX));
        assert_eq!(slack.latest(|| Some(0)), INITIAL);
        assert_eq!(slack.latest(|| Some(u64::MAX)), u64::MAX);
    }

    #[test]
    fn a_clock_that_does_not_answer_is_asked_once() {
        let slack = Slack::new();
        assert_eq!(slack.latest(|| None), u64::MAX);
        slack.check(1, || None);
        let asked = || unreachable!("it is not asked again");
        assert_eq!(slack.latest(asked), u64::MAX);
        slack.check(1, asked);
    }
}
