//! `impl` blocks and methods are not there yet.

use lruheap::lru_cache;

struct Analyzer(Vec<i64>);

#[lru_cache]
impl Analyzer {
    fn sum(&self) -> i64 {
        self.0.iter().sum()
    }
}

#[lru_cache]
impl Clone for Analyzer {
    fn clone(&self) -> Self {
        Analyzer(self.0.clone())
    }
}

fn main() {
    Analyzer(vec![1]).clone().sum();
}
