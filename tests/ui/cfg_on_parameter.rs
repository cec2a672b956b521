//! A parameter can't come and go.

use lruheap::lru_cache;

#[lru_cache]
fn square(n: u64, #[cfg(any())] m: u64) -> u64 {
    n * n
}

#[lru_cache]
fn cube(#[cfg(all())] n: u64) -> u64 {
    n * n * n
}

#[lru_cache]
fn conditional(#[cfg_attr(all(), allow(unused))] n: u64) -> u64 {
    1
}

fn main() {
    square(1);
    cube(1);
    cube::cache_info();
    conditional(1);
}
