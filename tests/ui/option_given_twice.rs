//! An option is given once.

use lruheap::{cache, lru_cache};

#[lru_cache(maxsize = 1, ttl = 60, maxsize = 2)]
fn square(n: u64) -> u64 {
    n * n
}

#[cache(ttl = 60, ttl = "1m", ttl = None)]
fn cube(n: u64) -> u64 {
    n * n * n
}

fn main() {
    square(2);
    square::cache_info();
    cube(2);
    cube::cache_info();
}
