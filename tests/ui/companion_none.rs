//! With `companion = none` there are no controls.

use lruheap::lru_cache;

#[lru_cache(companion = none)]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(companion = Cubes)]
fn cube(n: u64) -> u64 {
    n * n * n
}

fn main() {
    square(1);
    square::cache_info();
    cube(1);
    Cubes::cache_info();
    cube::cache_info();
}
