//! What happens near the end of a value's time and beyond it, where there is no such
//! end.

use std::time::Duration;

use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

const GRACE: Duration = Duration::from_secs(5);

#[lru_cache(xfetch = true)]
fn xfetch(n: u64) -> u64 {
    n
}

#[lru_cache(tti = 60, xfetch = 1.0 + 0.5)]
fn idle(n: u64) -> u64 {
    n
}

#[cache(stale = "5m")]
fn stale(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = None, stale_if_error = GRACE * 2)]
fn stale_if_error(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(xfetch = true, stale = 5, stale_if_error = 5)]
fn all_of_them(n: u64) -> Result<u64, String> {
    Ok(n)
}

/// The mistake is the ttl alone.
#[lru_cache(ttl = 0, xfetch = true, stale = 5)]
fn wrong_ttl(n: u64) -> u64 {
    n
}

#[lru_cache(tll = 60, stale = 5)]
fn misspelt_ttl(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale_if_error = 5, cache_err = true)]
fn errors_are_kept(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(stale = 5)]
    fn stale(&self) -> u64 {
        self.n
    }
}

fn main() {
    xfetch(1);
    xfetch::cache_info();
    idle(1);
    stale(1);
    _ = stale_if_error(1);
    _ = all_of_them(1);
    wrong_ttl(1);
    wrong_ttl::cache_info();
    misspelt_ttl(1);
    _ = errors_are_kept(1);
    let a = Analyzer::default();
    a.caches.clear();
    a.stale();
    a.stale_cache().cache_info();
}
