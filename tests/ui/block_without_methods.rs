//! A block in which no method is memoized.

use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost)]
struct Analyzer(Vec<i64>, InstanceCaches);

#[lru_cache]
impl Analyzer {
    fn sum(&self) -> i64 {
        self.0.iter().sum()
    }
}

#[cache]
impl Clone for Analyzer {
    fn clone(&self) -> Self {
        Analyzer(self.0.clone(), self.1.clone())
    }
}

#[lru_cache]
impl Analyzer {}

fn main() {
    Analyzer(vec![1], InstanceCaches::new()).clone().sum();
}
