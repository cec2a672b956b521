//! Arguments of methods are keys like those of functions.

use std::collections::HashMap;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(PartialEq, Eq, Hash)]
struct NotClone;

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn float(&self, x: f64) -> u64 {
        self.n + x as u64
    }

    #[lru_cache]
    fn map(&self, map: HashMap<u8, u8>) -> usize {
        map.len()
    }

    #[lru_cache]
    fn not_clone(&self, value: NotClone) -> u64 {
        let _ = value;
        self.n
    }

    #[lru_cache]
    fn exclusive(&self, values: &mut Vec<u8>) -> u64 {
        values.len() as u64
    }

    #[lru_cache]
    fn closure(&self, f: impl Fn() -> u64) -> u64 {
        f()
    }

    #[lru_cache]
    fn of_all(#[key(skip)] &self, x: f32) -> u64 {
        x as u64
    }
}

fn main() {
    let a = Analyzer::default();
    a.float(1.0);
    a.float_cache().cache_info();
    a.float_uncached(1.0);
    a.map(HashMap::new());
    a.map_cache().cache_info();
    a.not_clone(NotClone);
    a.not_clone_cache().cache_info();
    a.exclusive(&mut Vec::new());
    a.exclusive_cache().cache_info();
    a.closure(|| 1);
    a.closure_cache().cache_info();
    a.of_all(1.0);
    a.of_all_cache().cache_info();
    Analyzer::of_all_caches().cache_info();
}
