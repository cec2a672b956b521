//! How long values serve beyond their time, and whether callers wait for each other:
//! wrong values.

use lruheap::lru_cache;

#[lru_cache(ttl = 60, stale = 0)]
fn zero(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale_if_error = std::time::Duration::ZERO)]
fn zero_if_error(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(ttl = 60, stale = true)]
fn no_duration(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale_if_error = "soon")]
fn no_text_of_a_duration(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(ttl = 60, stale = 5 * 60)]
fn no_expression_of_a_duration(n: u64) -> u64 {
    n
}

#[lru_cache(coalesce = "no")]
fn coalesced(n: u64) -> u64 {
    n
}

#[lru_cache(single_flight = false, ttl = 60, grace = 5)]
fn by_other_names(n: u64) -> u64 {
    n
}

fn main() {
    zero(1);
    zero::cache_info();
    _ = zero_if_error(1);
    no_duration(1);
    _ = no_text_of_a_duration(1);
    no_expression_of_a_duration(1);
    coalesced(1);
    coalesced::cache_info();
    by_other_names(1);
}
