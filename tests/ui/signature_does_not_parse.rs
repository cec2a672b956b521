//! A signature that does not parse is the compiler's to complain of.

use lruheap::lru_cache;

#[lru_cache]
fn square(n) -> u64 {
    n * n
}

fn main() {
    square(1);
}
