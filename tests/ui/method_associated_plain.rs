//! A function without `self` in a block that has no attribute, and nothing in the
//! function that tells.
//!
//! More than one message is what the compiler gives, of items that stand in no `impl`
//! and of names that are missing. None says the fix, the attribute on the block.

use lruheap::lru_cache;

struct Analyzer;

impl Analyzer {
    #[lru_cache]
    fn double(n: usize) -> usize {
        n + n
    }
}

fn main() {
    Analyzer::double(1);
    Analyzer::double_cache().cache_info();
}
