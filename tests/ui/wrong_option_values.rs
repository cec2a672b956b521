//! Each option with a value of the wrong kind.

use lruheap::lru_cache;

#[lru_cache(
    maxsize = "many",
    ttl = 'x',
    typed = 1,
    policy = "lru",
    scope = process::all,
    cache_err = yes,
    cache_none = "no",
    cache_if = 1,
    companion = "square_cache",
    crate = "lruheap",
)]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(name = 1)]
fn named(n: u64) -> u64 {
    n
}

#[lru_cache(crate = no_such_crate)]
fn elsewhere(n: u64) -> u64 {
    n
}

fn main() {
    square(1);
    square::cache_info();
    named(1);
    named::cache_info();
    elsewhere(1);
}
