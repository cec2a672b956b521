//! Receivers that no cache can answer for: each is refused once, and the
//! methods are not missing elsewhere.

use std::pin::Pin;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(maxsize = None)]
    fn push(&mut self, x: i64) -> usize {
        self.data.push(x);
        self.data.len()
    }

    #[lru_cache]
    fn push_mut(self: &mut Self, x: i64) -> usize {
        self.data.push(x);
        self.data.len()
    }

    #[lru_cache]
    fn push_for<'a>(&'a mut self, x: i64) -> usize {
        self.push(x)
    }

    #[lru_cache]
    fn take(self) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn take_mut(mut self) -> usize {
        self.push(1)
    }

    #[lru_cache]
    fn take_boxed(self: Box<Self>) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn pinned(self: Pin<&Self>) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn by_name(self: &Analyzer) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn boxed_reference(self: &Box<Self>) -> usize {
        self.data.len()
    }

    #[lru_cache]
    fn right(&self) -> usize {
        self.data.len()
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.push(1);
    a.push_mut(1);
    a.push_for(1);
    Pin::new(&a).pinned();
    a.by_name();
    a.right_cache().cache_info();
    Box::new(a).boxed_reference();
    Analyzer::default().take();
    Analyzer::default().take_mut();
    Box::new(Analyzer::default()).take_boxed();
}
