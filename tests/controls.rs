//! The controls that stand beside a memoized function.

mod common;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use common::four;
use lruheap::{Cache, CacheInfo, lru_cache};

#[test]
fn clearing_zeroes_the_counters_and_uncached_changes_nothing() {
    #[lru_cache(maxsize = 256)]
    fn get_user(id: u32) -> String {
        format!("user {id}")
    }
    for id in 1..=3 {
        get_user(id);
    }
    assert_eq!(four(get_user::cache_info()), (0, 3, Some(256), 3));
    assert_eq!(get_user::uncached(42), "user 42");
    assert_eq!(get_user::uncached(1), "user 1");
    assert_eq!(four(get_user::cache_info()), (0, 3, Some(256), 3));
    assert!(!get_user::cache_contains(42));
    get_user::cache_clear();
    assert_eq!(four(get_user::cache_info()), (0, 0, Some(256), 0));
    assert_eq!(get_user::uncached(42), "user 42");
    assert_eq!(four(get_user::cache_info()), (0, 0, Some(256), 0));
}

#[test]
fn a_function_without_arguments_needs_no_options() {
    #[lru_cache]
    fn answer() -> i32 {
        42
    }
    assert_eq!([answer(), answer(), answer()], [42; 3]);
    assert_eq!(four(answer::cache_info()), (2, 1, Some(128), 1));
    assert_eq!(answer::cache_peek(), Some(42));
    assert_eq!(answer::cache_remove(), Some(42));
    assert_eq!(answer::cache_ttl(), None);
    answer::cache_insert(43);
    assert_eq!(answer(), 43);
    assert_eq!(answer::cache_refresh(), 42);
    assert_eq!(answer(), 42);
}

#[test]
fn a_price_is_seen_after_the_cache_is_cleared() {
    static PRICE: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn price(_course: &str) -> u32 {
        PRICE.load(Relaxed)
    }
    assert_eq!(price("rust"), 0);
    PRICE.store(49, Relaxed);
    assert_eq!(price("rust"), 0);
    price::cache_clear();
    assert_eq!(price("rust"), 49);
}

#[test]
fn peek_contains_and_ttl_neither_compute_nor_count() {
    #[lru_cache]
    fn length(text: &str) -> usize {
        text.len()
    }
    assert_eq!(length::cache_peek("four"), None);
    assert!(!length::cache_contains("four"));
    assert_eq!(length::cache_ttl("four"), None);
    assert_eq!(four(length::cache_info()), (0, 0, Some(128), 0));
    length("four");
    assert_eq!(length::cache_peek("four"), Some(4));
    assert!(length::cache_contains("four"));
    assert_eq!(length::cache_ttl("four"), Some(Duration::MAX));
    assert_eq!(four(length::cache_info()), (0, 1, Some(128), 1));
}

#[test]
fn insert_warms_the_cache_up() {
    #[lru_cache(maxsize = 2)]
    fn length(text: &str, times: usize) -> usize {
        text.len() * times
    }
    length::cache_insert("one", 2, 1000);
    assert_eq!(four(length::cache_info()), (0, 0, Some(2), 1));
    assert_eq!(length("one", 2), 1000);
    assert_eq!(four(length::cache_info()), (1, 0, Some(2), 1));
    length::cache_insert("one", 2, 2000);
    assert_eq!(length("one", 2), 2000);
    assert_eq!(four(length::cache_info()), (2, 0, Some(2), 1));
    length::cache_insert("one", 3, 1);
    length::cache_insert("one", 4, 1);
    assert!(!length::cache_contains("one", 2));
    assert_eq!(length::cache_info().evictions, 1);
}

#[test]
fn remove_takes_one_entry_and_is_no_error_without() {
    #[lru_cache]
    fn length(text: &str) -> usize {
        text.len()
    }
    length("one");
    length("three");
    assert_eq!(length::cache_remove("one"), Some(3));
    assert_eq!(length::cache_remove("one"), None);
    assert_eq!(length::cache_remove("never seen"), None);
    assert!(length::cache_contains("three"));
    let info = length::cache_info();
    assert_eq!((four(info), info.invalidations), ((0, 2, Some(128), 1), 1));
    assert_eq!(length("one"), 3);
    assert_eq!(four(length::cache_info()), (0, 3, Some(128), 2));
}

#[test]
fn refresh_runs_the_body_now_and_replaces_the_entry() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(maxsize = 2)]
    fn run(_n: u32) -> u32 {
        RUNS.fetch_add(1, Relaxed) + 1
    }
    assert_eq!(run(1), 1);
    assert_eq!(run::cache_refresh(1), 2);
    assert_eq!(run(1), 2);
    assert_eq!(run::cache_info().currsize, 1);
    assert_eq!(run::cache_refresh(5), 3);
    assert_eq!(run(5), 3);
    assert_eq!(RUNS.load(Relaxed), 3);
    assert_eq!(run::cache_info().hits, 2);
    assert_eq!(run::cache_info().currsize, 2);
}

#[test]
fn purge_of_what_never_expires_drops_nothing() {
    #[lru_cache]
    fn double(n: u32) -> u32 {
        n * 2
    }
    double(1);
    let dropped: usize = double::cache_purge();
    assert_eq!(dropped, 0);
    assert_eq!(four(double::cache_info()), (0, 1, Some(128), 1));
}

#[test]
fn resize_evicts_the_least_recent_down_to_the_new_bound() {
    #[lru_cache(maxsize = 10)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    for n in 0..10 {
        double(n);
    }
    double(0);
    double::cache_resize(3);
    assert_eq!(
        double::cache().entries(),
        [((8,), 16), ((9,), 18), ((0,), 0)]
    );
    let info = double::cache_info();
    assert_eq!((four(info), info.evictions), ((1, 10, Some(3), 3), 7));
    assert_eq!(double::cache_parameters().maxsize, Some(3));
    double::cache_resize(4);
    double(1);
    assert_eq!(double::cache_info().currsize, 4);
    double::cache_resize(0);
    assert_eq!(double::cache_info().currsize, 0);
    double(1);
    assert_eq!(double::cache_info().currsize, 0);
    double::cache_resize(None);
    for n in 0..500 {
        double(n);
    }
    assert_eq!(double::cache_info().currsize, 500);
    assert_eq!(double::cache_info().maxsize, None);
}

#[test]
fn the_cache_itself_is_the_function_s() {
    #[lru_cache(maxsize = 9)]
    fn area(width: u32, name: &str) -> u64 {
        u64::from(width) + name.len() as u64
    }
    let cache: &'static Cache<(u32, String), u64> = area::cache();
    area(2, "four");
    assert_eq!(cache.entries(), [((2, "four".to_owned()), 6)]);
    cache.insert((3, "three".to_owned()), 30);
    assert_eq!(area(3, "three"), 30);
    let info: CacheInfo = cache.info();
    assert_eq!(info, area::cache_info());
    assert_eq!(cache.name(), concat!(module_path!(), "::area"));
    cache.clone().clear();
    assert_eq!(four(area::cache_info()), (0, 0, Some(9), 0));
}
