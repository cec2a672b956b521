//! `cache_err` is for functions that return a `Result`.

use lruheap::lru_cache;

#[lru_cache(cache_err = true)]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(cache_err = true)]
fn found(n: u64) -> Option<u64> {
    Some(n)
}

#[lru_cache(cache_err = true)]
fn nothing(n: u64) {
    drop(n);
}

fn main() {
    square(1);
    square::cache_info();
    found(1);
    found::cache_info();
    nothing(1);
    nothing::cache_info();
}
