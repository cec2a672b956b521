//! What is behind a reference is a key by its owned form.
//!
//! More than one message is what the compiler gives: two of `Clone`, which the owned
//! form asks for, before the one that says the fix.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

struct NoKey;

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn no_key(&self, value: &NoKey) -> u64 {
        let _ = value;
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.no_key(&NoKey);
    a.no_key_cache().cache_info();
}
