//! An `Err` is not kept and need not be `Clone`, unless `cache_err = true` asks for it.

use std::io;

use lruheap::lru_cache;

#[lru_cache]
fn right(path: &str) -> io::Result<u64> {
    Ok(path.len() as u64)
}

#[lru_cache(cache_err = true)]
fn wrong(path: &str) -> io::Result<u64> {
    Ok(path.len() as u64)
}

#[lru_cache(cache_err = true)]
fn wrong_too(path: &str) -> Result<u64, io::Error> {
    Ok(path.len() as u64)
}

fn main() {
    _ = right("a");
    _ = wrong("a");
    wrong::cache_info();
    _ = wrong_too("a");
    wrong_too::cache_info();
}
