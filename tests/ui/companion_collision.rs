//! A type of the function's name beside it.

use lruheap::lru_cache;

struct Square;

#[allow(non_snake_case)]
#[lru_cache]
fn Square(n: u64) -> u64 {
    n * n
}

fn main() {
    Square(1);
}
