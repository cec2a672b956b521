//! Functions that nobody calls, under the lints that are on by default.
#![deny(warnings)]
#![allow(dead_code)]

use lruheap::lru_cache;

#[lru_cache]
fn never_called(n: u64) -> u64 {
    n
}

#[lru_cache]
fn never_instantiated<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> usize {
    size_of_val(&value)
}

#[lru_cache]
async fn never_awaited(n: u64) -> u64 {
    n
}

/// Part of the interface.
#[lru_cache]
pub fn exported(n: u64) -> u64 {
    n
}

fn main() {}
