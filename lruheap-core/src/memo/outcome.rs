//! What of a result is kept.
//!
//! An [`Outcome`] says how the result of a body relates to the value in the
//! cache. Like parts, outcomes are opaque: the bounds on the result are asked
//! for where the outcome is made, at the user's return type.

use std::marker::PhantomData;
use std::ops::Deref;

use crate::cache::Values;
use crate::inert::is_inert;

/// How the result of a body relates to the value that is kept.
pub trait Outcome: Values<Self::Value> {
    /// What the body returns.
    type Result;
    /// What the cache keeps.
    type Value;

    /// The part of a result that is to be kept, if any.
    fn kept<'r>(&self, result: &'r Self::Result) -> Option<&'r Self::Value>;

    /// The result that a kept value stands for.
    fn wrap(&self, value: Self::Value) -> Self::Result;
}

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
    note = "`cache_err` is for functions that return a `Result`: leave the option out",
    note = "where a type of your own is called `Result<…>`, return it by another name: `type Outcome = Result<…>`"
)]
pub trait IsResult {
    /// The type of what `Ok` holds.
    type Ok;
    /// The type of what `Err` holds.
    type Err;

    /// The same, as a type whose variants can be named.
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

/// What `Ok` holds in the result type `R`.
pub type OkOf<R> = <R as IsResult>::Ok;

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

/// Every result is kept, whole.
pub fn keep<R: CacheValue>() -> impl Outcome<Result = R, Value = R> {
    Keep(PhantomData)
}

struct Keep<R>(PhantomData<fn() -> R>);

impl<R: CacheValue> Values<R> for Keep<R> {
    #[inline]
    fn is_inert(&self) -> bool {
        is_inert::<R>()
    }

    #[inline]
    fn is_good(&self, _value: &R) -> bool {
        true
    }

    #[inline]
    fn copy(&self, value: &R) -> R {
        value.clone()
    }
}

impl<R: CacheValue> Outcome for Keep<R> {
    type Result = R;
    type Value = R;

    #[inline]
    fn kept<'r>(&self, result: &'r R) -> Option<&'r R> {
        Some(result)
    }

    #[inline]
    fn wrap(&self, value: R) -> R {
        value
    }
}

/// `cache_err = true`: every `Result` is kept, whole.
pub fn keep_err<R: IsResult + CacheValue>() -> impl Outcome<Result = R, Value = R> {
    Keep(PhantomData)
}

/// What `Ok` holds is kept; an `Err` is not, and need not be `Clone`.
pub fn keep_ok<R: IsResult<Ok: CacheValue>>() -> impl Outcome<Result = R, Value = R::Ok> {
    KeepOk(PhantomData)
}

struct KeepOk<R>(PhantomData<fn() -> R>);

impl<R: IsResult<Ok: CacheValue>> Values<R::Ok> for KeepOk<R> {
    #[inline]
    fn is_inert(&self) -> bool {
        is_inert::<R::Ok>()
    }

    #[inline]
    fn is_good(&self, _value: &R::Ok) -> bool {
        true
    }

    #[inline]
    fn copy(&self, value: &R::Ok) -> R::Ok {
        value.clone()
    }
}

impl<R: IsResult<Ok: CacheValue>> Outcome for KeepOk<R> {
    type Result = R;
    type Value = R::Ok;

    #[inline]
    fn kept<'r>(&self, result: &'r R) -> Option<&'r R::Ok> {
        result.as_result().ok()
    }

    #[inline]
    fn wrap(&self, value: R::Ok) -> R {
        R::from_ok(value)
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
    /// `Ok` is kept, as a whole `Result`; an `Err` is not.
    pub fn outcome(&self) -> impl Outcome<Result = Result<T, E>, Value = Result<T, E>> + use<T, E>
    where
        T: CacheValue,
    {
        KeepHidden(PhantomData)
    }
}

impl<R> AnyResult<R> {
    /// Every result is kept.
    pub fn outcome(&self) -> impl Outcome<Result = R, Value = R> + use<R>
    where
        R: CacheValue,
    {
        Keep(PhantomData)
    }
}

/// `Result<T, E>` behind an alias: kept under the alias, but never an `Err`.
struct KeepHidden<T, E>(PhantomData<fn() -> (T, E)>);

impl<T: CacheValue, E> Values<Result<T, E>> for KeepHidden<T, E> {
    fn is_inert(&self) -> bool {
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

impl<T: CacheValue, E> Outcome for KeepHidden<T, E> {
    type Result = Result<T, E>;
    type Value = Result<T, E>;

    fn kept<'r>(&self, result: &'r Result<T, E>) -> Option<&'r Result<T, E>> {
        result.is_ok().then_some(result)
    }

    fn wrap(&self, value: Result<T, E>) -> Result<T, E> {
        value
    }
}

/// `cache_if`: of what `outcome` keeps, only what `accepts` says yes to.
pub fn keep_if<O, F>(outcome: O, accepts: F) -> impl Outcome<Result = O::Result, Value = O::Value>
where
    O: Outcome,
    F: Fn(&O::Value) -> bool,
{
    KeepIf { outcome, accepts }
}

/// `cache_none = false`: of what `outcome` keeps, only what is `Some`.
pub fn keep_some<O>(outcome: O) -> impl Outcome<Result = O::Result, Value = O::Value>
where
    O: Outcome<Value: IsOption>,
{
    KeepIf { outcome, accepts: |value: &O::Value| value.is_some() }
}

struct KeepIf<O, F> {
    outcome: O,
    accepts: F,
}

impl<V, O: Values<V>, F> Values<V> for KeepIf<O, F> {
    #[inline]
    fn is_inert(&self) -> bool {
        self.outcome.is_inert()
    }

    #[inline]
    fn is_good(&self, value: &V) -> bool {
        self.outcome.is_good(value)
    }

    #[inline]
    fn copy(&self, value: &V) -> V {
        self.outcome.copy(value)
    }
}

impl<O: Outcome, F: Fn(&O::Value) -> bool> Outcome for KeepIf<O, F> {
    type Result = O::Result;
    type Value = O::Value;

    #[inline]
    fn kept<'r>(&self, result: &'r O::Result) -> Option<&'r O::Value> {
        self.outcome.kept(result).filter(|value| (self.accepts)(value))
    }

    #[inline]
    fn wrap(&self, value: O::Value) -> O::Result {
        self.outcome.wrap(value)
    }
}
