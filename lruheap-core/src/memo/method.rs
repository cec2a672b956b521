//! The cache of a method in the hands of its user: `instance.m_cache()`.

use std::fmt;
use std::time::Duration;

use super::Bound;
use crate::stats::{CacheInfo, CacheParameters};

/// The arguments of a method as a tuple, whatever they borrow from for how long.
/// It is a trait only so that such a tuple can be named.
pub trait Arguments<'k> {
    /// The tuple.
    type Tuple;
}

/// In the place of a tuple where an argument is of type `impl Trait`: there is
/// none. A named type parameter in its place gives the method these controls.
#[derive(Debug)]
pub enum NoTupleForImplTrait {}

/// The tuple of a method's arguments.
type Tuple<'k, A> = <A as Arguments<'k>>::Tuple;

/// What is asked of a cache.
pub enum Ask<V> {
    /// Of the cache as a whole.
    Info,
    /// Likewise.
    Parameters,
    /// Likewise.
    Clear,
    /// Likewise.
    Purge,
    /// Likewise.
    Resize(Option<usize>),
    /// Of one entry.
    Peek,
    /// Likewise.
    Ttl,
    /// Likewise.
    Insert(V),
    /// Likewise.
    Remove,
}

/// What it answers.
pub enum Answer<V> {
    /// To `Info`.
    Info(CacheInfo),
    /// To `Parameters`.
    Parameters(CacheParameters),
    /// To `Purge`.
    Count(usize),
    /// To `Peek` and `Remove`.
    Value(Option<V>),
    /// To `Ttl`.
    Time(Option<Duration>),
    /// To all others.
    Done,
}

/// How the controls reach a cache: with arguments, or without.
type Control<H, A, V> = for<'k> fn(&H, Option<<A as Arguments<'k>>::Tuple>, Ask<V>) -> Answer<V>;

/// How the body is run anew, where that needs no `await` and is safe.
pub struct Refresh<H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, R>(
    pub for<'k> fn(&H, <A as Arguments<'k>>::Tuple) -> R,
);

/// In the place of [`Refresh`], where running the body anew needs an `await`, is not
/// safe, or gives a result that borrows from the arguments.
pub struct RefreshBeside;

/// How `cache_refresh` runs a body.
#[diagnostic::on_unimplemented(
    message = "the body of this method can't be run by its cache: it is `async`, `unsafe`, borrows in its `Err`, or takes `impl Trait`",
    label = "the method itself has a control for that",
    note = "call `a.m_refresh(args…)` in the place of `a.m_cache().cache_refresh((args…,))`"
)]
pub trait Refreshes<H: ?Sized, A: ?Sized + for<'k> Arguments<'k>> {
    /// What the method returns.
    type Output;

    /// Runs it.
    #[doc(hidden)]
    fn run(&self, host: &H, arguments: Tuple<'_, A>) -> Self::Output;
}

impl<H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, R> Refreshes<H, A> for Refresh<H, A, R> {
    type Output = R;

    fn run(&self, host: &H, arguments: Tuple<'_, A>) -> R {
        (self.0)(host, arguments)
    }
}

/// The cache that an instance has for one of its methods, by `instance.m_cache()`:
/// the controls that a memoized function has beside it. Those that concern one
/// entry take the method's arguments as a tuple: `(3,)`, `("name", 7)`.
///
/// `a.m_uncached(args…)` stands beside the method, because it runs the body; so
/// does `a.m_refresh(args…)` where the method is `async` or `unsafe`.
pub struct MethodCache<'h, H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, V, R = RefreshBeside> {
    host: &'h H,
    control: Control<H, A, V>,
    refresh: R,
}

impl<'h, H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, V, R> MethodCache<'h, H, A, V, R> {
    /// For generated code.
    #[doc(hidden)]
    #[inline]
    pub fn __new(host: &'h H, control: Control<H, A, V>, refresh: R) -> Self {
        MethodCache {
            host,
            control,
            refresh,
        }
    }

    fn ask(&self, ask: Ask<V>) -> Answer<V> {
        (self.control)(self.host, None, ask)
    }

    fn ask_of(&self, arguments: Tuple<'_, A>, ask: Ask<V>) -> Answer<V> {
        (self.control)(self.host, Some(arguments), ask)
    }

    /// The exact counters.
    pub fn cache_info(&self) -> CacheInfo {
        match self.ask(Ask::Info) {
            Answer::Info(info) => info,
            _ => unreachable!("an answer fits what was asked"),
        }
    }

    /// The options of the cache, as configured.
    pub fn cache_parameters(&self) -> CacheParameters {
        match self.ask(Ask::Parameters) {
            Answer::Parameters(parameters) => parameters,
            _ => unreachable!("an answer fits what was asked"),
        }
    }

    /// Drops every entry and zeroes the counters.
    pub fn cache_clear(&self) {
        self.ask(Ask::Clear);
    }

    /// Drops what has expired, says how many entries that were.
    pub fn cache_purge(&self) -> usize {
        match self.ask(Ask::Purge) {
            Answer::Count(count) => count,
            _ => unreachable!("an answer fits what was asked"),
        }
    }

    /// Changes the bound, evicting down to it; `None` for no bound.
    pub fn cache_resize(&self, maxsize: impl Bound) {
        self.ask(Ask::Resize(maxsize.into()));
    }

    /// The live value, if there is one. Counts and touches nothing.
    pub fn cache_peek(&self, arguments: Tuple<'_, A>) -> Option<V> {
        match self.ask_of(arguments, Ask::Peek) {
            Answer::Value(value) => value,
            _ => unreachable!("an answer fits what was asked"),
        }
    }

    /// Whether there is a live value. Counts and touches nothing.
    pub fn cache_contains(&self, arguments: Tuple<'_, A>) -> bool {
        self.cache_ttl(arguments).is_some()
    }

    /// The time that the entry has left; `Duration::MAX` where it never expires,
    /// `None` where there is none.
    pub fn cache_ttl(&self, arguments: Tuple<'_, A>) -> Option<Duration> {
        match self.ask_of(arguments, Ask::Ttl) {
            Answer::Time(time) => time,
            _ => unreachable!("an answer fits what was asked"),
        }
    }

    /// Stores a value, as if the body had returned it.
    pub fn cache_insert(&self, arguments: Tuple<'_, A>, value: V) {
        self.ask_of(arguments, Ask::Insert(value));
    }

    /// Removes the entry and gives its value, if it was live.
    pub fn cache_remove(&self, arguments: Tuple<'_, A>) -> Option<V> {
        match self.ask_of(arguments, Ask::Remove) {
            Answer::Value(value) => value,
            _ => unreachable!("an answer fits what was asked"),
        }
    }
}

impl<H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, V, R> MethodCache<'_, H, A, V, R> {
    /// Runs the body now and puts its result in the place of the entry. Not
    /// counted. An `Err` leaves the entry as it is, another result that is not to
    /// be kept removes it.
    ///
    /// A method that is `async`, `unsafe`, or borrows in its `Err` has
    /// `a.m_refresh(args…)` instead.
    pub fn cache_refresh(&self, arguments: Tuple<'_, A>) -> R::Output
    where
        R: Refreshes<H, A>,
    {
        self.refresh.run(self.host, arguments)
    }
}

impl<H: ?Sized, A: ?Sized + for<'k> Arguments<'k>, V, R> fmt::Debug
    for MethodCache<'_, H, A, V, R>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodCache")
            .field("info", &self.cache_info())
            .finish_non_exhaustive()
    }
}
