//! An unsafe method and its controls are called in `unsafe`.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    unsafe fn dangerous(&self, n: u64) -> u64 {
        n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.dangerous(1);
    a.dangerous_uncached(1);
    a.dangerous_refresh(1);
    a.dangerous_cache().cache_peek((1,));
}
