//! A method is memoized, or it changes its instance.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    #[cache_invalidate]
    fn first(&self) -> u64 {
        self.n
    }

    #[cache_invalidate]
    #[lru_cache]
    fn second(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.first();
    a.second();
}
