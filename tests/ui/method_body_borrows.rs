//! Errors of the borrow checker, and warnings, are those of the body as written.
#![deny(unused_variables, unused_mut, unreachable_code)]

use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    name: String,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn moved(&self) -> String {
        self.name
    }

    #[lru_cache]
    fn changed(&self, n: u64) -> String {
        n += 1;
        n.to_string()
    }

    #[lru_cache]
    fn used_twice(self: Arc<Self>) -> usize {
        drop(self);
        self.name.len()
    }

    #[lru_cache]
    fn unused(&self, n: u64) -> u64 {
        let mut m = 1;
        return m;
    }

    #[cache_invalidate]
    fn change(&mut self, n: u64) -> &mut String {
        let name = &mut self.name;
        self.name.clear();
        name
    }
}

#[lru_cache]
impl Analyzer {
    #[lru_cache]
    fn in_a_block(text: String) -> String {
        drop(text);
        text
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.moved_cache().cache_info();
    a.changed(1);
    a.unused(1);
    a.change(1);
    Analyzer::in_a_block(String::new());
    Arc::new(a).used_twice();
}
