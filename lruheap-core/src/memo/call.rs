//! A call and its controls, for a cache in any home.

// Parts and outcomes are moved in: generated code then needs no names for them.
#![allow(clippy::needless_pass_by_value)]

use std::time::Duration;

use super::local::Local;
use super::outcome::{Outcome, Whole, whole};
use crate::cache::{self, Cache, Home, Values};
use crate::key::Part;

/// A body that has to run: give its result to [`finish`].
///
/// Dropped instead (the body panicked, the future was cancelled), it leaves no
/// trace.
pub struct Flight<H: Home, O> {
    flight: cache::Flight<H>,
    outcome: O,
}

/// Stores the result of a body if it is to be kept, and gives it back.
#[inline]
pub fn finish<H: Home, O: Outcome<Value = H::Value>>(
    flight: Flight<H, O>,
    result: O::Result,
) -> O::Result {
    let Flight { flight, outcome } = flight;
    match outcome.value(&result) {
        Some(value) if outcome.keeps(value) => {
            let copy = outcome.values().copy(value);
            flight.land(copy, outcome.values());
        }
        Some(value) if outcome.values().is_good(value) => flight.refuse(),
        // An `Err`: what is there may still serve.
        _ => drop(flight),
    }
    result
}

/// What a cache does for a call and for the controls that take arguments.
/// Methods, because that keeps the expansion short.
macro_rules! calls {
    ($cache:ident, $home:ty) => {
        #[doc(hidden)]
        impl<K, V> $cache<K, V> {
            /// Answers a call, or gives the flight that its body runs for.
            ///
            /// # Errors
            ///
            /// The flight, where the body has to run.
            #[inline]
            pub fn __lookup<P: Part<Owned = K>, C: Values<V>>(
                self: $home,
                values: C,
                part: P,
            ) -> Result<V, Flight<$home, Whole<V, C>>> {
                self.__lookup_as(whole(values), part)
            }

            /// The same, where the result is not the value.
            ///
            /// # Errors
            ///
            /// The flight, where the body has to run.
            #[inline]
            pub fn __lookup_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
                self: $home,
                outcome: O,
                part: P,
            ) -> Result<O::Result, Flight<$home, O>> {
                match cache::Flight::board(self, &part, outcome.values()) {
                    Ok(value) => Ok(outcome.wrap(value)),
                    Err(flight) => Err(Flight { flight, outcome }),
                }
            }

            /// The flight for a body that runs whatever the cache holds.
            pub fn __refresh<P: Part<Owned = K>, C: Values<V>>(
                self: $home,
                values: C,
                part: P,
            ) -> Flight<$home, Whole<V, C>> {
                self.__refresh_as(whole(values), part)
            }

            /// The same, where the result is not the value.
            pub fn __refresh_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
                self: $home,
                outcome: O,
                part: P,
            ) -> Flight<$home, O> {
                let flight = cache::Flight::anew(self, &part);
                Flight { flight, outcome }
            }

            /// `f::cache_peek`
            pub fn __peek<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
            ) -> Option<V> {
                self.engine().peek(&part, &values)
            }

            /// `f::cache_contains`
            pub fn __contains<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
            ) -> bool {
                self.__ttl(values, part).is_some()
            }

            /// `f::cache_ttl`
            pub fn __ttl<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
            ) -> Option<Duration> {
                self.engine().ttl(&part, |value| values.is_good(value))
            }

            /// `f::cache_insert`
            pub fn __insert<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
                value: V,
            ) {
                if values.keeps(&value) {
                    self.engine().set(&part, value, &values);
                } else {
                    // As if the body had returned it: the entry is out of date.
                    self.engine().remove(&part, &values);
                }
            }

            /// `f::cache_remove`
            pub fn __remove<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
            ) -> Option<V> {
                self.engine().remove(&part, &values)
            }
        }
    };
}

calls!(Cache, &'static Self);
calls!(Local, Self);
