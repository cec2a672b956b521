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
fn checked_option(n: u64) -> Result<Option<u64>, String> {
    Ok(Some(n))
}

fn main() {
    square(1);
    square::cache_info();
    _ = checked(1);
    checked::cache_info();
    _ = checked_option(1);
    checked_option::cache_info();
}
