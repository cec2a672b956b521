//! Items that begin like no other, and are no functions either; nor are there any in
//! the one that is an `impl`.

use lruheap::lru_cache;

#[lru_cache]
union Union {
    _a: u8,
}

#[lru_cache]
unsafe trait UnsafeTrait {}

#[lru_cache]
unsafe impl UnsafeTrait for u8 {}

#[lru_cache]
macro_rules! mac {
    () => {};
}

#[lru_cache]
unsafe extern "C" {}

fn main() {
    _ = Union { _a: 0 };
    mac!();
}
