//! Caches as objects, and what one would write to put them round a function.

use std::borrow::Borrow;
use std::hash::Hash;
use std::num::NonZeroUsize;

use lruheap::Cache;
use parking_lot::Mutex;
use schnellru::{ByLength, LruMap};

use super::{Call, MAXSIZE, Role, Subject};

/// What is looked up as it is, and owned only to be stored.
pub(crate) trait Key:
    Hash
    + Eq
    + ToOwned<Owned: Hash + Eq + Clone + Send + Sync + 'static>
    + PartialEq<<Self as ToOwned>::Owned>
    + 'static
{
}
impl Key for u64 {}
impl Key for str {}

pub(crate) trait Value: Clone + Send + Sync + 'static {}
impl<V: Clone + Send + Sync + 'static> Value for V {}

/// A cache that threads share.
pub(crate) trait ByHand<K: Key + ?Sized, V: Value>: Send + Sync + 'static {
    fn get(&self, key: &K) -> Option<V>;
    fn insert(&self, key: &K, value: V);
    /// Does what the cache has put off.
    fn settle(&self) {}
}

pub(crate) type Ours<K, V> = Cache<<K as ToOwned>::Owned, V>;
pub(crate) type Moka<K, V> = moka::sync::Cache<<K as ToOwned>::Owned, V>;
pub(crate) type Quick<K, V> = quick_cache::sync::Cache<<K as ToOwned>::Owned, V>;
pub(crate) type Lru<K, V> = Mutex<lru::LruCache<<K as ToOwned>::Owned, V>>;
pub(crate) type Schnell<K, V> = Mutex<LruMap<<K as ToOwned>::Owned, V, ByLength>>;

impl<K: Key + ?Sized, V: Value> ByHand<K, V> for Ours<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.get(key)
    }

    fn insert(&self, key: &K, value: V) {
        self.insert(key.to_owned(), value);
    }
}

impl<K: Key + ?Sized, V: Value> ByHand<K, V> for Moka<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.get(key)
    }

    fn insert(&self, key: &K, value: V) {
        self.insert(key.to_owned(), value);
    }

    fn settle(&self) {
        self.run_pending_tasks();
    }
}

impl<K: Key + ?Sized, V: Value> ByHand<K, V> for Quick<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.get(key)
    }

    fn insert(&self, key: &K, value: V) {
        self.insert(key.to_owned(), value);
    }
}

impl<K: Key + ?Sized, V: Value> ByHand<K, V> for Lru<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).cloned()
    }

    fn insert(&self, key: &K, value: V) {
        self.lock().put(key.to_owned(), value);
    }
}

impl<K: Key + ?Sized, V: Value> ByHand<K, V> for Schnell<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).cloned()
    }

    fn insert(&self, key: &K, value: V) {
        self.lock().insert(key.to_owned(), value);
    }
}

pub(crate) fn lru<K: Hash + Eq, V>(capacity: usize) -> Mutex<lru::LruCache<K, V>> {
    let capacity = NonZeroUsize::new(capacity).expect("a capacity");
    Mutex::new(lru::LruCache::new(capacity))
}

pub(crate) fn schnellru<K: Hash + Eq, V>(capacity: usize) -> Mutex<LruMap<K, V, ByLength>> {
    let capacity = u32::try_from(capacity).expect("a capacity");
    Mutex::new(LruMap::new(ByLength::new(capacity)))
}

/// The function that a cache is put round: how a number becomes its argument, its body, and how its
/// result becomes a number.
#[derive(Clone, Copy)]
pub(crate) struct Function<A, B, R> {
    pub(crate) argument: A,
    pub(crate) body: B,
    pub(crate) read: R,
}

/// A look-up, and on a miss the body, outside of any lock, and a store.
pub(crate) fn round<K, V, C, X, A, B, R>(cache: C, function: Function<A, B, R>) -> Call
where
    K: Key + ?Sized,
    V: Value,
    C: ByHand<K, V>,
    X: Borrow<K>,
    A: Fn(u64) -> X + Send + Sync + 'static,
    B: Fn(&K) -> V + Send + Sync + 'static,
    R: Fn(V) -> u64 + Send + Sync + 'static,
{
    Box::new(move |x| {
        let argument = (function.argument)(x);
        let key = argument.borrow();
        let value = cache.get(key).unwrap_or_else(|| {
            let value = (function.body)(key);
            cache.insert(key, value.clone());
            value
        });
        (function.read)(value)
    })
}

/// The peers without an attribute, each round this function.
pub(crate) fn peers<K, V, X, A, B, R>(function: Function<A, B, R>) -> Vec<Subject>
where
    K: Key + ?Sized,
    V: Value,
    X: Borrow<K>,
    A: Fn(u64) -> X + Copy + Send + Sync + 'static,
    B: Fn(&K) -> V + Copy + Send + Sync + 'static,
    R: Fn(V) -> u64 + Copy + Send + Sync + 'static,
{
    let peer = |name, call| Subject {
        name,
        role: Role::Peer,
        call,
    };
    vec![
        peer("moka", round(Moka::<K, V>::new(MAXSIZE as u64), function)),
        peer("quick_cache", round(Quick::<K, V>::new(MAXSIZE), function)),
        peer("lru", round(lru::<K::Owned, V>(MAXSIZE), function)),
        peer(
            "schnellru",
            round(schnellru::<K::Owned, V>(MAXSIZE), function),
        ),
    ]
}
