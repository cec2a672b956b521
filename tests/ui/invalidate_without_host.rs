//! A type that is no `CacheHost` has no caches to clear.

use lruheap::{cache_invalidate, lru_cache};

struct Dataset(Vec<u64>);

impl Dataset {
    #[cache_invalidate]
    fn push(&mut self, value: u64) {
        self.0.push(value);
    }

    #[cache_invalidate]
    async fn pop(self: &mut Self) -> Option<u64> {
        self.0.pop()
    }
}

struct Other(Vec<u64>);

impl Other {
    #[lru_cache]
    fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    #[cache_invalidate]
    fn push(&mut self, value: u64) {
        self.0.push(value);
    }

    #[cache_invalidate(sum)]
    fn clear(&self) {}
}

trait Change {
    #[cache_invalidate]
    fn change(&mut self) {}
}

impl Change for Other {}

fn main() {
    let mut data = Dataset(Vec::new());
    data.push(1);
    drop(data.pop());
    let mut other = Other(Vec::new());
    other.push(1);
    other.clear();
    other.sum();
    other.change();
}
