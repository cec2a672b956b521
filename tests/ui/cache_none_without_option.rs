//! `cache_none` is for functions that return an `Option`.

use lruheap::lru_cache;

#[lru_cache(cache_none = false)]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(cache_none = false)]
fn checked(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(cache_none = false)]
fn listed(n: u64) -> Vec<u64> {
    vec![n]
}

fn main() {
    listed(1);
    square(1);
    square::cache_info();
    _ = checked(1);
    checked::cache_info();
}
