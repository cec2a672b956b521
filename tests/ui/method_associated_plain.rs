//! A function without `self` in a block that has no attribute, and nothing in the
//! function that tells.

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
