//! A result of a type without a size.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn text(&self) -> str {
        todo!()
    }
}

fn main() {
    Analyzer::default().caches.clear();
}
