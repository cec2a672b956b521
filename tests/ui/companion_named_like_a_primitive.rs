//! A companion may be named, but not like a primitive type.

use lruheap::lru_cache;

#[lru_cache(companion = bool)]
fn is_even(n: u64) -> bool {
    n % 2 == 0
}

fn main() {
    is_even(1);
}
