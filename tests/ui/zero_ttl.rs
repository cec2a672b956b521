//! With a ttl of zero nothing would ever be found.

use lruheap::lru_cache;

#[lru_cache(ttl = 0)]
fn whole(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 0.0)]
fn fraction(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = "0s")]
fn text(n: u64) -> u64 {
    n
}

#[lru_cache(ttl = 0.0000000001)]
fn below_a_nanosecond(n: u64) -> u64 {
    n
}

fn main() {
    whole(1);
    whole::cache_info();
    fraction(1);
    fraction::cache_ttl(1);
    text(1);
    text::cache_info();
    below_a_nanosecond(1);
}
