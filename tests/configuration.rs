//! The options of a memoized function, and what the cache says of them.

mod common;

use std::time::Duration;

use common::four;
use lruheap::{CacheParameters, Policy, cache, lru_cache};

#[test]
fn the_default_bound_is_128() {
    #[lru_cache]
    fn plain(n: u32) -> u32 {
        n
    }
    #[lru_cache()]
    fn with_parentheses(n: u32) -> u32 {
        n
    }
    for n in 0..200 {
        plain(n);
        with_parentheses(n);
    }
    assert_eq!(four(plain::cache_info()), (0, 200, Some(128), 128));
    assert_eq!(
        four(with_parentheses::cache_info()),
        (0, 200, Some(128), 128)
    );
}

#[test]
fn cache_is_lru_cache_without_a_bound() {
    #[cache]
    fn square(n: u64) -> u64 {
        n * n
    }
    for n in (0..300).chain(0..300) {
        assert_eq!(square(n), n * n);
    }
    assert_eq!(four(square::cache_info()), (300, 300, None, 300));
    assert_eq!(square::cache_parameters().maxsize, None);
}

#[test]
fn parameters_are_as_configured() {
    #[lru_cache]
    fn plain(n: u32) -> u32 {
        n
    }
    #[lru_cache(maxsize = 7, ttl = "2h5m", typed = true, policy = lru)]
    fn full(n: u32) -> u32 {
        n
    }
    #[lru_cache(maxsize = None, ttl = 0.25, typed = false)]
    fn loose(n: u32) -> u32 {
        n
    }
    #[lru_cache(ttl = Duration::from_secs(3) * 2)]
    fn expression(n: u32) -> u32 {
        n
    }
    assert_eq!([plain(1), full(2), loose(3), expression(4)], [1, 2, 3, 4]);
    let CacheParameters {
        maxsize,
        ttl,
        typed,
        policy,
        ..
    } = plain::cache_parameters();
    assert_eq!(
        (maxsize, ttl, typed, policy),
        (Some(128), None, None, Policy::Lru)
    );
    let CacheParameters {
        maxsize,
        ttl,
        typed,
        ..
    } = full::cache_parameters();
    assert_eq!(
        (maxsize, ttl, typed),
        (Some(7), Some(Duration::from_secs(7500)), Some(true))
    );
    let CacheParameters {
        maxsize,
        ttl,
        typed,
        ..
    } = loose::cache_parameters();
    assert_eq!(
        (maxsize, ttl, typed),
        (None, Some(Duration::from_millis(250)), Some(false))
    );
    assert_eq!(
        expression::cache_parameters().ttl,
        Some(Duration::from_secs(6))
    );
}

#[test]
fn the_name_and_the_companion_may_be_chosen() {
    #[lru_cache(name = "prices", companion = DoubleCache)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    #[lru_cache(companion = none)]
    fn str(n: u32) -> String {
        n.to_string()
    }
    #[lru_cache(companion = CharCache)]
    fn char(n: u8) -> char {
        char::from(n)
    }
    assert_eq!(double(4), 8);
    assert_eq!(DoubleCache::cache().name(), "prices");
    assert_eq!(four(DoubleCache::cache_info()), (0, 1, Some(128), 1));
    assert_eq!([str(7), str(7)], ["7", "7"]);
    let text: &str = "the primitive is not hidden";
    assert_eq!([char(65), char(65)], ['A', 'A']);
    assert_eq!(four(CharCache::cache_info()), (1, 1, Some(128), 1));
    assert!(!text.is_empty());
}

#[test]
fn the_hit_rate_is_the_share_of_hits() {
    #[lru_cache]
    fn double(n: u32) -> u32 {
        n * 2
    }
    assert!(double::cache_info().hit_rate().abs() < f64::EPSILON);
    for _ in 0..4 {
        double(1);
    }
    assert!((double::cache_info().hit_rate() - 0.75).abs() < f64::EPSILON);
    assert_eq!(
        double::cache_info().to_string(),
        "CacheInfo(hits=3, misses=1, maxsize=128, currsize=1)"
    );
}
