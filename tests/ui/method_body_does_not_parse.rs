//! A body that does not parse is for the compiler to complain of.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn method(&self) -> u64 {
        self.n +
    }

    #[cache_invalidate]
    fn change(&mut self) {
        let 3x = 1;
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.method();
    a.method_cache().cache_info();
    a.change();
    a.caches.clear();
}
