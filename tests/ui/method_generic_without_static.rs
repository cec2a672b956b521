//! The type parameters of a method need `'static`.
//!
//! More than one message is what the compiler gives: the same fix at two places.

use std::hash::Hash;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct Analyzer(InstanceCaches);

impl Analyzer {
    #[lru_cache]
    fn without_static<U: Hash + Eq + Clone + Send + Sync>(&self, value: U) -> usize {
        size_of_val(&value)
    }
}

fn main() {
    let a = Analyzer(InstanceCaches::new());
    a.without_static(1);
    a.without_static_cache::<u8>().cache_info();
}
