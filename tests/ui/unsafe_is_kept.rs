//! An `unsafe fn` stays one, and so do those of its controls that run the body.

use lruheap::lru_cache;

#[lru_cache]
unsafe fn read(n: usize) -> usize {
    n
}

fn main() {
    read(1);
    read::uncached(1);
    read::cache_refresh(1);
    read::cache_peek(1);
}
