//! Chance, for what is decided by it: quickly drawn, one state for each thread.
//! Nothing here is fit for secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// More than `-ln` of any number that is drawn here: they are multiples of 2⁻⁵³.
pub(crate) const MOST_NATS: f64 = 37.0;

thread_local! {
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// A number above 0 and at most 1, all equally likely ("`SplitMix64`", Steele, Lea and
/// Flood, OOPSLA 2014).
#[allow(clippy::cast_precision_loss)]
pub(crate) fn share() -> f64 {
    let drawn = STATE.try_with(|state| {
        let next = state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        state.set(next);
        let mixed = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    });
    // While the thread is torn down, nothing is left to chance.
    let bits = drawn.unwrap_or(u64::MAX) >> 11;
    (bits + 1) as f64 / (1_u64 << 53) as f64
}

/// Makes what this thread draws from here on the same each time.
#[cfg(test)]
pub(crate) fn seed(seed: u64) {
    STATE.with(|state| state.set(seed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_spread_evenly_and_never_zero() {
        seed(1);
        let mut tenths = [0_u32; 10];
        for _ in 0..100_000 {
            let share = share();
            assert!(share > 0.0 && share <= 1.0);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let tenth = (share * 10.0).ceil() as usize - 1;
            tenths[tenth] += 1;
        }
        // Ten thousand each, and three standard deviations of 95.
        assert!(-(2.0_f64.powi(-53)).ln() < MOST_NATS);
        assert!(
            tenths.iter().all(|n| n.abs_diff(10_000) < 285),
            "{tenths:?}"
        );
    }
}
