//! Options that are none: numbers alone, commas that lack, values that lack.

use lruheap::lru_cache;

#[lru_cache(128)]
fn positional(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 128 ttl = 60)]
fn no_comma(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize =)]
fn no_value(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = , ttl = 60)]
fn no_value_before_a_comma(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize)]
fn name_alone(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize(128))]
fn in_parentheses(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize: 128)]
fn colon(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize == 128)]
fn two_signs(n: u64) -> u64 {
    n
}

#[lru_cache(, maxsize = 128)]
fn comma_first(n: u64) -> u64 {
    n
}

#[lru_cache("maxsize" = 128)]
fn quoted(n: u64) -> u64 {
    n
}

#[lru_cache(lruheap::maxsize = 128)]
fn path(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = fn)]
fn keyword(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize())]
fn empty_parentheses(n: u64) -> u64 {
    n
}

fn main() {
    positional(1);
    positional::cache_info();
    no_comma(1);
    no_comma::cache_info();
    no_value(1);
    no_value_before_a_comma(1);
    name_alone(1);
    in_parentheses(1);
    in_parentheses::cache_info();
    colon(1);
    colon::cache_info();
    two_signs(1);
    comma_first(1);
    quoted(1);
    path(1);
    keyword(1);
}
