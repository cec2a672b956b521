//! A closure behind a reference is no part of a key.

use lruheap::lru_cache;

#[lru_cache]
fn borrowed(f: &dyn Fn(u32) -> u32, x: u32) -> u32 {
    f(x)
}

fn main() {
    borrowed(&|x| x + 1, 1);
    borrowed::cache_info();
}
