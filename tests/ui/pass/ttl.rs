//! Durations as they may be written.
#![deny(warnings)]

use std::time::Duration;

use lruheap::lru_cache;

const HOUR: Duration = Duration::from_secs(3_600);

#[lru_cache(ttl = 60)]
fn seconds(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 0.25)]
fn fraction(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "2h5m")]
fn text(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = " 1d 12h ")]
fn text_with_spaces(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = HOUR)]
fn constant(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = Duration::from_millis(1_500) * 2)]
fn expression(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = None)]
fn none(n: u64) -> u64 {
    n
}

fn main() {
    assert_eq!(seconds(1), 1);
    assert_eq!(seconds::cache_parameters().ttl, Some(Duration::from_secs(60)));
    assert_eq!(fraction(1), 1);
    assert_eq!(fraction::cache_parameters().ttl, Some(Duration::from_millis(250)));
    assert_eq!(text(1), 1);
    assert_eq!(text::cache_parameters().ttl, Some(Duration::from_secs(7_500)));
    assert_eq!(text_with_spaces(1), 1);
    assert_eq!(text_with_spaces::cache_parameters().ttl, Some(36 * HOUR));
    assert_eq!(constant(1), 1);
    assert_eq!(constant::cache_parameters().ttl, Some(HOUR));
    assert_eq!(expression(1), 1);
    assert_eq!(expression::cache_parameters().ttl, Some(Duration::from_secs(3)));
    assert_eq!(none(1), 1);
    assert_eq!(none::cache_parameters().ttl, None);
}
