//! A module or a type of the function's name beside it.

use lruheap::lru_cache;

mod square {}

#[lru_cache]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(companion = Cube)]
fn cube(n: u64) -> u64 {
    n * n * n
}

struct Cube {
    _side: u64,
}

fn main() {
    square(1);
    cube(1);
}
