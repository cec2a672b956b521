//! An argument behind a reference is owned when its result is stored.

use lruheap::lru_cache;

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

#[lru_cache]
fn by_reference(id: &Id) -> u64 {
    id.0
}

#[lru_cache]
fn optional(id: Option<&Id>) -> bool {
    id.is_some()
}

#[lru_cache]
fn slice(ids: &[Id]) -> usize {
    ids.len()
}

fn main() {
    by_reference(&Id(1));
    by_reference::cache_peek(&Id(1));
    optional(None);
    optional::cache_info();
    slice(&[Id(1)]);
    slice::cache_info();
}
