//! What of a result is kept.
//!
//! [`Values`] say how the values in a cache are copied; the functions that
//! make them ask for the bounds, with the message for whoever does not meet
//! them. An [`Outcome`] says how the result of a body relates to the value.

use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use crate::cache::Values;
use crate::inert::{is_inert, is_light};

/// What a result needs to be kept.
#[diagnostic::on_unimplemented(
    message = "a result of type `{Self}` can't be cached: it is not `Clone`",
    label = "not `Clone`",
    note = "every call that is answered from the cache gets a clone: write `#[derive(Clone)]` on the type, `{Self}: Clone` in the bounds of a generic function, or return `Arc<{Self}>`"
)]
pub trait CacheValue: Clone + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + 'static> CacheValue for T {}

/// A result of type `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `core::result::Result`",
    label = "not a `Result`",
    note = "where a type of your own is called `Result<…>`, return it by another name: `type Outcome = Result<…>`"
)]
pub trait IsResult {
    /// The type of what `Ok` holds.
    type Ok;
    /// The type of what `Err` holds.
    type Err;

    /// The same, as a type whose variants can be named.
    ///
    /// # Errors
    ///
    /// Where the result is one.
    fn as_result(&self) -> Result<&Self::Ok, &Self::Err>;

    /// The result that holds `value`.
    fn from_ok(value: Self::Ok) -> Self;
}

impl<T, E> IsResult for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn as_result(&self) -> Result<&T, &E> {
        self.as_ref()
    }

    fn from_ok(value: T) -> Self {
        Ok(value)
    }
}

/// A result that `cache_err = true` keeps.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Result`",
    label = "not a `Result`",
    note = "`cache_err` is for functions that return a `Result`: leave the option out"
)]
pub trait HasErr {
    /// Whether it is one.
    fn is_err(&self) -> bool;
}

impl<T, E> HasErr for Result<T, E> {
    fn is_err(&self) -> bool {
        self.is_err()
    }
}

/// A result that `stale_if_error` has something to do for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Result`",
    label = "not a `Result`",
    note = "`stale_if_error` is for functions that return a `Result`: leave the option out"
)]
pub trait CanFail {}

impl<T, E> CanFail for Result<T, E> {}

/// The value of `stale_if_error = …`, for results that can be errors.
pub fn if_error<R: CanFail>(stale: Duration) -> Duration {
    stale
}

/// A value of type `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Option`",
    label = "not an `Option`",
    note = "`cache_none` is for functions that return an `Option`: leave the option out, or choose what to keep with `cache_if = |value| …`"
)]
pub trait IsOption {
    /// Whether there is a value.
    fn is_some(&self) -> bool;
}

impl<T> IsOption for Option<T> {
    fn is_some(&self) -> bool {
        self.is_some()
    }
}

/// Values that are handed out as clones.
pub fn clones<V: CacheValue>() -> impl Values<V> {
    Clones(PhantomData)
}

struct Clones<V>(PhantomData<fn() -> V>);

impl<V: CacheValue> Values<V> for Clones<V> {
    #[inline]
    fn is_inert(&self) -> bool {
        is_inert::<V>()
    }

    #[inline]
    fn is_light(&self, value: &V) -> bool {
        is_light(value)
    }

    #[inline]
    fn copy(&self, value: &V) -> V {
        value.clone()
    }
}

/// `cache_err = true`: whole results, as clones.
pub fn clones_of_results<R: HasErr + CacheValue>() -> impl Values<R> {
    Clones(PhantomData)
}

/// `cache_none = false`: clones, of which `None` is not kept.
pub fn clones_of_some<V: IsOption + CacheValue>() -> impl Values<V> {
    Somes(PhantomData)
}

struct Somes<V>(PhantomData<fn() -> V>);

impl<V: IsOption + CacheValue> Values<V> for Somes<V> {
    #[inline]
    fn is_inert(&self) -> bool {
        is_inert::<V>()
    }

    #[inline]
    fn is_light(&self, value: &V) -> bool {
        is_light(value)
    }

    #[inline]
    fn keeps(&self, value: &V) -> bool {
        value.is_some()
    }

    #[inline]
    fn copy(&self, value: &V) -> V {
        value.clone()
    }
}

/// The same values, each with a time to live of its own.
pub fn lasting<V, C, F>(values: C, lifetime: F) -> impl Values<V>
where
    C: Values<V>,
    F: Fn(&V) -> Option<Duration>,
{
    Lasting { values, lifetime }
}

/// `ttl_err`: what is an `Err` lives as long as `ttl` says, and the rest as the cache says.
pub fn lasting_errors<V, C, F>(values: C, ttl: F) -> impl Values<V>
where
    V: HasErr,
    C: Values<V>,
    F: Fn() -> Duration,
{
    lasting(values, move |value: &V| value.is_err().then(&ttl))
}

/// The same values, which have a time to live.
pub fn timed<V, C: Values<V>>(values: C) -> impl Values<V> {
    Timed(values)
}

struct Timed<C>(C);

impl<V, C: Values<V>> Values<V> for Timed<C> {
    #[inline]
    fn is_inert(&self) -> bool {
        self.0.is_inert()
    }

    #[inline]
    fn are_timed(&self) -> bool {
        true
    }

    #[inline]
    fn is_light(&self, value: &V) -> bool {
        self.0.is_light(value)
    }

    #[inline]
    fn is_good(&self, value: &V) -> bool {
        self.0.is_good(value)
    }

    #[inline]
    fn keeps(&self, value: &V) -> bool {
        self.0.keeps(value)
    }

    #[inline]
    fn lifetime(&self, value: &V) -> Option<Duration> {
        self.0.lifetime(value)
    }

    #[inline]
    fn copy(&self, value: &V) -> V {
        self.0.copy(value)
    }
}

struct Lasting<C, F> {
    values: C,
    lifetime: F,
}

impl<V, C: Values<V>, F: Fn(&V) -> Option<Duration>> Values<V> for Lasting<C, F> {
    #[inline]
    fn is_inert(&self) -> bool {
        self.values.is_inert()
    }

    #[inline]
    fn are_timed(&self) -> bool {
        true
    }

    fn is_light(&self, value: &V) -> bool {
        self.values.is_light(value)
    }

    fn is_good(&self, value: &V) -> bool {
        self.values.is_good(value)
    }

    fn keeps(&self, value: &V) -> bool {
        self.values.keeps(value)
    }

    fn lifetime(&self, value: &V) -> Option<Duration> {
        (self.lifetime)(value)
    }

    fn copy(&self, value: &V) -> V {
        self.values.copy(value)
    }
}

/// Finds out whether a result type whose name does not say so is a `Result`:
/// the method of `Probe<Result<T, E>>` is found before the one that `Deref`
/// leads to.
pub struct Probe<R>(AnyResult<R>);

/// Where the probe leads for everything that is no `Result`.
pub struct AnyResult<R>(PhantomData<fn() -> R>);

impl<R> Probe<R> {
    /// Probes `R`.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Probe(AnyResult(PhantomData))
    }
}

impl<R> Deref for Probe<R> {
    type Target = AnyResult<R>;

    fn deref(&self) -> &AnyResult<R> {
        &self.0
    }
}

impl<T, E> Probe<Result<T, E>> {
    /// Whole results, of which an `Err` is not kept and need not be `Clone`.
    pub fn values(&self) -> impl Values<Result<T, E>> + use<T, E>
    where
        T: CacheValue,
    {
        Oks(PhantomData)
    }
}

impl<R> AnyResult<R> {
    /// Whole results.
    pub fn values(&self) -> impl Values<R> + use<R>
    where
        R: CacheValue,
    {
        Clones(PhantomData)
    }
}

struct Oks<T, E>(PhantomData<fn() -> (T, E)>);

impl<T: CacheValue, E> Values<Result<T, E>> for Oks<T, E> {
    #[inline]
    fn is_inert(&self) -> bool {
        false
    }

    fn is_light(&self, _value: &Result<T, E>) -> bool {
        false
    }

    fn is_good(&self, value: &Result<T, E>) -> bool {
        value.is_ok()
    }

    fn copy(&self, value: &Result<T, E>) -> Result<T, E> {
        match value {
            Ok(value) => Ok(value.clone()),
            Err(_) => unreachable!("only what `is_good` is handed out"),
        }
    }
}

/// How the result of a body relates to the value that is kept.
pub trait Outcome {
    /// What the body returns.
    type Result;
    /// What the cache keeps.
    type Value;
    /// How that is copied.
    type Values: Values<Self::Value>;

    /// How values are copied.
    fn values(&self) -> &Self::Values;

    /// The value in a result, if it has one.
    fn value<'r>(&self, result: &'r Self::Result) -> Option<&'r Self::Value>;

    /// The result that a kept value stands for.
    fn wrap(&self, value: Self::Value) -> Self::Result;

    /// Whether a result with this value is to be kept.
    #[inline]
    fn keeps(&self, value: &Self::Value) -> bool {
        self.values().keeps(value)
    }
}

/// The result is the value.
#[inline]
pub fn whole<V, C: Values<V>>(values: C) -> Whole<V, C> {
    Whole {
        values,
        value: PhantomData,
    }
}

/// What [`whole`] makes.
pub struct Whole<V, C> {
    values: C,
    value: PhantomData<fn() -> V>,
}

impl<V, C: Values<V>> Outcome for Whole<V, C> {
    type Result = V;
    type Value = V;
    type Values = C;

    #[inline]
    fn values(&self) -> &C {
        &self.values
    }

    #[inline]
    fn value<'r>(&self, result: &'r V) -> Option<&'r V> {
        Some(result)
    }

    #[inline]
    fn wrap(&self, value: V) -> V {
        value
    }
}

/// The value is what `Ok` holds.
#[inline]
pub fn ok<R: IsResult, C: Values<R::Ok>>(values: C) -> OkOnly<R, C> {
    OkOnly {
        values,
        result: PhantomData,
    }
}

/// What [`ok`] makes.
pub struct OkOnly<R, C> {
    values: C,
    result: PhantomData<fn() -> R>,
}

impl<R: IsResult, C: Values<R::Ok>> Outcome for OkOnly<R, C> {
    type Result = R;
    type Value = R::Ok;
    type Values = C;

    #[inline]
    fn values(&self) -> &C {
        &self.values
    }

    #[inline]
    fn value<'r>(&self, result: &'r R) -> Option<&'r R::Ok> {
        result.as_result().ok()
    }

    #[inline]
    fn wrap(&self, value: R::Ok) -> R {
        R::from_ok(value)
    }
}

/// `cache_if`: of what `outcome` keeps, only what `accepts` says yes to.
#[inline]
pub fn only_if<O: Outcome, F: Fn(&O::Value) -> bool>(outcome: O, accepts: F) -> OnlyIf<O, F> {
    OnlyIf { outcome, accepts }
}

/// What [`only_if`] makes.
pub struct OnlyIf<O, F> {
    outcome: O,
    accepts: F,
}

impl<O: Outcome, F: Fn(&O::Value) -> bool> Outcome for OnlyIf<O, F> {
    type Result = O::Result;
    type Value = O::Value;
    type Values = O::Values;

    #[inline]
    fn values(&self) -> &O::Values {
        self.outcome.values()
    }

    #[inline]
    fn value<'r>(&self, result: &'r O::Result) -> Option<&'r O::Value> {
        self.outcome.value(result)
    }

    #[inline]
    fn wrap(&self, value: O::Value) -> O::Result {
        self.outcome.wrap(value)
    }

    #[inline]
    fn keeps(&self, value: &O::Value) -> bool {
        self.outcome.keeps(value) && (self.accepts)(value)
    }
}
