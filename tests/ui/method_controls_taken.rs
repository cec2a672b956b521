//! Where a name of a control is taken, `companion = name` gives them another.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn count(&self) -> u64 {
        self.n
    }

    fn count_cache(&self) -> u64 {
        self.n
    }

    /// Right.
    #[lru_cache(companion = summing)]
    fn sum(&self) -> u64 {
        self.n
    }

    fn sum_cache(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.count();
    a.count_cache();
    a.sum();
    a.sum_cache();
    a.summing_cache().cache_info();
}
