//! A closure for `cache_if` of the wrong type, and one that asks for more than the value.

use lruheap::lru_cache;

#[lru_cache(cache_if = |value| *value)]
fn no_bool(n: u64) -> u64 {
    n
}

#[lru_cache(cache_if = |value: u64| value > 0)]
fn by_value(n: u64) -> u64 {
    n
}

#[lru_cache(cache_if = |value| value.is_empty())]
fn no_such_method(n: u64) -> u64 {
    n
}

#[lru_cache(cache_if = |value| *value > n)]
fn of_an_argument(n: u64) -> u64 {
    n
}

fn main() {
    no_bool(1);
    no_bool::cache_info();
    by_value(1);
    by_value::cache_info();
    no_such_method(1);
    no_such_method::cache_info();
    of_an_argument(1);
    of_an_argument::cache_info();
}
