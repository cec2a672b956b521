//! A bound below zero is none.

use lruheap::lru_cache;

#[lru_cache(maxsize = -1)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square(2);
    square::cache_info();
}
