//! Expressions in `shared` that are of the wrong type.

use lruheap::lru_cache;

const NAME: u8 = 3;

#[lru_cache(shared(namespace = NAME))]
fn namespace(n: u64) -> u64 {
    n
}

#[lru_cache(shared(version = "1".len()))]
fn version(n: u64) -> u64 {
    n
}

#[lru_cache(shared(ttl = NAME))]
fn ttl(n: u64) -> u64 {
    n
}

fn main() {
    namespace(1);
    version(1);
    ttl(1);
}
