//! `#[cache_invalidate]` stands on methods, alone or with the names of others.

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[cache_invalidate]
fn free(n: u64) -> u64 {
    n
}

#[cache_invalidate]
struct Plain(u64);

#[cache_invalidate]
const LIMIT: u64 = 3;

#[cache_invalidate]
mod module {}

#[derive(CacheHost, Default)]
struct Dataset {
    values: Vec<u64>,
    caches: InstanceCaches,
}

#[cache_invalidate]
impl Dataset {
    #[lru_cache]
    fn sum(&self) -> u64 {
        self.values.iter().sum()
    }
}

impl Dataset {
    #[lru_cache]
    fn len(&self) -> usize {
        self.values.len()
    }

    #[cache_invalidate]
    fn new(values: Vec<u64>) -> Self {
        Dataset { values, ..Dataset::default() }
    }

    /// Right.
    #[cache_invalidate]
    fn into_values(self) -> Vec<u64> {
        self.values
    }

    #[cache_invalidate(sum)]
    fn boxed(self: Box<Self>) -> Vec<u64> {
        self.values
    }

    #[cache_invalidate]
    const fn clear(&mut self) {
        let _ = self;
    }

    #[cache_invalidate(sum, len, sum)]
    fn push(&mut self, value: u64) {
        self.values.push(value);
    }

    #[cache_invalidate(3)]
    fn number(&mut self) {}

    #[cache_invalidate("sum")]
    fn text(&mut self) {}

    #[cache_invalidate(sum(1))]
    fn with_arguments(&mut self) {}

    /// Right: the caches of all instances.
    #[cache_invalidate(Self::sum)]
    fn with_path(&mut self) {}

    #[cache_invalidate(sum len)]
    fn without_comma(&mut self) {}

    #[cache_invalidate(methods = [sum])]
    fn as_option(&mut self) {}

    #[cache_invalidate(crate = "lruheap")]
    fn quoted_path(&mut self) {}

    /// Right.
    #[cache_invalidate(sum, len,)]
    fn pop(&mut self) -> Option<u64> {
        self.values.pop()
    }
}

trait Change {
    #[cache_invalidate]
    fn change(&mut self);
}

impl Change for Dataset {
    fn change(&mut self) {}
}

fn main() {
    free(LIMIT);
    let _ = Plain(1).0;
    let mut data = Dataset::new(vec![1]);
    data.caches.clear();
    data.sum_cache().cache_info();
    data.len_cache().cache_info();
    data.clear();
    data.push(1);
    data.number();
    data.text();
    data.with_arguments();
    data.with_path();
    data.without_comma();
    data.as_option();
    data.quoted_path();
    data.pop();
    data.change();
    data.into_values();
    Box::new(Dataset::default()).boxed();
}
