//! `stale_if_error` is for functions that return a `Result`, by that name or another.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

type Answer = Option<u64>;

#[lru_cache(ttl = 60, stale_if_error = 5)]
fn number(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale_if_error = "5s")]
fn nothing(n: u64) {
    drop(n);
}

#[lru_cache(ttl = 60, stale_if_error = 5)]
async fn both(n: u64) -> (u64, u64) {
    (n, n)
}

#[lru_cache(ttl = 60, stale_if_error = 5)]
fn option(n: u64) -> Option<u64> {
    Some(n)
}

#[lru_cache(ttl = 60, stale_if_error = 5)]
fn alias(n: u64) -> Answer {
    Some(n)
}

#[lru_cache(ttl = 60, stale_if_error = 5)]
fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> T {
    value
}

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(ttl = 60, stale_if_error = 5)]
    fn text(&self) -> String {
        self.n.to_string()
    }

    #[lru_cache(ttl = 60, stale_if_error = 5)]
    fn plain(&self) -> u64 {
        self.n
    }
}

fn main() {
    number(1);
    number::cache_info();
    nothing(1);
    drop(both(1));
    option(1);
    option::cache_info();
    alias(1);
    generic(1);
    let a = Analyzer::default();
    a.caches.clear();
    a.text_cache().cache_info();
    a.plain_cache().cache_info();
}
