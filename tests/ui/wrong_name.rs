//! A `name` is a text.

use lruheap::lru_cache;

#[lru_cache(name = 1)]
fn named(n: u64) -> u64 {
    n
}

fn main() {
    named(1);
    named::cache_info();
}
