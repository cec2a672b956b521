//! A `&mut` parameter is no part of a key.

use lruheap::lru_cache;

#[lru_cache]
fn push(values: &mut Vec<u8>) -> usize {
    values.push(0);
    values.len()
}

#[lru_cache]
fn maybe(value: Option<&mut u8>) -> bool {
    value.is_some()
}

#[lru_cache]
fn skipped(n: u8, #[key(skip)] values: &mut Vec<u8>) -> usize {
    values.push(n);
    values.len()
}

fn main() {
    let mut values = Vec::new();
    push(&mut values);
    push::cache_info();
    maybe(None);
    maybe::cache_info();
    skipped(1, &mut values);
    skipped::cache_info();
}
