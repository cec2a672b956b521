//! The calls of a [`Cache`] that compute what is not there.

use std::borrow::Borrow;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::pin;

use super::payload::Clones;
use super::{Boarding, Cache, Flight, Given};
use crate::key::Query;

impl<K: Hash + Eq + 'static, V: Clone + 'static> Cache<K, V> {
    /// The value, computed by `compute` and stored if it is not there.
    ///
    /// The key is owned only on a miss. `compute` runs without any lock and
    /// may use the same cache. If it panics, nothing is stored. If the key is
    /// removed, inserted or cleared while it runs, its value is returned and
    /// not stored.
    ///
    /// Of callers that miss on one key at one time, one computes, and the others
    /// wait and count as hits; if it panics, the next of them computes. A call
    /// that could only wait for itself computes as well, and so does one that
    /// finds a future computing (of [`get_or_insert_with_async`]), which may need
    /// this very thread. Nobody waits for ever: see the chapter on concurrent
    /// calls of `#[lru_cache]`.
    ///
    /// [`get_or_insert_with_async`]: Self::get_or_insert_with_async
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let rates: Cache<String, f64> = Cache::default();
    /// assert_eq!(rates.get_or_insert_with("EUR/JPY", || 171.2), 171.2);
    /// assert_eq!(rates.get_or_insert_with("EUR/JPY", || unreachable!()), 171.2);
    /// ```
    pub fn get_or_insert_with<Q>(&self, key: &Q, compute: impl FnOnce() -> V) -> V
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
    {
        match self.call(key) {
            Ok(value) => value,
            Err(mut flight) => {
                let value = compute();
                flight.land(value.clone(), &Clones);
                value
            }
        }
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), for a computation
    /// that can fail.
    ///
    /// # Errors
    ///
    /// What `compute` returned, unless an old value stands in for it
    /// ([`stale_if_error`](crate::CacheBuilder::stale_if_error)). Errors are not kept,
    /// and reach this caller only: the next call, or the next that waits, computes
    /// again.
    ///
    /// ```
    /// # use lruheap_core::Cache;
    /// let cache: Cache<String, u32> = Cache::default();
    /// assert!(cache.try_get_or_insert_with("x", || "x".parse::<u32>()).is_err());
    /// assert_eq!(cache.try_get_or_insert_with("7", || "7".parse::<u32>()), Ok(7));
    /// assert_eq!(cache.len(), 1);
    /// ```
    pub fn try_get_or_insert_with<Q, E>(
        &self,
        key: &Q,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
    {
        match self.call(key) {
            Ok(value) => Ok(value),
            Err(mut flight) => match compute() {
                Ok(value) => {
                    flight.land(value.clone(), &Clones);
                    Ok(value)
                }
                Err(error) => flight.fall_back(&Clones).ok_or(error),
            },
        }
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), for an async
    /// computation. Works with any runtime, and waits without holding up the
    /// thread. A dropped future stores nothing, and whoever waits for it takes over.
    pub async fn get_or_insert_with_async<Q, F>(&self, key: &Q, compute: impl FnOnce() -> F) -> V
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
        F: Future<Output = V>,
    {
        let mut flight = match self.board(key).wait(&Clones).await {
            Ok(value) => return value,
            Err(flight) => flight,
        };
        let mut body = pin!(flight.in_middle(compute));
        let value = poll_fn(|cx| flight.in_middle(|| body.as_mut().poll(cx))).await;
        let _middle = flight.middle();
        flight.land(value.clone(), &Clones);
        value
    }

    /// As [`try_get_or_insert_with`](Self::try_get_or_insert_with), for an
    /// async computation.
    ///
    /// # Errors
    ///
    /// What `compute` returned. Errors are not kept.
    pub async fn try_get_or_insert_with_async<Q, E, F>(
        &self,
        key: &Q,
        compute: impl FnOnce() -> F,
    ) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
        F: Future<Output = Result<V, E>>,
    {
        let mut flight = match self.board(key).wait(&Clones).await {
            Ok(value) => return Ok(value),
            Err(flight) => flight,
        };
        let mut body = pin!(flight.in_middle(compute));
        let result = poll_fn(|cx| flight.in_middle(|| body.as_mut().poll(cx))).await;
        let _middle = flight.middle();
        match result {
            Ok(value) => {
                flight.land(value.clone(), &Clones);
                Ok(value)
            }
            Err(error) => flight.fall_back(&Clones).ok_or(error),
        }
    }

    fn call<Q>(&self, key: &Q) -> Result<V, Flight<&Self>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
    {
        let query = Query::new(key);
        let found = match self.engine.at_once(&query, &Clones) {
            Ok(value) => return Ok(value),
            Err(asked) => Flight::board(self, asked, &query, &Clones),
        };
        match found {
            Given::Flight(flight) => Err(flight),
            mut found => Ok(found.take()),
        }
    }

    fn board<Q>(&self, key: &Q) -> Boarding<&Self>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized + 'static,
    {
        Flight::begin(self, &Query::new(key), &Clones)
    }
}
