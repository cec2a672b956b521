//! The controls of a function that was refused are there as well.

use std::fmt::Display;

use lruheap::lru_cache;

#[lru_cache]
fn shown(n: u32) -> impl Display {
    n
}

fn main() {
    println!("{}", shown(1));
    println!("{}", shown::cache_info());
}
