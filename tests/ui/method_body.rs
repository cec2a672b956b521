//! What is wrong in the body of a method is said as if it were not memoized.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Clone, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn types(&self, n: u64) -> u64 {
        let text: String = n;
        text.len() as u64
    }

    #[lru_cache]
    fn result(&self) -> String {
        self.n
    }

    #[lru_cache]
    fn names(&self) -> u64 {
        missing(self.n) + self.m
    }

    #[cache_invalidate]
    fn change(&mut self) -> u64 {
        self.n = "a";
    }

    #[lru_cache]
    async fn asynchronous(&self, n: u64) -> Result<u64, String> {
        Ok("a")
    }
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn in_a_block(n: u64) -> Self {
        Self { n: "a", caches: n }
    }

    fn not_memoized(&self) -> u64 {
        self.m
    }
}

#[lru_cache]
impl ToString for Analyzer {
    #[lru_cache]
    fn to_string(&self) -> String {
        self.n + 1
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.types_cache().cache_info();
    a.result_cache().cache_info();
    a.names_cache().cache_info();
    a.change();
    drop(a.asynchronous(1));
    Analyzer::in_a_block_cache().cache_info();
    a.not_memoized();
    a.to_string();
    a.to_string_cache().cache_info();
}
