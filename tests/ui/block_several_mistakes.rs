//! All mistakes in a block are reported together, each at its own place.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

#[lru_cache(maxsize = 3)]
impl Analyzer {
    const LIMIT: u64 = 10;

    #[lru_cache(max_size = -1, ttl = 0)]
    fn first(&mut self, x: &mut u64) -> &u64 {
        *x += Self::LIMIT;
        &self.n
    }

    #[lru_cache]
    const fn second(#[key] &mut self) -> u64 {
        1
    }

    #[lru_cache(scope = thread)]
    fn third(&self) -> Box<dyn Fn()> {
        Box::new(|| ())
    }

    #[lru_cache]
    fn fourth(x: f64, #[cfg(any())] y: u8) -> u64 {
        x as u64
    }

    /// Right.
    #[lru_cache]
    fn right(n: u64) -> u64 {
        n
    }

    fn plain(&self) -> u64 {
        self.n
    }
}

#[lru_cache]
impl Iterator for Analyzer {
    type Item = u64;

    #[lru_cache]
    fn next(&mut self) -> Option<Self::Item> {
        None
    }

    #[lru_cache]
    fn last(self) -> Option<u64> {
        None
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.caches.clear();
    a.first(&mut 1);
    a.third();
    Analyzer::fourth(1.0);
    Analyzer::right_cache().cache_info();
    a.plain();
    a.next();
    a.second();
    a.last();
}
