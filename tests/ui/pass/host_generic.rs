//! The type parameters of a host need no bounds of ours.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct Pair<A, B> {
    a: A,
    b: B,
    caches: InstanceCaches,
}

impl<A: ToString, B: ToString> Pair<A, B> {
    #[lru_cache]
    fn text(&self) -> String {
        self.a.to_string() + &self.b.to_string()
    }
}

impl<A: ToString + 'static, B: ToString + 'static> Pair<A, B> {
    #[lru_cache]
    fn right(&self) -> String {
        self.b.to_string()
    }
}

fn main() {
    let pair = Pair { a: 1, b: 2, caches: InstanceCaches::new() };
    pair.text();
    pair.text_cache().cache_info();
    pair.right();
    pair.right_cache().cache_info();
}
