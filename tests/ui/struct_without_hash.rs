//! A type of the user's that lacks `Hash`, `Eq` or both.

use lruheap::lru_cache;

#[derive(Clone)]
struct Neither;

#[derive(Clone, PartialEq, Eq)]
struct NoHash(u8);

#[derive(Clone, PartialEq, Hash)]
struct NoEq(u8);

#[lru_cache]
fn neither(_: Neither) -> u8 {
    0
}

#[lru_cache]
fn no_hash(value: NoHash) -> u8 {
    value.0
}

#[lru_cache]
fn no_eq(value: &NoEq) -> u8 {
    value.0
}

fn main() {
    neither(Neither);
    neither::cache_clear();
    no_hash(NoHash(1));
    no_hash::cache_clear();
    no_eq(&NoEq(1));
    no_eq::cache_clear();
}
