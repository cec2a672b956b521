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

type Later<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

#[lru_cache]
fn square(n: u64) -> u64 {
    n * n
}

#[cache_invalidate(square(n))]
fn behind_an_alias<'a>(n: u64) -> Later<'a> {
    Box::pin(async move { drop(square(n)) })
}

#[cache_invalidate(square(n))]
fn never(n: u64) -> ! {
    panic!("{n}")
}

fn main() {
    drop(behind_an_alias(1));
    let mut data = Dataset::default();
    data.caches.clear();
    data.sum_cache().cache_info();
    drop(data.push(1));
    drop(data.pop());
    drop(data.clear());
}
