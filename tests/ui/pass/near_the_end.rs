//! What happens near the end of a value's time and beyond it, as it may be written.
#![deny(warnings)]

use std::time::Duration;

use lruheap::lru_cache;

const BETA: f64 = 2.0;
const GRACE: Duration = Duration::from_secs(300);

type Answer = Result<u64, String>;

#[lru_cache(ttl = 60, xfetch = true)]
fn early(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = 2)]
fn early_by_a_whole_number(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = 0.5)]
fn early_by_a_number(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = BETA * 1.5)]
fn early_by_an_expression(n: u64) -> u64 {
    n
}

#[lru_cache(ttl_with = |n: &u64| Duration::from_secs(*n), xfetch = false, stale = "5m")]
fn stale(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale = GRACE, stale_if_error = GRACE * 2)]
fn stale_if_error(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(ttl = 60, stale_if_error = 300)]
fn behind_an_alias(n: u64) -> Answer {
    Ok(n)
}

#[lru_cache(ttl = 60, stale_if_error = 300)]
fn an_error_that_borrows(text: &str) -> Result<u64, &str> {
    text.parse().map_err(|_| text)
}

#[lru_cache(ttl = 60, stale_if_error = 300)]
fn generic<T: Clone + Send + Sync + std::hash::Hash + Eq + 'static>(value: T) -> Result<T, ()> {
    Ok(value)
}

#[lru_cache(scope = thread, ttl = 60, xfetch = true, stale = 1, coalesce = true)]
fn of_the_thread(n: u64) -> u64 {
    n
}

#[lru_cache(coalesce = false)]
fn each_by_itself(n: u64) -> u64 {
    n
}

fn main() {
    assert_eq!([early(1), early_by_a_whole_number(1)], [1, 1]);
    assert_eq!([early_by_a_number(1), early_by_an_expression(1)], [1, 1]);
    assert_eq!([stale(1), stale(1)], [1, 1]);
    assert_eq!([stale_if_error(1), behind_an_alias(1)], [Ok(1), Ok(1)]);
    assert_eq!(an_error_that_borrows("x"), Err("x"));
    assert_eq!(generic(1), Ok(1));
    assert_eq!([of_the_thread(1), each_by_itself(1)], [1, 1]);
    assert_eq!(each_by_itself::cache_info().misses, 1);
}
