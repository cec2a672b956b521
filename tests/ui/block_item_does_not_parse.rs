//! An item of a block that does not parse is for the compiler to complain of.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn method(&self, n) -> u64 {
        self.n + n
    }

    #[lru_cache]
    fn right(n: u64) -> u64 {
        n
    }
}

fn main() {
    let a = Analyzer::default();
    a.method(1);
    Analyzer::right(1);
    a.caches.clear();
}
