//! The import of the attribute that stands on a block and on its methods is used, and
//! so is that of another that stands on methods only.
#![deny(warnings)]

use lruheap::{cache, lru_cache};

struct Analyzer;

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn first(n: u64) -> u64 {
        n
    }

    #[cache]
    fn second(n: u64) -> u64 {
        n
    }
}

fn main() {
    assert_eq!((Analyzer::first(1), Analyzer::second(1)), (1, 1));
}
