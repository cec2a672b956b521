//! Options of later issues.

use lruheap::lru_cache;

#[lru_cache(coalesce = false)]
fn coalesce(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, xfetch = true)]
fn xfetch(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale = "5s")]
fn stale(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60, stale_if_error = "5s")]
fn stale_if_error(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(tags(format!("n:{n}")))]
fn tags(n: u64) -> u64 {
    n
}

#[lru_cache(policy = lfu)]
fn lfu(n: u64) -> u64 {
    n
}

fn main() {
    coalesce(1);
    coalesce::cache_info();
    xfetch(1);
    xfetch::cache_info();
    stale(1);
    stale::cache_info();
    _ = stale_if_error(1);
    stale_if_error::cache_info();
    tags(1);
    tags::cache_info();
    lfu(1);
    lfu::cache_info();
}
