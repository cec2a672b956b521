//! What the borrow checker says of a body is said once.

use lruheap::lru_cache;

#[lru_cache]
fn twice(text: String) -> String {
    drop(text);
    text
}

#[lru_cache]
fn not_mutable(n: u64) -> u64 {
    n += 1;
    n
}

fn main() {
    twice(String::new());
    twice::cache_info();
    not_mutable(1);
}
