//! Of a deprecated function only the uses are spoken of.
#![deny(warnings)]

use lruheap::lru_cache;

#[deprecated = "take another"]
#[lru_cache]
fn before(n: u64) -> u64 {
    n
}

#[lru_cache]
#[deprecated(note = "take another")]
fn after(n: u64) -> u64 {
    n
}

#[allow(deprecated)]
fn main() {
    assert_eq!(before(1), 1);
    assert_eq!(before::cache_info().misses, 1);
    assert_eq!(after(1), 1);
    assert_eq!(after::cache_info().misses, 1);
}
