//! A call and its controls, for a cache in any home.

// Parts and outcomes are moved in: generated code then needs no names for them.
#![allow(clippy::needless_pass_by_value)]
// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::instance::OfInstance;
use super::local::{Local, LocalPlace};
use super::method::{Answer, Ask};
use super::outcome::{Outcome, Whole, whole};
use super::place::AtOnce;
use super::slot::Slot;
use super::tracked::{OfPointer, Pointer};
use crate::cache::{self, Asked, Cache, Given, Home, Values};
use crate::key::Part;

/// A body that has to run: give its result to [`finish`].
///
/// Dropped instead (the body panicked, the future was cancelled), it leaves no
/// trace.
pub struct Flight<H: Home, O> {
    flight: cache::Flight<H>,
    outcome: O,
}

impl<H: Home, O> Flight<H, O> {
    /// Whether another has the same under way and can't be waited for, as it waits for this.
    pub fn is_alone(&self) -> bool {
        self.flight.is_alone()
    }

    /// The same flight, whose result is newer than whatever others find until it lands.
    #[must_use]
    pub fn newest(mut self) -> Self {
        self.flight.outdate();
        self
    }

    /// The same flight, whose result is something else.
    pub fn map<P>(self, change: impl FnOnce(O) -> P) -> Flight<H, P> {
        Flight {
            flight: self.flight,
            outcome: change(self.outcome),
        }
    }
}

/// Stores the result of a body if it is to be kept, and gives it back.
pub fn finish<H: Home, O: Outcome<Value = H::Value>>(
    mut flight: Flight<H, O>,
    result: O::Result,
) -> O::Result {
    let Flight { flight, outcome } = &mut flight;
    end(flight, outcome, result)
}

/// The same, where the flight is. It is not inlined: each function would have all of it.
#[inline(never)]
fn end<H: Home, O: Outcome<Value = H::Value>>(
    flight: &mut cache::Flight<H>,
    outcome: &O,
    result: O::Result,
) -> O::Result {
    let values = outcome.values();
    match outcome.value(&result) {
        Some(value) if outcome.keeps(value) => {
            let copy = values.copy(value);
            flight.land(copy, values);
        }
        Some(value) if values.is_good(value) => {
            flight.refuse(|| values.copy(value), values);
        }
        // An `Err`: what is there may still serve, and even in its place.
        _ => {
            if let Some(value) = flight.fall_back(values) {
                return outcome.wrap(value);
            }
        }
    }
    result
}

/// The result that was given, if it was. It is asked once.
pub fn known<H: Home, O: Outcome<Value = H::Value>>(
    outcome: O,
    given: &mut Given<H>,
) -> Option<O::Result> {
    match given {
        Given::Flight(_) => None,
        given => Some(outcome.wrap(given.take())),
    }
}

/// The value that was given, or that `body` gives. It is asked once.
#[inline(always)]
pub fn answer<H: Home, C: Values<H::Value>>(
    values: C,
    given: &mut Given<H>,
    body: impl FnOnce() -> H::Value,
) -> H::Value {
    answer_as(whole(values), given, body)
}

/// The same, where the result is not the value.
#[inline(always)]
pub fn answer_as<H: Home, O: Outcome<Value = H::Value>>(
    outcome: O,
    given: &mut Given<H>,
    body: impl FnOnce() -> O::Result,
) -> O::Result {
    if let Given::Flight(flight) = given {
        return end(flight, &outcome, body());
    }
    outcome.wrap(given.take())
}

/// Runs `f` in a function of its own: what it needs of stack and registers is nothing
/// that a hit pays for.
#[inline(never)]
pub fn apart<R>(f: impl FnOnce() -> R) -> R {
    f()
}

/// A call of an `async` function, on its way: [`wait`] for it.
pub struct Boarding<H: Home, O> {
    boarding: cache::Boarding<H>,
    outcome: O,
}

impl<H: Home, O> Boarding<H, O> {
    /// Whether there is a value already, so that no body runs.
    pub fn is_held(&self) -> bool {
        self.boarding.is_held()
    }
}

/// The result of a call, or the flight that its body runs for.
///
/// # Errors
///
/// The flight, where the body has to run.
pub async fn wait<H: Home, O: Outcome<Value = H::Value>>(
    boarding: Boarding<H, O>,
) -> Result<O::Result, Flight<H, O>> {
    let Boarding { boarding, outcome } = boarding;
    match boarding.wait(outcome.values()).await {
        Ok(value) => Ok(outcome.wrap(value)),
        Err(flight) => Err(Flight { flight, outcome }),
    }
}

/// Runs an `async` body, and [`finish`]es its flight. Dropped before that, it leaves the
/// flight where it is: others are to go on when the body has been dropped as well.
///
/// # Panics
///
/// If there is no flight.
pub async fn lead<H: Home, O: Outcome<Value = H::Value>>(
    flight: &mut Option<Flight<H, O>>,
    body: Pin<&mut impl Future<Output = O::Result>>,
) -> O::Result {
    let mut body = body;
    let result = poll_fn(|cx| match flight {
        Some(flight) => flight.flight.in_middle(|| body.as_mut().poll(cx)),
        None => body.as_mut().poll(cx),
    });
    let result = result.await;
    let flight = flight.take().expect("a body runs for a flight");
    let _middle = flight.flight.middle();
    finish(flight, result)
}

/// A tag of an entry.
#[derive(Clone)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// What can be a tag.
#[diagnostic::on_unimplemented(
    message = "a tag is a string, and this is of type `{Self}`",
    label = "not a string",
    note = "write `tags(format!(\"course:{{id}}\"), \"courses\")`"
)]
pub trait IsTag {
    /// The tag.
    fn as_tag(&self) -> &str;
}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> IsTag for T {
    fn as_tag(&self) -> &str {
        self.as_ref()
    }
}

/// The tag that an expression gives.
pub fn tag<T: IsTag + ?Sized>(tag: &T) -> Tag {
    Tag(tag.as_tag().into())
}

/// Gives the entry that is to come these tags.
pub fn tags_of<H: Home, const N: usize>(flight: &cache::Flight<H>, tags: [Tag; N]) {
    flight.tag(tags.map(|tag| tag.0).into());
}

/// Gives the entry that a flight brings these tags.
pub fn tags<H: Home, O, const N: usize>(flight: &Flight<H, O>, tags: [Tag; N]) {
    tags_of(&flight.flight, tags);
}

/// The beginning of a call, in whatever place. Methods, likewise.
macro_rules! answers {
    ([$($generics:tt)*] $place:ty, $this:ty) => {
        #[doc(hidden)]
        impl<$($generics)*> $place {
            /// Answers a call, where the value is to be had at once.
            ///
            /// # Errors
            ///
            /// What is known so far: the long way is to be gone, [`apart`] from here.
            // Where nothing is optimized, what is inlined keeps its stack while the body runs.
            #[cfg_attr(debug_assertions, inline(never))]
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __at_once<P: Part<Owned = K>>(
                self: $this,
                values: impl Values<V>,
                part: &P,
            ) -> Result<V, Asked> {
                self.at_once(part, &values)
            }

            /// The same, where the result is not the value.
            ///
            /// # Errors
            ///
            /// Likewise.
            #[cfg_attr(debug_assertions, inline(never))]
            #[cfg_attr(not(debug_assertions), inline(always))]
            pub fn __at_once_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
                self: $this,
                outcome: O,
                part: &P,
            ) -> Result<O::Result, Asked> {
                let found = self.at_once(part, outcome.values());
                found.map(|value| outcome.wrap(value))
            }
        }
    };
}

answers!([K, V] Slot<K, V>, &&'static Self);
answers!([K: 'static, V: 'static] LocalPlace<K, V>, &Self);
answers!([K, V] Cache<K, V>, &&'static Self);
answers!([K: 'static, V: 'static] Local<K, V>, &Self);
answers!([K, V] OfInstance<'_, K, V>, &Self);
answers!([Q: Pointer, K, V] OfPointer<Q, K, V>, &Self);

/// What a cache does for a call and for the controls that take arguments.
/// Methods, because that keeps the expansion short.
macro_rules! calls {
    ([$($generics:tt)*] $cache:ty, $home:ty) => {
        #[doc(hidden)]
        impl<$($generics)*> $cache {
            /// Answers a call that could not be answered at once, or gives the flight
            /// that its body runs for: for [`answer`].
            #[inline(always)]
            pub fn __lookup<P: Part<Owned = K>>(
                self: $home,
                asked: Asked,
                values: impl Values<V>,
                part: P,
            ) -> Given<$home> {
                cache::Flight::board(self, asked, &part, &values)
            }

            /// As [`__lookup`](Self::__lookup), for an `async` function.
            #[inline]
            pub fn __board<P: Part<Owned = K>, C: Values<V>>(
                self: $home,
                values: C,
                part: P,
            ) -> Boarding<$home, Whole<V, C>> {
                self.__board_as(whole(values), part)
            }

            /// The same, where the result is not the value.
            #[inline]
            pub fn __board_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
                self: $home,
                outcome: O,
                part: P,
            ) -> Boarding<$home, O> {
                let boarding = cache::Flight::begin(self, &part, outcome.values());
                Boarding { boarding, outcome }
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
                let flight = cache::Flight::anew(self, &part, false);
                Flight { flight, outcome }
            }

            /// As [`__refresh`](Self::__refresh), for an `async` function.
            pub fn __board_anew<P: Part<Owned = K>, C: Values<V>>(
                self: $home,
                values: C,
                part: P,
            ) -> Flight<$home, Whole<V, C>> {
                self.__board_anew_as(whole(values), part)
            }

            /// The same, where the result is not the value.
            pub fn __board_anew_as<P: Part<Owned = K>, O: Outcome<Value = V>>(
                self: $home,
                outcome: O,
                part: P,
            ) -> Flight<$home, O> {
                let flight = cache::Flight::anew(self, &part, true);
                Flight { flight, outcome }
            }

            /// Drops all entries, and keeps what is being computed from being stored: of
            /// none of it is known whether it is valid. The counters go on.
            pub fn __outdate(self: $home) {
                self.engine().outdate();
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
                self.__insert_tagged(values, [], part, value);
            }

            /// The same with tags.
            pub fn __insert_tagged<P: Part<Owned = K>, const N: usize>(
                self: $home,
                values: impl Values<V>,
                tags: [Tag; N],
                part: P,
                value: V,
            ) {
                if values.keeps(&value) {
                    let tags = tags.map(|tag| tag.0).into();
                    self.engine().set(&part, value, &values, tags);
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

            /// A control of a method that concerns one entry.
            pub fn __control<P: Part<Owned = K>>(
                self: $home,
                values: impl Values<V>,
                part: P,
                ask: Ask<V>,
            ) -> Answer<V> {
                match ask {
                    Ask::Peek => Answer::Value(self.__peek(values, part)),
                    Ask::Ttl => Answer::Time(self.__ttl(values, part)),
                    Ask::Remove => Answer::Value(self.__remove(values, part)),
                    Ask::Insert(value) => {
                        self.__insert(values, part, value);
                        Answer::Done
                    }
                    ask => self.__control_all(ask),
                }
            }

            /// The same, where entries have tags.
            pub fn __control_tagged<P: Part<Owned = K>, const N: usize>(
                self: $home,
                values: impl Values<V>,
                part: P,
                tags: impl FnOnce() -> [Tag; N],
                ask: Ask<V>,
            ) -> Answer<V> {
                match ask {
                    Ask::Insert(value) => {
                        self.__insert_tagged(values, tags(), part, value);
                        Answer::Done
                    }
                    ask => self.__control(values, part, ask),
                }
            }

            /// A control of a method that concerns the cache as a whole.
            pub fn __control_all(self: $home, ask: Ask<V>) -> Answer<V> {
                let engine = self.engine();
                match ask {
                    Ask::Info => Answer::Info(engine.info()),
                    Ask::Parameters => Answer::Parameters(engine.parameters()),
                    Ask::Purge => Answer::Count(engine.purge()),
                    Ask::Clear => {
                        engine.clear();
                        Answer::Done
                    }
                    Ask::Resize(maxsize) => {
                        engine.resize(maxsize);
                        Answer::Done
                    }
                    Ask::Peek | Ask::Ttl | Ask::Insert(_) | Ask::Remove => {
                        unreachable!("these come with arguments")
                    }
                }
            }
        }
    };
}

calls!([K, V] Cache<K, V>, &'static Self);
calls!([K: 'static, V: 'static] Local<K, V>, Self);
calls!([K, V] OfInstance<'_, K, V>, Self);
calls!([Q: Pointer, K, V] OfPointer<Q, K, V>, Self);
