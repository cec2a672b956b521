//! The shared handle: [`Cache`], and beneath it the engine with its gate and
//! the computations under way. Policies and data structures belong in the
//! store; what generated code calls belongs in `memo`.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

mod board;
mod boarding;
mod builder;
mod compute;
mod direct;
mod engine;
mod flight;
mod flights;
mod gate;
mod landing;
mod look;
mod patience;
mod payload;
mod settings;
mod state;
mod tags;
mod touches;
mod wait;

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

pub use board::Asked;
pub(crate) use boarding::Boarding;
pub use builder::CacheBuilder;
pub use engine::Engine;
pub(crate) use flight::Flight;
pub use flight::{Given, Home};
pub(crate) use gate::once::{OnceArc, Shared};
pub(crate) use gate::{Gate, Instance, LocalInstance, Logged};
pub use gate::{Process, Scope, Thread};
pub use payload::Values;

pub(crate) use settings::Settings;
pub(crate) use settings::Setup;

use crate::key::Query;
use crate::stats::{CacheInfo, CacheParameters};
use payload::Clones;

/// An exact LRU cache with time to live, shared by all who hold a handle.
///
/// Cloning a `Cache` makes another handle to the same entries. Look-ups take
/// a borrowed form of the key (`&str` for a `String`) and hand out clones of
/// the values, so large values are best kept as `Arc`. Every operation hashes
/// its key once and is O(1); O(log n) where entries have a time to live.
///
/// Code of the user's (`Hash`, `Eq`, `Clone`, `Drop`, closures) never runs
/// while a lock is held: it may be slow, panic, or use the same cache.
///
/// ```
/// use std::sync::LazyLock;
/// use lruheap_core::Cache;
///
/// static SQUARES: LazyLock<Cache<u64, u64>> = LazyLock::new(|| Cache::builder().maxsize(2).build());
///
/// for n in [1, 2, 1, 3] {
///     assert_eq!(SQUARES.get_or_insert_with(&n, || n * n), n * n);
/// }
/// assert_eq!(SQUARES.entries(), [(1, 1), (3, 9)]); // 2 was used least recently
/// assert_eq!(SQUARES.info().to_string(), "CacheInfo(hits=1, misses=3, maxsize=2, currsize=2)");
/// ```
pub struct Cache<K, V> {
    engine: Arc<Engine<K, V>>,
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Cache {
            engine: Arc::clone(&self.engine),
        }
    }
}

// A panic in code of the user's leaves the cache as it was.
impl<K, V> UnwindSafe for Cache<K, V> {}
impl<K, V> RefUnwindSafe for Cache<K, V> {}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.engine.name())
            .field("info", &self.engine.info())
            .finish()
    }
}

impl<K: Hash + Eq + 'static, V: 'static> Default for Cache<K, V> {
    /// A cache without a bound and without a time to live.
    fn default() -> Self {
        Cache::builder().build()
    }
}

impl<K, V> Home for &Cache<K, V> {
    type Key = K;
    type Value = V;
    type Scope = Process;

    fn engine(&self) -> &Engine<K, V> {
        &self.engine
    }
}

impl Cache<(), ()> {
    /// Starts building a cache; unbounded and without a time to live unless told.
    ///
    /// ```
    /// use lruheap_core::Cache;
    ///
    /// let cache: Cache<u32, String> = Cache::builder().maxsize(1000).build();
    /// assert_eq!(cache.parameters().maxsize, Some(1000));
    /// assert_eq!(cache.parameters().ttl, None);
    /// ```
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }
}

/// What says something of the cache as a whole.
impl<K, V> Cache<K, V> {
    pub(crate) fn with_setup(setup: Setup) -> Self {
        Cache {
            engine: Arc::new(Engine::new(setup)),
        }
    }

    pub(crate) fn as_engine(&self) -> &Engine<K, V> {
        &self.engine
    }

    /// The exact counters. Drops what has expired on the way.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::builder().maxsize(8).build();
    /// cache.get(&1);
    /// assert_eq!(cache.info().misses, 1);
    /// ```
    pub fn info(&self) -> CacheInfo {
        self.engine.info()
    }

    /// How the cache is configured. `maxsize` follows [`resize`](Self::resize).
    pub fn parameters(&self) -> CacheParameters {
        self.engine.parameters()
    }

    /// What reports call the cache; empty unless the builder was told.
    pub fn name(&self) -> &str {
        self.engine.name()
    }

    /// The number of live entries. Drops what has expired on the way.
    pub fn len(&self) -> usize {
        self.info().currsize
    }

    /// Whether there is no live entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops every entry and zeroes the counters. What is being computed at
    /// this moment is returned to its caller, but not stored.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// cache.insert(1, 10);
    /// cache.clear();
    /// assert!(cache.is_empty());
    /// ```
    pub fn clear(&self) {
        self.engine.clear();
    }

    /// Drops what has expired and says how many entries that were.
    ///
    /// Writes take a few expired entries along as they come, so this is for
    /// caches that lie idle. It also gives back the memory of entries that have
    /// gone, as `resize` and `clear` do. O(expired · log n).
    pub fn purge(&self) -> usize {
        self.engine.purge()
    }

    /// Changes the bound (a number, or `None` for none), evicting the least
    /// recently used entries down to it.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// for n in 0..10 {
    ///     cache.insert(n, n);
    /// }
    /// cache.resize(2);
    /// assert_eq!(cache.entries(), [(8, 8), (9, 9)]);
    /// ```
    pub fn resize(&self, maxsize: impl Into<Option<usize>>) {
        self.engine.resize(maxsize.into());
    }
}

/// What needs no value handed out.
impl<K: Hash + Eq + 'static, V: 'static> Cache<K, V> {
    /// Stores a value, in the place of the one that may be there. The entry
    /// becomes the most recently used one and lives for the cache's ttl.
    pub fn insert(&self, key: K, value: V)
    where
        V: Clone,
    {
        self.set(key, value, None);
    }

    /// Stores a value that lives for `ttl`, whatever the cache's ttl is.
    ///
    /// With a ttl of zero nothing is stored, and what is there goes. One beyond
    /// the clock's 584 years never expires.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// cache.insert_with_ttl(1, 10, Duration::from_secs(60));
    /// assert!(cache.ttl(&1).unwrap() <= Duration::from_secs(60));
    /// ```
    pub fn insert_with_ttl(&self, key: K, value: V, ttl: Duration)
    where
        V: Clone,
    {
        self.set(key, value, Some(ttl));
    }

    fn set(&self, key: K, value: V, ttl: Option<Duration>)
    where
        V: Clone,
    {
        self.engine.set_owned(key, value, &Clones, ttl);
    }

    /// Whether there is a live entry. Counts and touches nothing.
    pub fn contains<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + 'static,
    {
        self.ttl(key).is_some()
    }

    /// What is left of an entry's time; `Duration::MAX` where it never
    /// expires, `None` where there is no live entry. Counts and touches nothing.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// assert_eq!(cache.ttl(&1), None);
    /// cache.insert(1, 10);
    /// assert_eq!(cache.ttl(&1), Some(Duration::MAX));
    /// ```
    pub fn ttl<Q>(&self, key: &Q) -> Option<Duration>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + 'static,
    {
        self.engine.ttl(&Query::new(key), |_| true)
    }
}

/// What hands out values.
impl<K: Hash + Eq + 'static, V: Clone + 'static> Cache<K, V> {
    /// A clone of the value. Counts a hit or a miss, and makes the entry the
    /// most recently used one.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<String, u32> = Cache::default();
    /// cache.insert("one".into(), 1);
    /// assert_eq!(cache.get("one"), Some(1));
    /// assert_eq!(cache.get("two"), None);
    /// ```
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + 'static,
    {
        self.engine.get(&Query::new(key), &Clones)
    }

    /// A clone of the value. Counts and touches nothing.
    pub fn peek<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + 'static,
    {
        self.engine.peek(&Query::new(key), &Clones)
    }

    /// Removes an entry and gives its value, if it was live. To remove what is
    /// absent is no error. What is being computed for the key at this moment
    /// is not stored.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// cache.insert(1, 10);
    /// assert_eq!(cache.remove(&1), Some(10));
    /// assert_eq!(cache.remove(&1), None);
    /// ```
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized + 'static,
    {
        self.engine.remove(&Query::new(key), &Clones)
    }

    /// A snapshot of the live entries, the least recently used first. Counts
    /// and touches nothing. O(n).
    pub fn entries(&self) -> Vec<(K, V)>
    where
        K: Clone,
    {
        self.engine.first(usize::MAX)
    }

    /// The live entry that would be evicted next. Counts and touches nothing.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<u32, u32> = Cache::default();
    /// cache.insert(1, 10);
    /// cache.insert(2, 20);
    /// cache.get(&1);
    /// assert_eq!(cache.least_recent(), Some((2, 20)));
    /// ```
    pub fn least_recent(&self) -> Option<(K, V)>
    where
        K: Clone,
    {
        self.engine.first(1).pop()
    }
}

#[cfg(test)]
mod tests;
