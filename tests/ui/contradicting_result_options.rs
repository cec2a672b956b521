//! `cache_err` and `cache_none = false` at once, with the result types that they suit.

use lruheap::lru_cache;

#[lru_cache(cache_err = true, cache_none = false)]
fn result_and_option(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[lru_cache(cache_err = true, cache_none = false)]
fn option_and_result(n: u64) -> Option<u64> {
    Some(n)
}

fn main() {
    _ = result_and_option(1);
    result_and_option::cache_info();
    option_and_result(1);
    option_and_result::cache_info();
}
