//! The same in a block, where nothing else is lost.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn method(&self) -> u64 {
        self.n +
    }

    #[lru_cache]
    fn right(n: u64) -> u64 {
        n
    }

    fn plain(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.method();
    a.method_cache().cache_info();
    Analyzer::right_cache().cache_info();
    a.plain();
    a.caches.clear();
}
