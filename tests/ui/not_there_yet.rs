//! Options of later issues.

use lruheap::lru_cache;

#[lru_cache(shared = true)]
fn shared(n: u64) -> u64 {
    n
}

#[lru_cache(policy = lfu)]
fn lfu(n: u64) -> u64 {
    n
}

fn main() {
    shared(1);
    shared::cache_info();
    lfu(1);
    lfu::cache_info();
}
