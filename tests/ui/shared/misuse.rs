//! The options of `shared`: each mistake is told its fix, once.

use lruheap::lru_cache;

#[lru_cache(shared = true)]
fn not_a_list(n: u64) -> u64 {
    n
}

#[lru_cache(shared(tll = 300))]
fn misspelt(n: u64) -> u64 {
    n
}

#[lru_cache(shared(elephant = 1))]
fn unknown(n: u64) -> u64 {
    n
}

#[lru_cache(shared(version = 1, version = 2))]
fn twice(n: u64) -> u64 {
    n
}

#[lru_cache(shared(ttl))]
fn without_value(n: u64) -> u64 {
    n
}

#[lru_cache(shared(namespace =))]
fn without_value_either(n: u64) -> u64 {
    n
}

#[lru_cache(shared(version = "x"))]
fn version(n: u64) -> u64 {
    n
}

#[lru_cache(shared(namespace = 3))]
fn namespace(n: u64) -> u64 {
    n
}

#[lru_cache(shared(ttl = 0))]
fn at_once_over(n: u64) -> u64 {
    n
}

#[lru_cache(shared(once = twice))]
fn more_than_once(n: u64) -> u64 {
    n
}

#[lru_cache(shared(ttl = 300 version = 1))]
fn without_comma(n: u64) -> u64 {
    n
}

#[lru_cache(redis(ttl = 300))]
fn elsewhere(n: u64) -> u64 {
    n
}

#[lru_cache(shared(once = twice, namespace = 3, version = -1))]
fn three(n: u64) -> u64 {
    n
}

fn main() {
    not_a_list(1);
    not_a_list::cache_info();
    misspelt(1);
    unknown(1);
    twice(1);
    without_value(1);
    without_value_either(1);
    version(1);
    namespace(1);
    at_once_over(1);
    more_than_once(1);
    without_comma(1);
    elsewhere(1);
    three(1);
    three::cache_clear();
}
