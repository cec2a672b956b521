//! `#[cache_invalidate]`: what is cleared when a method that changes its instance
//! ends, in whatever way: it returns, fails, panics, or its future is dropped.
//!
//! The guard is made before the body runs and borrows nothing, so that the body
//! has `self` to itself.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::thread::LocalKey;

use super::instance::{self, CacheHost, InstanceSlots, StaleChain};
use super::local::{self, LocalSlots};
use super::slot::Slots;
use super::tracked::TrackedSlots;

/// Clears what is out of date when it goes.
#[must_use = "what is out of date is cleared when this goes"]
pub struct Stale(Scope);

enum Scope {
    Instance { _chain: StaleChain },
    Shared(&'static Slots),
    Tracked(&'static TrackedSlots, usize),
    Local(&'static LocalKey<LocalSlots>, usize),
}

impl Drop for Stale {
    fn drop(&mut self) {
        match &self.0 {
            // It clears by itself.
            Scope::Instance { .. } => {}
            Scope::Shared(slots) => slots.outdate(),
            Scope::Tracked(slots, instance) => slots.outdate(*instance),
            Scope::Local(key, instance) => local::outdate(key, *instance),
        }
    }
}

/// A type with caches to clear.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no caches that hang on its instances",
    label = "`{Self}` is no `CacheHost`",
    note = "where its memoized methods take `Arc<Self>` or `Rc<Self>`, or share one cache, name those that are out of date: `#[cache_invalidate(m)]`",
    note = "otherwise write `#[derive(CacheHost)]` on the type and give it a field `caches: InstanceCaches`"
)]
pub trait HasCaches: CacheHost {}

#[diagnostic::do_not_recommend]
impl<H: CacheHost + ?Sized> HasCaches for H {}

/// All caches of an instance.
pub fn stale<H: HasCaches + ?Sized>(host: &H) -> Stale {
    Stale(Scope::Instance {
        _chain: instance::stale(host),
    })
}

/// What lies behind a method, of whatever kind: hidden functions of the type give
/// it, for `#[cache_invalidate(m)]`.
pub struct Behind<S: 'static>(pub &'static S);

impl Behind<InstanceSlots> {
    /// What the method keeps of this instance.
    pub fn stale<H: CacheHost + ?Sized>(self, host: &H) -> Stale {
        Stale(Scope::Instance {
            _chain: instance::stale_method(host, self.0),
        })
    }
}

impl Behind<Slots> {
    /// All that the method keeps: it may be of this instance.
    pub fn stale<H: ?Sized>(self, _host: &H) -> Stale {
        Stale(Scope::Shared(self.0))
    }
}

impl Behind<TrackedSlots> {
    /// What the method keeps of this instance.
    pub fn stale<H>(self, host: &H) -> Stale {
        Stale(Scope::Tracked(self.0, std::ptr::from_ref(host).addr()))
    }
}

impl Behind<LocalKey<LocalSlots>> {
    /// What the method keeps of this instance in this thread, or all.
    pub fn stale<H: ?Sized>(self, host: &H) -> Stale {
        let instance = std::ptr::from_ref(host).cast::<()>().addr();
        Stale(Scope::Local(self.0, instance))
    }
}

/// Does something when it goes: `#[cache_invalidate(always, …)]`.
#[must_use = "what is out of date is dropped when this goes"]
pub struct After<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> After<F> {
    /// For when the function ends.
    pub fn new(after: F) -> Self {
        After(Some(after))
    }
}

impl<F: FnOnce()> Drop for After<F> {
    fn drop(&mut self) {
        if let Some(after) = self.0.take() {
            after();
        }
    }
}

/// Runs a body that was made a closure of. As what runs once, it may give out what it
/// borrows by `&mut`.
pub fn once<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// What no future is.
#[diagnostic::on_unimplemented(
    message = "what this function returns is a future: it has not run yet when it returns",
    label = "a future",
    note = "make it an `async fn`, or drop what is out of date at the end of the future, by the controls of the cache"
)]
pub trait HasRun {}

/// Asks whether a result is a future, likewise.
pub struct Ran<'r, R>(AnyRan<'r, R>);

/// Where that leads for everything that is none.
pub struct AnyRan<'r, R>(PhantomData<&'r R>);

impl<'r, R> Ran<'r, R> {
    /// Of a function with this result.
    pub fn new(_: &'r R) -> Self {
        Ran(AnyRan(PhantomData))
    }
}

impl<'r, R> Deref for Ran<'r, R> {
    type Target = AnyRan<'r, R>;

    fn deref(&self) -> &AnyRan<'r, R> {
        &self.0
    }
}

impl<F: Future> Ran<'_, F> {
    /// It has not.
    pub fn has_run(&self)
    where
        F: HasRun,
    {
    }
}

impl<R> AnyRan<'_, R> {
    /// It has.
    pub fn has_run(&self) {}
}

/// Asks how a function has ended: the method of `Ended<Result<T, E>>` is found before
/// the one that `Deref` leads to.
pub struct Ended<'r, R>(AnyEnd<'r, R>);

/// Where that leads for everything that is no `Result`.
pub struct AnyEnd<'r, R>(&'r R);

impl<'r, R> Ended<'r, R> {
    /// Of a function with this result.
    pub fn new(result: &'r R) -> Self {
        Ended(AnyEnd(result))
    }
}

impl<'r, R> Deref for Ended<'r, R> {
    type Target = AnyEnd<'r, R>;

    fn deref(&self) -> &AnyEnd<'r, R> {
        &self.0
    }
}

impl<T, E> Ended<'_, Result<T, E>> {
    /// Whether it failed.
    pub fn is_err(&self) -> bool {
        self.0.0.is_err()
    }
}

impl<R> AnyEnd<'_, R> {
    /// Whatever is no `Result` is none.
    pub fn is_err(&self) -> bool {
        false
    }
}
