//! Raw pointers are no `Send` and are refused as such.

use lruheap::lru_cache;

#[lru_cache]
fn address(pointer: *const u8) -> usize {
    pointer as usize
}

fn main() {
    address(std::ptr::null());
    address::cache_info();
}
