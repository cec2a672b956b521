//! An option that there is not, with the nearest that there is.

use lruheap::lru_cache;

#[lru_cache(max_size = 10)]
fn nearly(n: u64) -> u64 {
    n
}

#[lru_cache(maxsize = 10, time_to_live = 60)]
fn far_off(n: u64) -> u64 {
    n
}

#[lru_cache(cache_error = true)]
fn longer(n: u64) -> Result<u64, ()> {
    Ok(n)
}

#[lru_cache(tll)]
fn without_a_value(n: u64) -> u64 {
    n
}

#[lru_cache(Maxsize(10))]
fn in_capitals(n: u64) -> u64 {
    n
}

#[lru_cache(key = "n")]
fn of_another_crate(n: u64) -> u64 {
    n
}

fn main() {
    nearly(1);
    nearly::cache_info();
    far_off(1);
    far_off::cache_info();
    _ = longer(1);
    longer::cache_info();
    without_a_value(1);
    without_a_value::cache_info();
    in_capitals(1);
    in_capitals::cache_info();
    of_another_crate(1);
    of_another_crate::cache_info();
}
