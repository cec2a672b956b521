//! A `HashMap` is no part of a key, by value or by reference.

use std::collections::{HashMap, HashSet};

use lruheap::lru_cache;

#[lru_cache]
fn total(prices: HashMap<String, u64>) -> u64 {
    prices.values().sum()
}

#[lru_cache]
fn count(words: &HashSet<String>) -> usize {
    words.len()
}

fn main() {
    total(HashMap::new());
    total::cache_info();
    count(&HashSet::new());
    count::cache_ttl(&HashSet::new());
}
