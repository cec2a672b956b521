//! Everything else that is no bound.

use lruheap::lru_cache;

#[lru_cache(maxsize = "128")]
fn text(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = true)]
fn boolean(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = Some(128))]
fn some(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 128u32)]
fn suffix(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 99999999999999999999999)]
fn huge(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = || 128)]
fn closure(n: u64) -> u64 {
    n
}

fn main() {
    text(1);
    text::cache_info();
    boolean(1);
    some(1);
    some::cache_info();
    suffix(1);
    huge(1);
    closure(1);
}
