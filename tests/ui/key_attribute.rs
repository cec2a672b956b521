//! Misuses of `#[key]`.

use lruheap::lru_cache;

#[lru_cache]
fn alone(#[key] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn empty(#[key()] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn equals(#[key = "skip"] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn two(#[key(skip)] #[key(x.to_bits())] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn two_expressions(#[key(x, 1)] x: u64) -> u64 {
    x
}

#[lru_cache]
fn of_a_pattern(#[key(x.to_bits())] (x, _): (f64, u8)) -> u64 {
    x as u64
}

#[lru_cache]
fn of_no_name(#[key(1)] _: f64) -> u64 {
    1
}

fn main() {
    alone(1.0);
    alone::cache_info();
    empty(1.0);
    empty::cache_info();
    equals(1.0);
    equals::cache_info();
    two(1.0);
    two::cache_info();
    two_expressions(1);
    two_expressions::cache_info();
    of_a_pattern((1.0, 1));
    of_a_pattern::cache_info();
    of_no_name(1.0);
    of_no_name::cache_info();
}
