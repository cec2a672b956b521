//! The names are of memoized methods.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Dataset {
    values: Vec<u64>,
    caches: InstanceCaches,
}

impl Dataset {
    #[lru_cache]
    fn mean(&self) -> u64 {
        self.values.iter().sum()
    }

    #[lru_cache(companion = middle)]
    fn median(&self) -> u64 {
        self.values.iter().sum()
    }

    fn plain(&self) -> u64 {
        self.values.iter().sum()
    }

    #[cache_invalidate(plain)]
    fn not_memoized(&mut self) {}

    #[cache_invalidate(maen)]
    fn misspelt(&mut self) {}

    #[cache_invalidate(mean, values)]
    fn a_field(&mut self) {}

    #[cache_invalidate(median)]
    fn by_the_method(&mut self) {}

    /// Right.
    #[cache_invalidate(middle)]
    fn by_the_companion(&mut self) {}

    #[cache_invalidate(mean_cache)]
    fn by_the_control(&mut self) {}
}

fn main() {
    let mut data = Dataset::default();
    data.caches.clear();
    data.mean();
    data.median();
    data.plain();
    data.not_memoized();
    data.misspelt();
    data.a_field();
    data.by_the_method();
    data.by_the_companion();
    data.by_the_control();
}
