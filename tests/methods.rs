//! Memoized methods: each instance its own cache.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost)]
struct Analyzer {
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    fn new(data: &[i64]) -> Self {
        Analyzer {
            data: data.to_vec(),
            caches: InstanceCaches::new(),
        }
    }

    /// What lies above the threshold.
    #[lru_cache(maxsize = 128)]
    pub fn analyze(&self, threshold: i64) -> Vec<i64> {
        self.data.iter().copied().filter(|&x| x > threshold).collect()
    }

    #[lru_cache]
    fn find(&self, name: &str, among: &[u8]) -> usize {
        name.len() + among.len() + self.data.len()
    }

    #[cache_invalidate]
    fn push(&mut self, x: i64) {
        self.data.push(x);
    }
}

#[test]
fn each_instance_has_its_own_cache() {
    let a1 = Analyzer::new(&[1, 2, 3, 4, 5]);
    let a2 = Analyzer::new(&[10, 20, 30, 40, 50]);
    assert_eq!(a1.analyze(3), [4, 5]);
    assert_eq!(a2.analyze(3), [10, 20, 30, 40, 50]);
    assert_eq!(a1.analyze(3), [4, 5]);
    assert_eq!(a1.analyze_cache().cache_info().to_string(), "CacheInfo(hits=1, misses=1, maxsize=128, currsize=1)");
    assert_eq!(a2.analyze_cache().cache_info().to_string(), "CacheInfo(hits=0, misses=1, maxsize=128, currsize=1)");
    assert_eq!(a1.analyze_cache().cache_remove((3,)), Some(vec![4, 5]));
    assert_eq!(a1.analyze_uncached(4), [5]);
    let s = String::from("x");
    a1.find(&s, &[1]);
    assert_eq!(a1.find_cache().cache_peek((&s, &[1])), Some(7));
    assert_eq!(a1.analyze_cache().cache_refresh((4,)), [5]);
    dbg!(Analyzer::analyze_caches());
    let mut a1 = a1;
    a1.push(77);
    assert_eq!(a1.analyze(4), [5, 77]);
    dbg!(lruheap::caches());
    lruheap::report();
}
