//! Bounds as they may be written.
#![deny(warnings)]

use lruheap::lru_cache;

mod settings {
    pub const SMALL: usize = 2;
    pub static LARGE: usize = 1_000;
    pub fn chosen() -> usize {
        7
    }
}

const N: usize = 3;

#[lru_cache(maxsize = N * 2 + 1)]
fn const_expression(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = settings::SMALL)]
fn path(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = settings::LARGE)]
fn of_a_static(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = settings::chosen())]
fn call(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = if cfg!(debug_assertions) { 1 } else { 1 })]
fn condition(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = { let half = 8; half * 2 })]
fn block(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = None)]
fn none(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 0)]
fn zero(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 1_000usize)]
fn suffix(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 0x10)]
fn hexadecimal(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = usize::MAX)]
fn greatest(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = SIZE)]
fn generic<const SIZE: usize>(n: u64) -> u64 {
    n + SIZE as u64
}

fn main() {
    const_expression(1);
    assert_eq!(const_expression::cache_info().maxsize, Some(7));
    path(1);
    assert_eq!(path::cache_info().maxsize, Some(2));
    of_a_static(1);
    assert_eq!(of_a_static::cache_info().maxsize, Some(1_000));
    call(1);
    assert_eq!(call::cache_info().maxsize, Some(7));
    condition(1);
    assert_eq!(condition::cache_info().maxsize, Some(1));
    block(1);
    assert_eq!(block::cache_info().maxsize, Some(16));
    none(1);
    assert_eq!(none::cache_info().maxsize, None);
    zero(1);
    assert_eq!(zero::cache_info().to_string(), "CacheInfo(hits=0, misses=1, maxsize=0, currsize=0)");
    suffix(1);
    assert_eq!(suffix::cache_info().maxsize, Some(1_000));
    hexadecimal(1);
    assert_eq!(hexadecimal::cache_info().maxsize, Some(16));
    greatest(1);
    assert_eq!(greatest::cache_info().maxsize, Some(usize::MAX));
    generic::<5>(1);
    assert_eq!(generic::<5>::cache_info().maxsize, Some(5));
}
