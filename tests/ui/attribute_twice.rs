//! One attribute is enough.

use lruheap::{cache, lru_cache};

#[lru_cache]
#[lru_cache]
fn square(n: u64) -> u64 {
    n * n
}

#[cache]
#[lru_cache(maxsize = 8)]
fn cube(n: u64) -> u64 {
    n * n * n
}

fn main() {
    square(1);
    square::cache_info();
    cube(1);
    cube::cache_info();
}
