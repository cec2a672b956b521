//! Options stand on the methods.

use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost)]
struct Analyzer(Vec<i64>, InstanceCaches);

#[lru_cache(maxsize = 16)]
impl Analyzer {
    #[lru_cache]
    fn sum(&self) -> i64 {
        self.0.iter().sum()
    }
}

#[lru_cache(ttl = 60, scope = thread)]
impl Analyzer {
    #[lru_cache]
    fn of(n: i64) -> Vec<i64> {
        vec![n]
    }
}

#[cache(crate = lruheap, maxsiz = 3)]
impl Analyzer {
    #[cache]
    fn first(&self) -> Option<i64> {
        self.0.first().copied()
    }
}

#[lru_cache(128)]
impl Analyzer {
    #[cache]
    fn last(&self) -> Option<i64> {
        self.0.last().copied()
    }
}

#[lru_cache(crate = "lruheap")]
impl Analyzer {
    #[cache]
    fn middle(&self) -> Option<i64> {
        self.0.get(self.0.len() / 2).copied()
    }
}

/// Right.
#[lru_cache(crate = lruheap)]
impl Analyzer {
    #[lru_cache(maxsize = 16)]
    fn product(&self) -> i64 {
        self.0.iter().product()
    }
}

#[lru_cache(maxsize = 16)]
impl Default for Analyzer {
    fn default() -> Self {
        Analyzer(Vec::new(), InstanceCaches::new())
    }
}

fn main() {
    let a = Analyzer::default();
    a.sum_cache().cache_info();
    Analyzer::of_cache().cache_info();
    a.first_cache().cache_info();
    a.last_cache().cache_info();
    a.middle_cache().cache_info();
    a.product_cache().cache_info();
    a.sum();
    Analyzer::of(1);
    a.first();
    a.last();
    a.middle();
    a.product();
}
