//! Memoization for Rust: put [`#[lru_cache]`](macro@lru_cache) on a function
//! and calls are answered from an exact LRU cache.
//!
//! ```
//! use lruheap::lru_cache;
//!
//! /// The n-th Fibonacci number.
//! #[lru_cache(maxsize = 128)]
//! pub fn fibonacci(n: u64) -> u64 {
//!     if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
//! }
//!
//! assert_eq!(fibonacci(35), 9_227_465);
//! assert_eq!(fibonacci::cache_info().to_string(),
//!            "CacheInfo(hits=33, misses=36, maxsize=128, currsize=36)");
//! fibonacci::cache_clear();
//! ```
//!
//! * [`#[lru_cache]`](macro@lru_cache) memoizes a function; the controls of its
//!   cache stand beside it, under its own name. It memoizes methods as well, with
//!   a cache for each instance.
//! * [`CacheHost`](derive@CacheHost) gives the instances of a type their caches,
//!   and [`#[cache_invalidate]`](macro@cache_invalidate) clears them when an
//!   instance changes.
//! * [`#[cache]`](macro@cache) does so without a bound.
//! * [`Cache`] is the cache itself, for use by hand.
//! * [`caches`] lists the caches of the process, and [`report`] prints them;
//!   the [`sweeper`] frees what has expired in those that lie idle.
//! * [`LooseKey`](derive@LooseKey) lets equal numbers of different types be one
//!   key, as in Python.
//!
//! Code of yours (the body, `Hash`, `Eq`, `Clone`, `Drop`, closures) never runs
//! while a lock is held: it may be slow, panic, or call the same function.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `testing`: a clock that tests can move, `lruheap::testing::advance`.
//! * `serde`: types with an [`InstanceCaches`] derive `Serialize` and `Deserialize`.
//! * `shared`: results that processes share, in an embedded store; `redis` and `memcached`: in
//!   those (`lruheap::shared`).

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use lruheap_core::{
    Cache, CacheBuilder, CacheHost, CacheInfo, CacheKind, CacheParameters, CacheReport,
    InstanceCaches, Loose, LooseKey, LooseTokens, MethodCache, MethodCaches, Policy, caches, purge,
    report, sweeper,
};

#[cfg(not(feature = "shared"))]
pub use lruheap_core::invalidate_tag;
#[cfg(feature = "shared")]
pub use lruheap_shared::invalidate_tag;

#[cfg(feature = "shared")]
#[cfg_attr(docsrs, doc(cfg(feature = "shared")))]
pub mod shared {
    #![doc = include_str!("docs/shared.md")]

    pub use lruheap_shared::{
        AsyncBackend, BLIND, Backend, Error, Key, Name, Pending, Reading, Status, Timing, Token,
        connect, connect_to, status,
    };
}

/// Gives each instance of a struct caches of its own for its memoized methods.
///
/// The caches hang on a field of type [`InstanceCaches`], which the derive finds
/// by that name; where it goes by another, `#[cache_host]` marks the field. One
/// field is enough for all methods.
///
/// ```
/// use lruheap::{CacheHost, InstanceCaches, lru_cache};
///
/// #[derive(CacheHost, Clone, Debug, Default, PartialEq)]
/// struct Corpus {
///     texts: Vec<String>,
///     caches: InstanceCaches,
/// }
///
/// impl Corpus {
///     #[lru_cache(maxsize = 1000)]
///     fn count(&self, word: &str) -> usize {
///         self.texts.iter().map(|text| text.matches(word).count()).sum()
///     }
/// }
///
/// let corpus = Corpus { texts: vec!["a rose is a rose".into()], ..Corpus::default() };
/// assert_eq!((corpus.count("rose"), corpus.count("rose")), (2, 2));
/// assert_eq!(corpus.count_cache().cache_info().hits, 1);
///
/// let copy = corpus.clone(); // as if the field were not there
/// assert_eq!(copy, corpus);
/// assert_eq!(copy.count_cache().cache_info().misses, 0);
/// ```
///
/// Parameters of any kind are fine. Derived `Debug` prints the field's name and nothing
/// of what is cached. `#[cache_host(crate = some::path)]` on the type names another path
/// to lruheap. For types that are no structs, see [the trait](trait@CacheHost).
///
/// # Errors
///
/// A struct with no such field, or with two; a field of another type that leads to one
/// (`Arc<InstanceCaches>` would be shared by clones); an enum, a union.
pub use lruheap_macros::CacheHost;

#[doc = include_str!("docs/cache_invalidate.md")]
pub use lruheap_macros::cache_invalidate;

/// Memoizes a function without a bound: [`#[lru_cache(maxsize = None)]`](macro@lru_cache).
///
/// Takes the same options, but for `maxsize`. Nothing is ever evicted, so it is
/// for functions whose arguments are few, or with a `ttl`.
///
/// ```
/// use lruheap::cache;
///
/// #[cache]
/// fn factorial(n: u128) -> u128 {
///     if n == 0 { 1 } else { n.wrapping_mul(factorial(n - 1)) }
/// }
///
/// assert_eq!(factorial(20), 2_432_902_008_176_640_000);
/// assert_eq!(factorial::cache_info().maxsize, None);
/// ```
pub use lruheap_macros::cache;

/// Makes a type an argument of functions with `typed = false`: values are equal
/// if the type's name is and all fields are, each compared by value rather than
/// by type. See [`LooseKey`](trait@LooseKey).
///
/// ```
/// use lruheap::{LooseKey, lru_cache};
///
/// #[derive(LooseKey)]
/// struct Point<T> {
///     x: T,
///     y: T,
/// }
///
/// #[lru_cache(typed = false)]
/// fn quadrant<T: LooseKey + PartialOrd + Default>(point: Point<T>) -> u8 {
///     match (point.x >= T::default(), point.y >= T::default()) {
///         (true, true) => 1,
///         (false, true) => 2,
///         (false, false) => 3,
///         (true, false) => 4,
///     }
/// }
///
/// assert_eq!(quadrant(Point { x: 1, y: -1 }), 4);
/// assert_eq!(quadrant(Point { x: 1.0, y: -1.0 }), 4);
/// assert_eq!(quadrant::<i32>::cache_info().hits, 1);
/// ```
///
/// `#[loose_key(crate = some::path)]` on the type names another path to lruheap.
pub use lruheap_macros::LooseKey;

#[doc = include_str!("docs/lru_cache.md")]
pub use lruheap_macros::lru_cache;

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use lruheap_core::testing;

/// What generated code calls. Nothing in here is covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub use lruheap_core::memo::*;
    #[cfg(feature = "shared")]
    pub use lruheap_shared::memo as shared;
}

/// The README's code blocks, as tests.
#[cfg(all(doctest, feature = "shared"))]
#[doc = include_str!("../README.md")]
struct Readme;
