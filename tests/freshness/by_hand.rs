//! The same of a `Cache`.

use std::panic::catch_unwind;
use std::time::Duration;

use super::{advance, from_threads, my_turn};
use crate::common::block_on;
use lruheap::Cache;

#[test]
fn the_cache_by_hand_has_them_too() {
    let _turn = my_turn();
    let builder = Cache::builder().ttl(Duration::from_secs(10));
    let builder = builder.stale(Duration::from_secs(5));
    let cache: Cache<u32, u32> = builder.stale_if_error(Duration::from_secs(20)).build();
    cache.insert(1, 1);
    advance(10);
    let value = cache.get_or_insert_with(&1, || {
        assert_eq!(from_threads(|| cache.get_or_insert_with(&1, || 3)), [1; 8]);
        2
    });
    assert_eq!((value, cache.get(&1)), (2, Some(2)));
    advance(29);
    assert_eq!(cache.get(&1), None);
    assert_eq!(cache.try_get_or_insert_with(&1, || Err("down")), Ok(2));
    let failing = cache.try_get_or_insert_with_async(&1, || async { Err("down") });
    assert_eq!(block_on(failing), Ok(2));
    advance(1);
    assert_eq!(
        cache.try_get_or_insert_with(&1, || Err("down")),
        Err("down")
    );
    assert_eq!(cache.info().stale, 10);
    assert!(catch_unwind(|| Cache::builder().xfetch(0.0)).is_err());
    assert!(catch_unwind(|| Cache::builder().xfetch(f64::NAN)).is_err());
}
