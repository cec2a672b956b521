//! What a method does in a future that it returns comes after the method's end, so
//! `#[cache_invalidate]` would clear too early.

use std::pin::Pin;

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Dataset {
    values: Vec<u64>,
    caches: InstanceCaches,
}

impl Dataset {
    #[lru_cache]
    fn sum(&self) -> u64 {
        self.values.iter().sum()
    }

    #[cache_invalidate]
    fn push(&mut self, value: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.values.push(value) })
    }

    #[cache_invalidate(sum)]
    fn pop(&mut self) -> impl Future<Output = Option<u64>> {
        async { self.values.pop() }
    }

    /// Right.
    #[cache_invalidate]
    async fn clear(&mut self) {
        self.values.clear();
    }
}

fn main() {
    let mut data = Dataset::default();
    data.caches.clear();
    data.sum_cache().cache_info();
    drop(data.push(1));
    drop(data.pop());
    drop(data.clear());
}
