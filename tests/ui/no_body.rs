//! A declaration has nothing to memoize.

use lruheap::lru_cache;

#[lru_cache]
fn square(n: u64) -> u64;

unsafe extern "C" {
    #[lru_cache]
    safe fn abs(n: i32) -> i32;
}

fn main() {
    square(1);
    abs(1);
}
