//! A closure is no part of a key, however its type is written.

use lruheap::lru_cache;

#[lru_cache]
fn apply(f: impl Fn(u32) -> u32, x: u32) -> u32 {
    f(x)
}

#[lru_cache]
fn generic<F: Fn(u32) -> u32 + Clone + Send + Sync + 'static>(f: F, x: u32) -> u32 {
    f(x)
}

#[lru_cache]
fn boxed(f: Box<dyn Fn(u32) -> u32>, x: u32) -> u32 {
    f(x)
}

fn main() {
    apply(|x| x + 1, 1);
    apply::cache_info();
    generic(|x| x + 1, 1);
    boxed(Box::new(|x| x + 1), 1);
    boxed::cache_info();
}
