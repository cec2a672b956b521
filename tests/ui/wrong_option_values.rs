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

fn main() {
    square(1);
    square::cache_info();
}
