//! A call and its controls, for a cache in any home.

// Parts and outcomes are moved in: generated code then needs no names for them.
#![allow(clippy::needless_pass_by_value)]

use std::time::Duration;

use super::outcome::Outcome;
use crate::cache::{self, Home, Values};
use crate::key::Part;

/// A body that has to run: give its result to [`finish`](Flight::finish).
///
/// Dropped instead (the body panicked, the future was cancelled), it leaves no
/// trace.
pub struct Flight<H: Home, O> {
    flight: cache::Flight<H>,
    outcome: O,
}

impl<H: Home, O: Outcome<Value = H::Value>> Flight<H, O> {
    /// Stores the result if it is to be kept, and gives it back.
    #[inline]
    pub fn finish(self, result: O::Result) -> O::Result {
        if let Some(value) = self
            .outcome
            .value(&result)
            .filter(|value| self.outcome.keeps(value))
        {
            let copy = self.outcome.copy(value);
            self.flight.land(copy, &self.outcome);
        }
        result
    }
}

/// Answers a call, or gives the flight that its body runs for.
///
/// # Errors
///
/// The flight, where the body has to run.
#[inline]
pub fn lookup<H, P, O>(home: H, outcome: O, part: P) -> Result<O::Result, Flight<H, O>>
where
    H: Home<Key = P::Owned, Value = O::Value>,
    P: Part,
    O: Outcome,
{
    match cache::Flight::board(home, &part, &outcome) {
        Ok(value) => Ok(outcome.wrap(value)),
        Err(flight) => Err(Flight { flight, outcome }),
    }
}

/// The flight for a body that runs whatever the cache holds.
pub fn refresh<H, P, O>(home: H, outcome: O, part: P) -> Flight<H, O>
where
    H: Home<Key = P::Owned, Value = O::Value>,
    P: Part,
    O: Outcome,
{
    Flight {
        flight: cache::Flight::anew(home, &part),
        outcome,
    }
}

/// `f::cache_peek`
pub fn peek<H, P, C>(home: H, values: C, part: P) -> Option<H::Value>
where
    H: Home<Key = P::Owned>,
    P: Part,
    C: Values<H::Value>,
{
    home.engine().peek(&part, &values)
}

/// `f::cache_contains`
pub fn contains<H: Home<Key = P::Owned>, P: Part>(home: H, part: P) -> bool {
    ttl(home, part).is_some()
}

/// `f::cache_ttl`
pub fn ttl<H: Home<Key = P::Owned>, P: Part>(home: H, part: P) -> Option<Duration> {
    home.engine().ttl(&part)
}

/// `f::cache_insert`
pub fn insert<H, P, C>(home: H, values: C, part: P, value: H::Value)
where
    H: Home<Key = P::Owned>,
    P: Part,
    C: Values<H::Value>,
{
    // An `Err` behind an alias can't be handed out again.
    if values.is_good(&value) {
        home.engine().set(&part, value, &values);
    }
}

/// `f::cache_remove`
pub fn remove<H, P, C>(home: H, values: C, part: P) -> Option<H::Value>
where
    H: Home<Key = P::Owned>,
    P: Part,
    C: Values<H::Value>,
{
    home.engine().remove(&part, &values)
}
