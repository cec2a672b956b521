//! A type that there is not is reported once.

use lruheap::lru_cache;

#[lru_cache]
fn argument(value: Missing) -> u64 {
    0
}

#[lru_cache]
fn reference(value: &Missing) -> u64 {
    0
}

#[lru_cache]
fn result(n: u64) -> Absent {
    n
}

fn main() {
    result(1);
    result::cache_info();
}
