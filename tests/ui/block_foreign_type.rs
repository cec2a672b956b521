//! A type of another crate has no place for the controls.
//!
//! A primitive type is refused, once. Of `Vec` only the compiler knows whose it is, and
//! more than one message is what it gives: the first says why, the others miss the
//! controls.

use lruheap::lru_cache;

trait Total {
    fn total(&self, n: u64) -> u64;
}

#[lru_cache]
impl Total for Vec<u64> {
    #[lru_cache]
    fn total(#[key(self.len())] &self, n: u64) -> u64 {
        self.iter().sum::<u64>() + n
    }
}

#[lru_cache]
impl Total for u64 {
    #[lru_cache]
    fn total(#[key(*self)] &self, n: u64) -> u64 {
        self + n
    }
}

#[lru_cache]
impl Total for str {
    #[lru_cache]
    fn total(#[key(self.len())] &self, n: u64) -> u64 {
        n
    }
}

fn main() {
    vec![1].total(1);
    1_u64.total(1);
    "a".total(1);
}
