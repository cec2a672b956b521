//! What has no size can't be passed, memoized or not.

use lruheap::lru_cache;

#[lru_cache]
fn length(text: str) -> usize {
    text.len()
}

#[lru_cache]
fn text(n: u64) -> str {
    *"n"
}

fn main() {
    length::cache_info();
    text::cache_info();
}
