//! What is wrong in the body is the compiler's to tell, at its place and once.

use lruheap::lru_cache;

#[lru_cache]
fn square(n: u64) -> u64 {
    n.squared()
}

#[lru_cache]
fn wrong_type(n: u64) -> String {
    n
}

#[lru_cache]
fn unknown_name(n: u64) -> u64 {
    m
}

#[lru_cache]
fn generic<T: Clone + Send + Sync + std::hash::Hash + Eq + 'static>(value: T) -> u64 {
    value.into()
}

#[lru_cache]
async fn later(n: u64) -> u64 {
    "later"
}

fn main() {
    square(1);
    square::cache_info();
    wrong_type(1);
    wrong_type::cache_info();
    unknown_name(1);
    generic(1);
    drop(later(1));
}
