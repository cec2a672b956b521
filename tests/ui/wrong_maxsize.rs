//! Everything else that is no bound.

use lruheap::lru_cache;

const SMALL: u32 = 8;

#[lru_cache(maxsize = "128")]
fn text(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = true)]
fn boolean(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = Some(128))]
fn some(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 128u32)]
fn suffix(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 99999999999999999999999)]
fn huge(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = || 128)]
fn closure(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = SMALL)]
fn constant_of_another_type(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = SMALL as f64 * 1.5)]
fn expression_of_another_type(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 4 - 5)]
fn below_zero(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = n)]
fn parameter(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = none)]
fn lowercase(n: u64) -> u64 {
    n
}

fn main() {
    text(1);
    text::cache_info();
    boolean(1);
    some(1);
    some::cache_info();
    suffix(1);
    huge(1);
    closure(1);
    constant_of_another_type(1);
    constant_of_another_type::cache_info();
    expression_of_another_type(1);
    below_zero(1);
    parameter(1);
    lowercase(1);
}
