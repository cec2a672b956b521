//! An expression that ends too early is told of at its place.

use lruheap::lru_cache;

#[lru_cache]
fn no_expression(#[key(x +)] x: u64) -> u64 {
    x
}

fn main() {
    no_expression(1);
    no_expression::cache_info();
}
