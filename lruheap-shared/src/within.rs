//! What memory is told of a result that the store has as well: how long it may live.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lruheap_core::memo::{Outcome, Values};

/// An outcome whose values live no longer than is left to them in the store.
pub struct Within<'a, O> {
    pub(crate) outcome: O,
    pub(crate) left: &'a AtomicU64,
}

impl<O: Outcome> Outcome for Within<'_, O> {
    type Result = O::Result;
    type Value = O::Value;
    type Values = Self;

    fn values(&self) -> &Self {
        self
    }

    fn value<'r>(&self, result: &'r O::Result) -> Option<&'r O::Value> {
        self.outcome.value(result)
    }

    fn wrap(&self, value: O::Value) -> O::Result {
        self.outcome.wrap(value)
    }

    fn keeps(&self, value: &O::Value) -> bool {
        self.outcome.keeps(value)
    }
}

impl<O: Outcome> Values<O::Value> for Within<'_, O> {
    fn is_inert(&self) -> bool {
        self.outcome.values().is_inert()
    }

    fn is_light(&self, value: &O::Value) -> bool {
        self.outcome.values().is_light(value)
    }

    fn are_timed(&self) -> bool {
        self.outcome.values().are_timed()
    }

    fn is_good(&self, value: &O::Value) -> bool {
        self.outcome.values().is_good(value)
    }

    fn keeps(&self, value: &O::Value) -> bool {
        self.outcome.values().keeps(value)
    }

    fn lifetime(&self, value: &O::Value) -> Option<Duration> {
        let own = self.outcome.values().lifetime(value);
        match self.left.load(Ordering::Relaxed) {
            u64::MAX => own,
            left => {
                let left = Duration::from_nanos(left);
                Some(own.map_or(left, |own| own.min(left)))
            }
        }
    }

    fn copy(&self, value: &O::Value) -> O::Value {
        self.outcome.values().copy(value)
    }
}
