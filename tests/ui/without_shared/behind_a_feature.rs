//! Without the feature, `shared` says where it is.

use lruheap::lru_cache;

#[lru_cache(shared)]
fn alone(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 3, shared(ttl = 300))]
async fn with_options(n: u64) -> u64 {
    n
}

fn main() {
    alone(1);
    alone::cache_info();
    let _ = with_options(1);
}
