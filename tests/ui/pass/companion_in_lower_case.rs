//! A companion may be named as the function would be.
#![deny(warnings)]

use lruheap::lru_cache;

#[lru_cache(companion = str_cache)]
fn str(n: u64) -> String {
    n.to_string()
}

#[lru_cache(companion = r#match)]
fn r#type(n: u64) -> u64 {
    n
}

fn main() {
    assert_eq!(str(1), "1");
    assert_eq!(str_cache::cache_info().misses, 1);
    assert_eq!(r#type(1), 1);
    assert_eq!(r#match::cache_info().misses, 1);
}
