//! `xfetch` is whether, or how eagerly: a number above zero.

use lruheap::lru_cache;

const BETA: f32 = 1.0;

#[lru_cache(ttl = 60, xfetch = 0)]
fn zero(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = -1.5)]
fn negative(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = 1.5f32)]
fn suffix(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = "1.5")]
fn text(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = None)]
fn none(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch)]
fn alone(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = BETA)]
fn no_f64(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = 1 + 1)]
fn whole_number(n: u64) -> u64 {
    n
}

fn main() {
    zero(1);
    zero::cache_info();
    negative(1);
    suffix(1);
    text(1);
    none(1);
    alone(1);
    alone::cache_info();
    no_f64(1);
    whole_number(1);
}
