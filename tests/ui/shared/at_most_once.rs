//! `at_most_once` may have no result to give: that is an error of the function's.

use lruheap::lru_cache;
use lruheap::shared::Error;

#[lru_cache(shared(once = at_most_once))]
fn no_result(n: u64) -> u64 {
    n
}

#[lru_cache(shared(once = at_most_once))]
fn nothing(_n: u64) {}

#[lru_cache(shared(once = at_most_once), cache_err = true)]
fn errors_are_values(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(shared(once = at_most_once), coalesce = false)]
fn each_for_itself(n: u64) -> Result<u64, Error> {
    Ok(n)
}

#[lru_cache(shared(once = at_most_once))]
fn other_error(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(shared(once = at_most_once))]
async fn later(n: u64) -> Result<u64, std::fmt::Error> {
    Ok(n)
}

type Answer = Option<u64>;

#[lru_cache(shared(once = at_most_once))]
fn alias(n: u64) -> Answer {
    Some(n)
}

fn main() {
    no_result(1);
    nothing(1);
    let _ = errors_are_values(1);
    let _ = each_for_itself(1);
    let _ = other_error(1);
    let _ = other_error::cache_refresh(1);
    let _ = later(1);
    alias(1);
}
