//! A `const fn` may run where there is no cache.

use lruheap::lru_cache;

#[lru_cache]
const fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache]
pub const unsafe fn cube(n: u64) -> u64 {
    n * n * n
}

const NINE: u64 = square(3);

fn main() {
    square(NINE);
    square::cache_info();
    unsafe { cube(2) };
    cube::cache_clear();
}
