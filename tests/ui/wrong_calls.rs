//! A call with wrong arguments is told of at the call.

use lruheap::lru_cache;

#[lru_cache]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    square("2");
    square();
    square::cache_peek("2");
    square::cache_insert(2);
    square::cache_size();
}
