//! A ttl of zero, as an expression.

use std::time::Duration;

use lruheap::lru_cache;

#[lru_cache(ttl = Duration::ZERO)]
fn constant(n: u64) -> u64 {
    n
}

fn main() {
    constant(1);
    constant::cache_info();
}
