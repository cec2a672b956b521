//! In the `impl` of a type with lifetimes, a cache for what is in an `Arc` needs the
//! block's attribute.

use std::sync::Arc;

use lruheap::lru_cache;

struct Parser<'a> {
    text: &'a str,
}

impl<'a> Parser<'a> {
    #[lru_cache]
    fn counted(self: &Arc<Self>) -> usize {
        self.text.len()
    }
}

fn main() {
    let text = String::from("a");
    Arc::new(Parser { text: &text }).counted();
    Arc::new(Parser { text: &text }).counted_cache().cache_info();
}
