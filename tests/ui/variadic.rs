//! The arguments of a variadic function can't be compared.

use lruheap::lru_cache;

#[lru_cache]
unsafe extern "C" fn sum(n: u64, ...) -> u64 {
    n
}

fn main() {}
