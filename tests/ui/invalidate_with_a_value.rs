//! The names stand in parentheses.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Dataset {
    n: u64,
    caches: InstanceCaches,
}

impl Dataset {
    #[lru_cache]
    fn sum(&self) -> u64 {
        self.n
    }

    #[cache_invalidate = "sum"]
    fn change(&mut self) {}
}

fn main() {
    let mut data = Dataset::default();
    data.caches.clear();
    data.sum();
    data.change();
}
