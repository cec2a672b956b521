//! What options of later issues will take.

use lruheap::lru_cache;

#[lru_cache(policy = lfu)]
fn lfu(n: u64) -> u64 {
    n
}

fn main() {
    lfu(1);
    lfu::cache_info();
}
