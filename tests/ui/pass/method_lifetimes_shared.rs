//! A type with lifetimes may have a cache for all its instances, and need no
//! attribute on the block.
#![deny(warnings)]

use lruheap::lru_cache;

struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    #[lru_cache]
    fn of_all(#[key(self.text.len())] &self, n: usize) -> usize {
        self.text.len() + n
    }
}

struct Other<'a>(&'a str);

impl Other<'_> {
    #[lru_cache]
    fn skipped(#[key(skip)] &self, n: usize) -> usize {
        self.0.len() + n
    }
}

fn main() {
    let text = String::from("a");
    Parser { text: &text }.of_all(1);
    Parser { text: &text }.of_all_cache().cache_info();
    Other(&text).skipped(1);
    Other(&text).skipped_cache().cache_info();
}
