//! Methods that nobody calls: what is said of them is no more than of any other.
#![deny(warnings)]
#![allow(dead_code)]

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost)]
struct Never {
    caches: InstanceCaches,
}

impl Never {
    #[lru_cache]
    fn never_called(&self, n: u64) -> u64 {
        n
    }

    #[lru_cache]
    fn never_instantiated<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(&self, value: T) -> usize {
        size_of_val(&value)
    }

    #[lru_cache]
    async fn never_awaited(&self, n: u64) -> u64 {
        n
    }

    #[cache_invalidate]
    fn never_changed(&mut self) {}
}

#[lru_cache]
impl Never {
    #[lru_cache]
    fn of_all(n: u64) -> u64 {
        n
    }
}

#[derive(CacheHost)]
pub struct Exported(InstanceCaches);

impl Exported {
    #[lru_cache]
    pub fn get(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
