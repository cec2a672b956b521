//! A type parameter needs `'static`: what is kept outlives the call.

use std::hash::Hash;

use lruheap::lru_cache;

#[lru_cache]
fn show<T: Hash + Eq + Clone + Send + Sync + ToString>(value: T) -> String {
    value.to_string()
}

#[lru_cache]
fn first<T: Hash + Eq + Clone + Send + Sync>(values: &[T]) -> usize {
    values.len()
}

fn main() {
    show(1);
    show::<i32>::cache_info();
    first(&[1]);
    first::<i32>::cache_info();
}
