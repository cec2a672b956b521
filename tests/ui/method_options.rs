//! Options of methods are checked as those of functions, and all mistakes are
//! reported together.

use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(max_size = 3, tll = 60)]
    fn unknown(&self) -> u64 {
        self.n
    }

    #[lru_cache(maxsize = 3, maxsize = 4)]
    fn twice(&self) -> u64 {
        self.n
    }

    #[cache(maxsize = 3)]
    fn contradicting(&self) -> u64 {
        self.n
    }

    #[lru_cache(maxsize = -1, ttl = 0, scope = global)]
    fn values(&self) -> u64 {
        self.n
    }

    #[lru_cache]
    #[cache]
    fn memoized_twice(&self) -> u64 {
        self.n
    }

    #[lru_cache(typed = false)]
    fn float(&self, x: f64) -> u64 {
        x as u64
    }

    #[lru_cache(cache_if = |value: &String| !value.is_empty())]
    fn condition(&self) -> u64 {
        self.n
    }

    #[lru_cache(cache_err = true)]
    fn no_result(&self) -> u64 {
        self.n
    }

    #[lru_cache(maxsize = "3", ttl = "soon")]
    fn types(&self) -> u64 {
        self.n
    }
}

#[lru_cache]
impl Analyzer {
    #[lru_cache(max_size = 3)]
    fn unknown_in_a_block(&self) -> u64 {
        self.n
    }

    #[lru_cache(ttl = 60, ttl = 60)]
    fn twice_in_a_block(n: u64) -> u64 {
        n
    }

    #[cache(maxsize = 3, nonsense)]
    fn contradicting_in_a_block(&self) -> u64 {
        self.n
    }

    #[lru_cache]
    #[lru_cache]
    fn memoized_twice_in_a_block(&self) -> u64 {
        self.n
    }

    #[lru_cache = 128]
    fn value_in_a_block(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.unknown();
    a.unknown_cache().cache_info();
    a.twice_cache().cache_info();
    a.contradicting_cache().cache_info();
    a.values_cache().cache_info();
    a.memoized_twice();
    a.memoized_twice_cache().cache_info();
    a.float_cache().cache_info();
    a.condition_cache().cache_info();
    a.no_result_cache().cache_info();
    a.types_cache().cache_info();
    a.unknown_in_a_block_cache().cache_info();
    Analyzer::twice_in_a_block_cache().cache_info();
    a.contradicting_in_a_block_cache().cache_info();
    a.memoized_twice_in_a_block_cache().cache_info();
    a.value_in_a_block_cache().cache_info();
}
