//! What an `Arc` that is memoized on points to can be sent and shared.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

struct Counter(Cell<u64>);

impl Counter {
    #[lru_cache]
    fn by_value(self: Arc<Self>) -> u64 {
        self.0.get()
    }

    #[lru_cache]
    fn by_reference(self: &Arc<Self>) -> u64 {
        self.0.get()
    }
}

/// Right: the cache is on the instance, and never leaves it.
#[derive(CacheHost)]
struct Host(Rc<u64>, InstanceCaches);

impl Host {
    #[lru_cache]
    fn get(&self) -> u64 {
        *self.0
    }
}

fn main() {
    let counter = Arc::new(Counter(Cell::new(1)));
    counter.by_reference();
    counter.by_reference_cache().cache_info();
    counter.clone().by_value_cache().cache_info();
    counter.by_value();
    Counter::by_value_caches().cache_info();
    Host(Rc::new(1), InstanceCaches::new()).get_cache().cache_info();
}
