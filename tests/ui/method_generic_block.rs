//! The bounds of a block's type parameters.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct Pair<T>(T, InstanceCaches);

impl<T: Clone + 'static> Pair<T> {
    #[lru_cache]
    fn argument(&self, value: T) -> usize {
        size_of_val(&value)
    }

    #[lru_cache]
    fn result(&self) -> T {
        self.0.clone()
    }
}

struct Plain<T>(T);

impl<T: ToString> Plain<T> {
    #[lru_cache]
    fn of_all(#[key(skip)] &self, n: usize) -> usize {
        self.0.to_string().len() + n
    }
}

fn main() {
    let pair = Pair(1_u8, InstanceCaches::new());
    pair.argument(1);
    pair.argument_cache().cache_info();
    pair.result();
    pair.result_cache().cache_info();
    Plain(1).of_all(1);
    Plain(1).of_all_cache().cache_info();
}
