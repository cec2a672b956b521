//! What is imported for attributes within a block is used.
#![deny(warnings)]

use lruheap::{cache, lru_cache};

struct Analyzer;

#[lruheap::lru_cache]
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
