//! Another path to lruheap.
#![deny(warnings)]

mod facade {
    pub mod caching {
        pub use lruheap::*;
    }
    pub use lruheap as again;
}

#[facade::caching::lru_cache(crate = crate::facade::caching)]
fn square(n: u64) -> u64 {
    n * n
}

#[facade::again::cache(crate = facade::again, ttl = 60)]
fn cube(n: u64) -> u64 {
    n * n * n
}

#[lruheap::lru_cache(crate = ::lruheap)]
fn fourth(#[key(n.to_string())] n: u64) -> u64 {
    n * n * n * n
}

#[derive(lruheap::LooseKey)]
#[loose_key(crate = facade::caching)]
struct Point {
    x: i32,
}

#[lruheap::lru_cache(crate = facade::again, typed = false)]
fn fifth<T: lruheap::LooseKey>(_: T, point: Point) -> i32 {
    point.x
}

fn main() {
    assert_eq!(square(2), 4);
    assert_eq!(square::cache_info().misses, 1);
    assert_eq!(cube(2), 8);
    assert_eq!(cube::cache_info().misses, 1);
    assert_eq!(fourth(2), 16);
    assert_eq!(fourth::cache_info().misses, 1);
    assert_eq!(fifth(2, Point { x: 1 }), 1);
    assert_eq!(fifth(2.0, Point { x: 1 }), 1);
    assert_eq!(fifth::<u8>::cache_info().hits, 1);
}
