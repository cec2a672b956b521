//! A type of the user's that is called `Result` and is none.

use lruheap::lru_cache;

#[derive(Clone)]
struct Result<T>(T);

#[lru_cache]
fn square(n: u64) -> Result<u64> {
    Result(n * n)
}

fn main() {
    square(1);
    square::cache_info();
}
