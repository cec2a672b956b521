//! The value of `#[key(expr)]` is asked for what any argument is.

use std::rc::Rc;

use lruheap::lru_cache;

#[lru_cache]
fn not_hash(#[key(x * 2.0)] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn not_send(#[key(Rc::new(x.to_bits()))] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn misspelt(#[key(x.to_bit())] x: f64) -> u64 {
    x as u64
}

#[lru_cache]
fn unknown_name(#[key(y.to_bits())] x: f64) -> u64 {
    x as u64
}

fn main() {
    not_hash(1.0);
    not_hash::cache_info();
    not_send(1.0);
    not_send::cache_info();
    misspelt(1.0);
    misspelt::cache_info();
    unknown_name(1.0);
    unknown_name::cache_info();
}
