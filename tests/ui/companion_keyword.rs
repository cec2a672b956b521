//! A companion's name is no keyword.

use lruheap::lru_cache;

#[lru_cache(companion = Self)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square(1);
}
