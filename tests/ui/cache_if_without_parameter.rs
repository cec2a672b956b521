//! The closure of `cache_if` takes the value.

use lruheap::lru_cache;

#[lru_cache(cache_if = || true)]
fn no_parameter(n: u64) -> u64 {
    n
}

fn main() {
    no_parameter(1);
    no_parameter::cache_info();
}
