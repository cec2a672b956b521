//! A function without `self` is memoized with its block.

use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost, Clone)]
struct Analyzer {
    n: usize,
    caches: InstanceCaches,
}

impl Analyzer {
    const ZERO: usize = 0;

    #[lru_cache]
    fn new(n: usize) -> Self {
        Analyzer { n, caches: InstanceCaches::new() }
    }

    #[lru_cache(maxsize = None)]
    fn merge(_: &Self) -> usize {
        0
    }

    #[cache]
    fn in_the_body(n: usize) -> usize {
        n + Self::ZERO
    }
}

fn main() {
    let a = Analyzer::new(1);
    Analyzer::merge(&a);
    let _ = a.n;
    a.caches.clear();
    Analyzer::in_the_body(1);
    Analyzer::new_cache().cache_info();
    Analyzer::in_the_body_caches().cache_info();
    Analyzer::merge_uncached(&a);
}
