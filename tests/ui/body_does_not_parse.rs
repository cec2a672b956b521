//! A body that does not parse is the compiler's to complain of.

use lruheap::lru_cache;

#[lru_cache]
fn square(n: u64) -> u64 {
    let m = ;
    n * n
}

fn main() {
    square(1);
    square::cache_info();
}
