//! Time to live, with the clock in the hands of the test. The clock is one for
//! the process, so the tests take turns.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::four;
use lruheap::{Cache, lru_cache};

static CLOCK: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn advance(seconds: u64) {
    lruheap_core::testing::advance(Duration::from_secs(seconds));
}

#[test]
fn a_value_is_fresh_at_ten_of_thirty_seconds_and_gone_at_thirty_one() {
    let _turn = my_turn();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(ttl = 30)]
    fn run(_n: u32) -> u32 {
        RUNS.fetch_add(1, Relaxed)
    }
    assert_eq!(run(1), 0);
    advance(10);
    assert_eq!(run(1), 0);
    assert_eq!(four(run::cache_info()), (1, 1, Some(128), 1));
    advance(21);
    assert_eq!(run(1), 1);
    let info = run::cache_info();
    assert_eq!((four(info), info.expirations), ((1, 2, Some(128), 1), 1));
}

#[test]
fn a_miss_and_a_hit_within_a_minute() {
    let _turn = my_turn();
    #[lru_cache(ttl = 60)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    assert_eq!([double(1), double(1)], [2, 2]);
    let info = double::cache_info();
    assert_eq!((info.hits, info.misses, info.currsize), (1, 1, 1));
}

#[test]
fn at_the_age_of_the_ttl_a_value_is_expired() {
    let _turn = my_turn();
    #[lru_cache(ttl = 30)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    advance(30);
    assert!(!double::cache_contains(1));
    assert_eq!(double::cache_peek(1), None);
    assert_eq!(double::cache_ttl(1), None);
    assert_eq!(double::cache_info().currsize, 0);
    double(1);
    assert_eq!(double::cache_info().misses, 2);
}

#[test]
fn a_hit_does_not_lengthen_a_life() {
    let _turn = my_turn();
    #[lru_cache(ttl = 30)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    advance(20);
    double(1);
    let left = double::cache_ttl(1).unwrap();
    assert!(
        left <= Duration::from_secs(10) && left > Duration::from_secs(5),
        "{left:?}"
    );
    advance(10);
    double(1);
    assert_eq!(four(double::cache_info()), (1, 2, Some(128), 1));
}

#[test]
fn the_clock_starts_when_the_computation_ends() {
    let _turn = my_turn();
    #[lru_cache(ttl = 3)]
    fn slow(n: u32) -> u32 {
        advance(5);
        n
    }
    assert_eq!([slow(1), slow(1)], [1, 1]);
    assert_eq!(four(slow::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn ttls_may_be_written_in_many_ways() {
    let _turn = my_turn();
    const MINUTE: Duration = Duration::from_secs(60);
    #[lru_cache(ttl = "1m")]
    fn text(n: u32) -> u32 {
        n
    }
    #[lru_cache(ttl = MINUTE)]
    fn constant(n: u32) -> u32 {
        n
    }
    #[lru_cache(ttl = 60.0)]
    fn float(n: u32) -> u32 {
        n
    }
    #[lru_cache(ttl = 0.5)]
    fn half(n: u32) -> u32 {
        n
    }
    for second in [0, 59, 1] {
        advance(second);
        assert_eq!([text(1), constant(1), float(1), half(1)], [1; 4]);
    }
    for info in [
        text::cache_info(),
        constant::cache_info(),
        float::cache_info(),
    ] {
        // Real time goes on as well: at 59 it is a hit, at 60 it is not.
        assert_eq!((info.hits, info.misses), (1, 2));
    }
    assert_eq!(half::cache_info().misses, 3);
}

#[test]
fn purge_says_how_many_it_dropped() {
    let _turn = my_turn();
    #[lru_cache(ttl = 30)]
    fn value(n: u32) -> Arc<u32> {
        Arc::new(n)
    }
    let kept: Vec<Arc<u32>> = (0..5).map(value).collect();
    advance(20);
    for n in 5..8 {
        value(n);
    }
    advance(10);
    assert_eq!(value::cache_purge(), 5);
    assert!(kept.iter().all(|value| Arc::strong_count(value) == 1));
    assert_eq!(value::cache_purge(), 0);
    let info = value::cache_info();
    assert_eq!(
        (four(info), info.expirations, info.evictions),
        ((0, 8, Some(128), 3), 5, 0)
    );
}

#[test]
fn what_has_expired_makes_room_before_what_has_not() {
    let _turn = my_turn();
    let cache: Cache<&str, u32> = Cache::builder().maxsize(3).build();
    cache.insert("old", 1);
    cache.insert("older", 2);
    cache.insert_with_ttl("brief", 3, Duration::from_secs(10));
    advance(10);
    cache.insert("new", 4);
    assert_eq!(cache.entries(), [("old", 1), ("older", 2), ("new", 4)]);
    assert_eq!((cache.info().evictions, cache.info().expirations), (0, 1));
}

#[test]
fn refreshing_an_expired_key_in_a_full_cache_evicts_nothing() {
    let _turn = my_turn();
    let cache: Cache<&str, u32> = Cache::builder().maxsize(3).build();
    cache.insert_with_ttl("brief", 1, Duration::from_secs(10));
    cache.insert("b", 2);
    cache.insert("c", 3);
    advance(10);
    assert_eq!(cache.get_or_insert_with(&"brief", || 4), 4);
    assert_eq!(cache.entries(), [("b", 2), ("c", 3), ("brief", 4)]);
    assert_eq!(cache.info().evictions, 0);
}

#[test]
fn a_second_ttl_replaces_the_first() {
    let _turn = my_turn();
    let cache: Cache<&str, u32> = Cache::builder().ttl(Duration::from_secs(100)).build();
    cache.insert("a", 1);
    cache.insert_with_ttl("a", 2, Duration::from_secs(10));
    cache.insert_with_ttl("b", 1, Duration::from_secs(10));
    cache.insert("b", 2);
    advance(10);
    assert_eq!((cache.get(&"a"), cache.get(&"b")), (None, Some(2)));
    advance(90);
    assert_eq!(cache.get(&"b"), None);
    cache.insert_with_ttl("c", 3, Duration::ZERO);
    assert_eq!(cache.get(&"c"), None);
    assert!(cache.is_empty());
}

#[test]
fn inserts_and_refreshes_start_the_time_anew() {
    let _turn = my_turn();
    #[lru_cache(ttl = 30)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    double(2);
    double(3);
    advance(20);
    double::cache_insert(1, 20);
    assert_eq!(double::cache_refresh(2), 4);
    advance(10);
    assert_eq!(
        (
            double::cache_peek(1),
            double::cache_peek(2),
            double::cache_peek(3)
        ),
        (Some(20), Some(4), None)
    );
    assert_eq!(double::cache_remove(3), None);
    advance(20);
    assert_eq!(double::cache_info().currsize, 0);
}

#[test]
fn later_writes_drop_what_has_expired() {
    let _turn = my_turn();
    #[lru_cache(maxsize = None, ttl = 30)]
    fn value(n: u32) -> Arc<u32> {
        Arc::new(n)
    }
    let kept: Vec<Arc<u32>> = (0..10).map(value).collect();
    advance(30);
    for n in 100..120 {
        value(n);
    }
    assert!(
        kept.iter().all(|value| Arc::strong_count(value) == 1),
        "nobody asked for them again"
    );
}

#[test]
fn ttl_within_a_thread() {
    let _turn = my_turn();
    #[lru_cache(ttl = 30, scope = thread)]
    fn double(n: u32) -> std::rc::Rc<u32> {
        std::rc::Rc::new(n * 2)
    }
    double(1);
    advance(29);
    double(1);
    advance(1);
    double(1);
    assert_eq!(four(double::cache_info()), (1, 2, Some(128), 1));
    advance(30);
    assert_eq!(double::cache_purge(), 1);
}
