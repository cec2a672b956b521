//! A type parameter needs what its arguments and results need.

use std::hash::Hash;

use lruheap::lru_cache;

#[lru_cache]
fn no_bounds<T: 'static>(value: T) -> u64 {
    drop(value);
    0
}

#[lru_cache]
fn no_clone<T: Hash + Eq + Send + Sync + 'static>(value: T) -> u64 {
    drop(value);
    0
}

#[lru_cache]
fn no_send<T: Hash + Eq + Clone + 'static>(value: T) -> u64 {
    drop(value);
    0
}

#[lru_cache]
fn by_reference<T: Hash + Eq + Send + Sync + 'static>(value: &T) -> usize {
    size_of_val(value)
}

#[lru_cache]
fn result<T: Default + Send + Sync + 'static>() -> T {
    T::default()
}

fn main() {
    no_bounds(1);
    no_bounds::<i32>::cache_info();
    no_clone(1);
    no_clone::<i32>::cache_info();
    no_send(1);
    no_send::<i32>::cache_info();
    by_reference(&1);
    by_reference::<i32>::cache_info();
    result::<i32>();
    result::<i32>::cache_info();
}
