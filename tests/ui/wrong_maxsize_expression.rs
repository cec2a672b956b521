//! An expression that is no `usize`.

use lruheap::lru_cache;

const SMALL: u32 = 8;

#[lru_cache(maxsize = SMALL)]
fn constant_of_another_type(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = SMALL as f64 * 1.5)]
fn expression_of_another_type(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = n)]
fn parameter(n: u64) -> u64 {
    n
}

fn main() {
    constant_of_another_type(1);
    constant_of_another_type::cache_info();
    expression_of_another_type(1);
    parameter(1);
}
