//! A companion of a primitive type's name would hide that type.

use lruheap::lru_cache;

#[lru_cache]
fn str(n: u64) -> String {
    let text: &str = "n";
    format!("{text}{n}")
}

#[lru_cache]
fn u8(n: u64) -> bool {
    n as u8 > 0
}

fn main() {
    str(1);
    u8(1);
}
