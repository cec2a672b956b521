//! An instance that threads share has one cache for all of them.

use std::rc::Rc;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(scope = thread)]
    fn of_reference(&self) -> u64 {
        self.n
    }

    #[lru_cache(scope = thread, maxsize = 4)]
    fn of_arc(self: Arc<Self>) -> u64 {
        self.n
    }

    #[lru_cache(scope = thread)]
    fn of_arc_reference(self: &Arc<Self>) -> u64 {
        self.n
    }

    /// Right.
    #[lru_cache(scope = thread)]
    fn of_rc(self: &Rc<Self>) -> u64 {
        self.n
    }

    /// Right.
    #[lru_cache(scope = thread)]
    fn of_all(#[key(skip)] &self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Arc::new(Analyzer::default());
    a.of_reference();
    a.clone().of_arc();
    a.of_arc_reference();
    Rc::new(Analyzer::default()).of_rc_cache().cache_info();
    a.of_all_cache().cache_info();
}
