//! `Cache` used directly, without a function.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use common::{YieldNow, block_on, four};
use lruheap::{Cache, CacheBuilder, Policy};

fn of_size(maxsize: usize) -> Cache<String, u32> {
    Cache::builder().maxsize(maxsize).build()
}

#[test]
fn gets_are_hits_and_misses() {
    let cache = of_size(3);
    assert_eq!(cache.get("a"), None);
    cache.insert("a".into(), 1);
    assert_eq!(cache.get("a"), Some(1));
    assert_eq!(cache.get("b"), None);
    assert_eq!(four(cache.info()), (1, 2, Some(3), 1));
}

#[test]
fn the_time_left_is_told() {
    let cache: Cache<&str, u32> = Cache::builder().ttl(Duration::from_secs(1000)).build();
    assert_eq!(cache.ttl(&"a"), None);
    cache.insert("a", 1);
    let left = cache.ttl(&"a").unwrap();
    assert!(
        left > Duration::from_secs(900) && left <= Duration::from_secs(1000),
        "{left:?}"
    );
    cache.insert_with_ttl("a", 1, Duration::from_secs(50));
    assert!(cache.ttl(&"a").unwrap() <= Duration::from_secs(50));
    assert_eq!(four(cache.info()), (0, 0, None, 1));
    let for_ever: Cache<&str, u32> = Cache::default();
    for_ever.insert("a", 1);
    assert_eq!(for_ever.ttl(&"a"), Some(Duration::MAX));
}

#[test]
fn the_least_recent_entry_is_the_next_to_go() {
    let cache = of_size(3);
    assert_eq!(cache.least_recent(), None);
    for (n, key) in (1..).zip(["a", "b", "c"]) {
        cache.insert(key.into(), n);
    }
    assert_eq!(cache.least_recent(), Some(("a".into(), 1)));
    cache.get("a");
    assert_eq!(cache.least_recent(), Some(("b".into(), 2)));
    cache.insert("b".into(), 20);
    assert_eq!(cache.least_recent(), Some(("c".into(), 3)));
    cache.insert("d".into(), 4);
    assert!(!cache.contains("c"));
    assert_eq!(cache.info().evictions, 1);
}

#[test]
fn a_snapshot_is_in_order_and_stays_as_it_is() {
    let cache = of_size(3);
    for (n, key) in (1..).zip(["a", "b", "c", "d"]) {
        cache.insert(key.into(), n);
    }
    cache.get("b");
    let snapshot = cache.entries();
    cache.clear();
    assert_eq!(
        snapshot,
        [("c".into(), 3), ("d".into(), 4), ("b".into(), 2)]
    );
    assert!(cache.entries().is_empty());
}

#[test]
fn looking_touches_nothing() {
    let cache = of_size(2);
    cache.insert("a".into(), 1);
    cache.insert("b".into(), 2);
    assert!(cache.contains("a") && !cache.contains("x"));
    assert_eq!((cache.peek("a"), cache.peek("x")), (Some(1), None));
    assert!(cache.ttl("a").is_some());
    assert_eq!(cache.entries().len(), 2);
    assert_eq!(cache.least_recent(), Some(("a".into(), 1)));
    assert_eq!(four(cache.info()), (0, 0, Some(2), 2));
    cache.insert("c".into(), 3);
    assert!(!cache.contains("a"));
}

#[test]
fn removing_what_is_absent_is_no_error() {
    let cache = of_size(2);
    assert_eq!(cache.remove("a"), None);
    cache.insert("a".into(), 1);
    assert_eq!(cache.remove("a"), Some(1));
    assert_eq!(cache.remove("a"), None);
    assert_eq!(
        (cache.len(), cache.is_empty(), cache.info().invalidations),
        (0, true, 1)
    );
}

#[test]
fn an_update_is_in_place() {
    let cache = of_size(2);
    cache.insert("a".into(), 1);
    cache.insert("b".into(), 2);
    cache.insert("a".into(), 10);
    assert_eq!(cache.entries(), [("b".into(), 2), ("a".into(), 10)]);
    assert_eq!((cache.len(), cache.info().evictions), (2, 0));
}

#[test]
fn the_default_is_capped_neither_at_128_entries_nor_at_15_minutes() {
    let cache: Cache<u32, u32> = Cache::default();
    for n in 0..1000 {
        cache.insert(n, n);
    }
    assert_eq!(cache.len(), 1000);
    assert_eq!(cache.ttl(&0), Some(Duration::MAX));
    let built: Cache<u32, u32> = Cache::builder().build();
    for parameters in [cache.parameters(), built.parameters()] {
        assert_eq!(
            (parameters.maxsize, parameters.ttl, parameters.typed),
            (None, None, None)
        );
        assert_eq!(parameters.policy, Policy::Lru);
    }
}

#[test]
fn a_handle_is_the_cache() {
    static SHARED: LazyLock<Cache<String, u32>> = LazyLock::new(|| of_size(2));
    let handle = SHARED.clone();
    handle.insert("a".into(), 1);
    assert_eq!(SHARED.get("a"), Some(1));
    drop(handle);
    assert_eq!(SHARED.len(), 1);
}

#[test]
fn values_are_computed_once() {
    let cache = of_size(2);
    assert_eq!(cache.get_or_insert_with("a", || 1), 1);
    assert_eq!(cache.get_or_insert_with("a", || unreachable!()), 1);
    assert_eq!(
        cache
            .try_get_or_insert_with("b", || "x".parse::<u32>())
            .ok(),
        None
    );
    assert!(!cache.contains("b"));
    assert_eq!(
        cache.try_get_or_insert_with("b", || "7".parse::<u32>()),
        Ok(7)
    );
    assert_eq!(
        cache.try_get_or_insert_with("b", || "8".parse::<u32>()),
        Ok(7)
    );
    assert_eq!(four(cache.info()), (2, 3, Some(2), 2));
}

#[test]
fn async_values_are_computed_once() {
    let cache = of_size(2);
    let later = |n| async move {
        YieldNow::default().await;
        n
    };
    assert_eq!(
        block_on(cache.get_or_insert_with_async("a", || later(1))),
        1
    );
    assert_eq!(
        block_on(cache.get_or_insert_with_async("a", || later(2))),
        1
    );
    let failing = || async { Err::<u32, _>("no") };
    assert_eq!(
        block_on(cache.try_get_or_insert_with_async("b", failing)),
        Err("no")
    );
    assert_eq!(
        block_on(cache.try_get_or_insert_with_async("b", || async { Ok::<_, ()>(3) })),
        Ok(3)
    );
    assert_eq!(four(cache.info()), (1, 3, Some(2), 2));
}

#[test]
fn a_computation_may_use_its_cache() {
    let cache = of_size(2);
    fn length(cache: &Cache<String, u32>, text: &str) -> u32 {
        cache.get_or_insert_with(text, || match text.split_at_checked(1) {
            Some((_, rest)) => 1 + length(cache, rest),
            None => 0,
        })
    }
    assert_eq!(length(&cache, "0123456789"), 10);
    assert_eq!(four(cache.info()), (0, 11, Some(2), 2));
}

#[test]
fn a_panicking_computation_leaves_no_trace() {
    let cache = of_size(2);
    let panics =
        std::panic::AssertUnwindSafe(|| cache.get_or_insert_with("a", || panic!("no value")));
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(four(cache.info()), (0, 1, Some(2), 0));
    assert_eq!(cache.get_or_insert_with("a", || 1), 1);
}

#[test]
fn resize_and_clear() {
    let cache = of_size(10);
    for n in 0..10 {
        cache.insert(n.to_string(), n);
    }
    cache.resize(2);
    assert_eq!(cache.entries(), [("8".into(), 8), ("9".into(), 9)]);
    assert_eq!(
        (four(cache.info()), cache.info().evictions),
        ((0, 0, Some(2), 2), 8)
    );
    cache.resize(None);
    assert_eq!(cache.parameters().maxsize, None);
    cache.get("8");
    cache.clear();
    assert_eq!(four(cache.info()), (0, 0, None, 0));
    assert_eq!(cache.info().evictions, 0);
}

#[test]
fn maxsize_zero_keeps_nothing() {
    let cache = of_size(0);
    cache.insert("a".into(), 1);
    assert_eq!(cache.get("a"), None);
    assert_eq!(cache.get_or_insert_with("a", || 2), 2);
    assert_eq!(four(cache.info()), (0, 2, Some(0), 0));
}

#[test]
fn values_that_are_dropped_are_dropped_at_once() {
    let cache: Cache<u32, Arc<()>> = Cache::builder().maxsize(1).build();
    let value = Arc::new(());
    cache.insert(1, Arc::clone(&value));
    assert_eq!(Arc::strong_count(&value), 2);
    cache.insert(2, Arc::default());
    assert_eq!(Arc::strong_count(&value), 1, "evicted");
    cache.insert(2, Arc::clone(&value));
    cache.insert(2, Arc::default());
    assert_eq!(Arc::strong_count(&value), 1, "replaced");
    cache.insert(2, Arc::clone(&value));
    drop(cache);
    assert_eq!(Arc::strong_count(&value), 1, "with the cache");
}

#[test]
fn the_builder_says_what_it_builds() {
    let builder: CacheBuilder = Cache::builder()
        .name("rates")
        .maxsize(3)
        .ttl(Duration::from_secs(5))
        .policy(Policy::Lru);
    let cache: Cache<(u8, u8), HashSet<u8>> = builder.clone().build();
    assert_eq!(cache.name(), "rates");
    assert_eq!(
        (cache.parameters().maxsize, cache.parameters().ttl),
        (Some(3), Some(Duration::from_secs(5)))
    );
    cache.insert((1, 2), HashSet::new());
    let other: Cache<u8, u8> = builder.build();
    assert!(other.is_empty() && cache.len() == 1);
    assert!(format!("{cache:?}").contains("rates"));
}
