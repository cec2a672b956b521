//! Options about how long values live that are not for one another, and wrong values.

use std::time::Duration;

use lruheap::lru_cache;

#[lru_cache(ttl = 60, ttl_with = |n: &u64| Duration::from_secs(*n))]
fn twice(n: u64) -> u64 {
    n
}

#[lru_cache(ttl_err = 5)]
fn errors_that_are_not_kept(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(ttl_with = |_| Duration::from_secs(1), ttl_err = 5, cache_err = true)]
fn asked_about_errors(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(ttl_err = 5, cache_err = true)]
fn no_result(n: u64) -> u64 {
    n
}

#[lru_cache(tti = 0)]
fn no_time(n: u64) -> u64 {
    n
}

#[lru_cache(tti = -1, ttl_err = "soon", ttl_with = 60)]
fn wrong_values(n: u64) -> u64 {
    n
}

#[lru_cache(ttl_with = |a, b| Duration::ZERO)]
fn two_parameters(n: u64) -> u64 {
    n
}

#[lru_cache(ttl_with = |n: &u64| *n)]
fn no_duration(n: u64) -> u64 {
    n
}

fn main() {
    twice(1);
    twice::cache_info();
    _ = errors_that_are_not_kept(1);
    _ = asked_about_errors(1);
    no_result(1);
    no_time(1);
    wrong_values(1);
    two_parameters(1);
    no_duration(1);
}
