//! An expression that is no `Duration`.

use std::time::Instant;

use lruheap::lru_cache;

#[lru_cache(ttl = Instant::now())]
fn expression_of_another_type(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 30 * 60)]
fn arithmetic(n: u64) -> u64 {
    n
}

fn main() {
    expression_of_another_type(1);
    expression_of_another_type::cache_info();
    arithmetic(1);
    arithmetic::cache_info();
}
