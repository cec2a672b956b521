//! The caches belong to one instance: a field that instances may share is refused.

use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    #[cache_host]
    caches: Arc<InstanceCaches>,
}

impl Analyzer {
    #[lru_cache]
    fn square(&self) -> u64 {
        self.n * self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.square();
    a.square_cache().cache_info();
    Analyzer::square_caches().cache_info();
    a.caches.clear();
}
