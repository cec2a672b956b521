//! A bound is a whole number of entries.

use lruheap::lru_cache;

#[lru_cache(maxsize = 1.5)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square(2);
    square::cache_info();
}
