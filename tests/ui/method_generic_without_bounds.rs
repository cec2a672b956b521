//! The bounds of a method's own type parameters.

use std::hash::Hash;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct Analyzer(InstanceCaches);

impl Analyzer {
    #[lru_cache]
    fn without_bounds<U: 'static>(&self, value: U) -> usize {
        size_of_val(&value)
    }

    #[lru_cache]
    fn without_send<U: Hash + Eq + Clone + 'static>(&self, value: U) -> usize {
        size_of_val(&value)
    }
}

fn main() {
    let a = Analyzer(InstanceCaches::new());
    a.without_bounds(1);
    a.without_bounds_cache::<u8>().cache_info();
    a.without_send(1);
    a.without_send_cache::<u8>().cache_info();
}
