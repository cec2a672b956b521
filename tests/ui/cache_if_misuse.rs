//! `cache_if` is a closure that takes a reference to the value and gives a `bool`.

use lruheap::lru_cache;

#[lru_cache(cache_if = true)]
fn literal(n: u64) -> u64 {
    n
}

#[lru_cache(cache_if = |n, m| n == m)]
fn two_parameters(n: u64) -> u64 {
    n
}

fn main() {
    literal(1);
    literal::cache_info();
    two_parameters(1);
    two_parameters::cache_info();
}
