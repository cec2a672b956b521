//! Memoized methods wherever they may stand: generic `impl`s, associated functions,
//! `async` and `unsafe` ones, methods with one cache for all that share an id.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::{YieldNow, block_on, four};
use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost, Default)]
struct Generic<T> {
    value: T,
    caches: InstanceCaches,
}

impl<T> Generic<T> {
    fn new(value: T) -> Self {
        Generic {
            value,
            caches: InstanceCaches::new(),
        }
    }
}

impl<T: Clone + Display + 'static> Generic<T> {
    #[lru_cache]
    fn show(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.value)
    }

    #[lru_cache]
    fn with<U, const N: usize>(&self, other: &U) -> String
    where
        U: Display + Hash + Eq + Clone + Send + Sync + 'static,
    {
        format!("{}{other}{N}", self.value)
    }
}

impl<T: Clone + Debug + Send + Sync + 'static> Generic<T>
where
    T: PartialEq,
{
    #[cache]
    fn twin(&self) -> (T, T) {
        (self.value.clone(), self.value.clone())
    }
}

#[lru_cache]
impl<T: Display + Default + Hash + Eq + Clone + Send + Sync + 'static> Generic<T> {
    const SIZE: usize = size_of::<T>();

    /// Without `self`.
    #[lru_cache(maxsize = 5)]
    fn size(extra: usize) -> usize {
        Self::SIZE + extra
    }

    #[cache]
    fn parse(text: &str, default: T) -> Result<Arc<T>, String> {
        if text.is_empty() {
            Err(default.to_string())
        } else {
            Ok(Arc::new(default))
        }
    }

    #[lru_cache]
    fn shared(#[key(skip)] &self, n: u32) -> String {
        format!("{}{n}", self.value)
    }

    #[lru_cache]
    fn keyed(#[key(self.value.clone())] &self, n: u32) -> String {
        format!("{}{n}", self.value)
    }

    #[lru_cache]
    fn counted(self: &Arc<Self>, n: u32) -> String {
        format!("{}{n}", self.value)
    }
}

#[test]
fn instantiations_share_nothing() {
    let (number, text) = (Generic::new(5), Generic::new("x"));
    assert_eq!(
        (number.show("a"), text.show("a")),
        ("a5".into(), "ax".into())
    );
    assert_eq!(number.with::<u8, 3>(&1), "513");
    assert_eq!(number.with::<u8, 4>(&1), "514");
    assert_eq!(number.with::<char, 3>(&'c'), "5c3");
    assert_eq!(
        four(number.with_cache::<u8, 3>().cache_info()),
        (0, 1, Some(128), 1)
    );
    assert_eq!(
        number.with_cache::<u8, 4>().cache_peek((&1,)).unwrap(),
        "514"
    );
    assert_eq!(Generic::<i32>::with_caches::<char, 3>().instances(), 1);
    assert_eq!(Generic::<&str>::with_caches::<char, 3>().instances(), 0);
    assert_eq!((number.twin(), text.twin()), ((5, 5), ("x", "x")));
    assert_eq!(Generic::<&str>::twin_caches().instances(), 1);
}

#[test]
fn associated_functions_of_generic_types() {
    assert_eq!(
        [
            Generic::<u8>::size(1),
            Generic::<u8>::size(1),
            Generic::<u64>::size(1)
        ],
        [2, 2, 9]
    );
    assert_eq!(
        four(Generic::<u8>::size_cache().cache_info()),
        (1, 1, Some(5), 1)
    );
    assert_eq!(Generic::<u64>::size_cache().cache_peek((1,)), Some(9));
    assert_eq!(Generic::<u64>::size_uncached(2), 10);
    assert_eq!(Generic::<u8>::parse("", 1), Err("1".into()));
    let kept = Generic::<u8>::parse("a", 1).unwrap();
    assert!(Arc::ptr_eq(&Generic::<u8>::parse("a", 1).unwrap(), &kept));
    assert_eq!(
        Generic::<u8>::parse_cache().cache_remove(("a", 1)),
        Some(kept)
    );
}

#[test]
fn instantiations_of_shared_and_counted_methods_share_nothing() {
    let (byte, long) = (Arc::new(Generic::new(1_u8)), Arc::new(Generic::new(2_u64)));
    assert_eq!((byte.shared(0), long.shared(0)), ("10".into(), "20".into()));
    assert_eq!(Generic::new(7_u8).shared(0), "10"); // by all instances of one
    assert_eq!(
        (byte.keyed(0), Generic::new(1_u64).keyed(0)),
        ("10".into(), "10".into())
    );
    assert_eq!(Generic::new(3_u8).keyed(0), "30");
    assert_eq!(Generic::new(1_u8).keyed(0), "10");
    assert_eq!(four(byte.keyed_cache().cache_info()), (1, 2, Some(128), 2));
    assert_eq!(
        (byte.counted(0), long.counted(0)),
        ("10".into(), "20".into())
    );
    assert_eq!(Generic::<u8>::counted_caches().instances(), 1);
    assert_eq!(
        (
            Generic::<u8>::shared_caches().instances(),
            Generic::<u16>::counted_caches().instances()
        ),
        (1, 0)
    );
}

struct User {
    id: u64,
    name: &'static str,
}

impl User {
    #[lru_cache]
    fn score(#[key(self.id)] &self, weight: u32) -> u64 {
        self.id * u64::from(weight) + self.name.len() as u64
    }

    #[lru_cache]
    fn version(#[key(skip)] &self) -> &'static str {
        self.name
    }
}

#[test]
fn one_cache_for_all_that_have_one_id() {
    let user = User { id: 3, name: "Ada" };
    assert_eq!(user.score(2), 9);
    assert_eq!(User { id: 3, name: "" }.score(2), 9);
    assert_eq!(User { id: 4, name: "" }.score(2), 8);
    assert_eq!(four(user.score_cache().cache_info()), (1, 2, Some(128), 2));
    assert_eq!(user.score_cache().cache_remove((2,)), Some(9)); // the id is the instance's
    assert!(User { id: 4, name: "" }.score_cache().cache_contains((2,)));
    assert_eq!(
        (user.version(), User { id: 0, name: "Bob" }.version()),
        ("Ada", "Ada")
    );
    assert_eq!(User::version_caches().cache_info().hits, 1);
}

#[derive(CacheHost, Default)]
struct Service {
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Service {
    #[lru_cache]
    async fn fetch(&self, url: &str) -> Result<String, String> {
        YieldNow::default().await;
        let run = self.runs.fetch_add(1, Relaxed);
        if url.is_empty() {
            Err(run.to_string())
        } else {
            Ok(format!("{url} {run}"))
        }
    }

    #[lru_cache]
    async fn fetch_shared(self: &Arc<Self>, n: u32) -> u32 {
        YieldNow::default().await;
        n + self.runs.fetch_add(1, Relaxed)
    }

    /// # Safety
    ///
    /// There is nothing to look after.
    #[allow(unsafe_code)]
    #[lru_cache]
    unsafe fn invert(&self, n: std::num::NonZeroU32) -> u32 {
        self.runs.fetch_add(1, Relaxed);
        u32::MAX / n
    }
}

#[test]
fn asynchronous_methods() {
    let service = Arc::new(Service::default());
    assert_eq!(block_on(service.fetch("")), Err("0".into()));
    assert_eq!(block_on(service.fetch("a")), Ok("a 1".into()));
    assert_eq!(block_on(service.fetch("a")), Ok("a 1".into()));
    assert_eq!(service.fetch_cache().cache_peek(("a",)), Some("a 1".into()));
    assert_eq!(block_on(service.fetch_refresh("a")), Ok("a 2".into()));
    assert_eq!(block_on(service.fetch_uncached("a")), Ok("a 3".into()));
    assert_eq!(
        four(service.fetch_cache().cache_info()),
        (1, 2, Some(128), 1)
    );
    assert_eq!(
        (
            block_on(service.fetch_shared(1)),
            block_on(service.fetch_shared(1))
        ),
        (5, 5)
    );
    assert_eq!(Arc::strong_count(&service), 1);
    fn is_send(future: impl Future + Send) {
        drop(future);
    }
    is_send(service.fetch("b"));
    drop(service.fetch("c")); // never polled: nothing happened
    assert_eq!(service.fetch_cache().cache_info().misses, 2);
}

#[test]
#[allow(unsafe_code)]
fn unsafe_methods() {
    let (service, two) = (Service::default(), std::num::NonZeroU32::new(2).unwrap());
    // SAFETY: there is nothing to look after.
    let values = unsafe {
        (
            service.invert(two),
            service.invert(two),
            service.invert_refresh(two),
        )
    };
    assert_eq!(values, (u32::MAX / 2, u32::MAX / 2, u32::MAX / 2));
    assert_eq!(
        (
            service.invert_cache().cache_info().hits,
            service.runs.load(Relaxed)
        ),
        (1, 2)
    );
}
