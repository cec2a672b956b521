//! An `Err` is not kept, so it may borrow, and need not be `Clone`.
#![deny(warnings)]

use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    name: String,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn not_clone(&self, n: u64) -> Result<u64, std::io::Error> {
        Ok(n)
    }

    #[lru_cache]
    fn of_the_argument<'a>(&self, name: &'a str) -> Result<u8, &'a str> {
        Err(name)
    }

    #[lru_cache]
    fn named<'a>(&'a self, n: u8) -> Result<u8, &'a str> {
        Ok(n)
    }

    #[lru_cache]
    fn elided(&self) -> Result<u8, &str> {
        Err(&self.name)
    }

    #[lru_cache]
    fn of_arc(self: &Arc<Self>) -> Result<u8, &str> {
        Err(&self.name)
    }
}

fn main() {
    let a = Arc::new(Analyzer::default());
    assert_eq!(a.not_clone(1).unwrap(), 1);
    assert_eq!(a.of_the_argument("a"), Err("a"));
    assert_eq!(a.named(1), Ok(1));
    assert_eq!(a.elided(), Err(""));
    assert_eq!(a.of_arc(), Err(""));
}
