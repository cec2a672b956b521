//! A type of the user's that is called `Result` and is none.

use lruheap::lru_cache;

#[derive(Clone)]
struct Result<T>(T);

#[lru_cache]
fn square(n: u64) -> Result<u64> {
    Result(n * n)
}

#[lru_cache(ttl = 60, stale_if_error = 5)]
async fn later(n: u64) -> Result<u64> {
    Result(n * n)
}

fn main() {
    drop(later(1));
    square(1);
    square::cache_info();
}
