//! With `scope = thread` there is no one cache.

use lruheap::lru_cache;

#[lru_cache(scope = thread)]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square::cache();
}
