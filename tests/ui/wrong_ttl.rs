//! Everything else that is no duration.

use lruheap::lru_cache;

#[lru_cache(ttl = -1)]
fn negative(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = -0.5)]
fn negative_fraction(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "soon")]
fn word(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "5")]
fn without_unit(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "1.5h")]
fn fraction_of_an_hour(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "2h5x")]
fn unknown_unit(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "")]
fn nothing(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "9999999999w")]
fn too_long(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 60u64)]
fn suffix(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 99999999999999999999999)]
fn too_many(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 1e300)]
fn far_too_many(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = Some(std::time::Duration::from_secs(1)))]
fn some(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = true)]
fn boolean(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = |n| n)]
fn closure(n: u64) -> u64 {
    n
}

fn main() {
    negative(1);
    negative::cache_info();
    negative_fraction(1);
    word(1);
    word::cache_info();
    without_unit(1);
    fraction_of_an_hour(1);
    unknown_unit(1);
    nothing(1);
    too_long(1);
    suffix(1);
    too_many(1);
    far_too_many(1);
    some(1);
    boolean(1);
    closure(1);
}
