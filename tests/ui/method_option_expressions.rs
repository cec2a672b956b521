//! The options of a method are for all instances: they know no `self`.

use std::time::Duration;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    const LIMIT: usize = 3;

    #[lru_cache(ttl = Duration::from_secs(self.n))]
    fn age(&self) -> u64 {
        self.n
    }

    #[lru_cache(maxsize = self.n as usize)]
    fn bound(&self) -> u64 {
        self.n
    }

    #[lru_cache(cache_if = |value| *value > self.n)]
    fn condition(&self) -> u64 {
        self.n
    }

    /// Right.
    #[lru_cache(maxsize = Self::LIMIT)]
    fn limit(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.age_cache().cache_info();
    a.bound_cache().cache_info();
    a.condition_cache().cache_info();
    a.limit_cache().cache_info();
}
