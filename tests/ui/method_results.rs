//! Results of methods are cached like those of functions, and an instance that is
//! shared has none that can't be.

use std::rc::Rc;
use std::sync::{Arc, MutexGuard};

use lruheap::{CacheHost, InstanceCaches, lru_cache};

struct NotClone;

#[derive(CacheHost, Default)]
struct Analyzer {
    name: String,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn not_clone(&self) -> NotClone {
        NotClone
    }

    #[lru_cache]
    fn borrowed(&self) -> &str {
        &self.name
    }

    #[lru_cache]
    fn borrowed_too<'a>(&'a self) -> Option<&'a String> {
        Some(&self.name)
    }

    #[lru_cache]
    fn itself(&self) -> &Self {
        self
    }

    #[lru_cache]
    fn hidden(&self) -> impl Iterator<Item = u8> {
        0..self.name.len() as u8
    }

    #[lru_cache]
    fn local(&self) -> Rc<str> {
        self.name.as_str().into()
    }

    #[lru_cache]
    fn local_in_arc(self: &Arc<Self>) -> Rc<str> {
        self.name.as_str().into()
    }

    /// Right.
    #[lru_cache]
    fn local_in_rc(self: &Rc<Self>) -> Rc<str> {
        self.name.as_str().into()
    }

    #[lru_cache(cache_err = true)]
    fn in_the_kept_error(&self) -> Result<u8, &str> {
        Err(&self.name)
    }

    #[lru_cache]
    fn guarded(&self) -> MutexGuard<'_, u8> {
        todo!()
    }
}

fn main() {
    let a = Arc::new(Analyzer::default());
    a.caches.clear();
    a.not_clone();
    a.not_clone_cache().cache_info();
    a.borrowed();
    a.borrowed_too();
    a.itself();
    a.hidden();
    a.local();
    a.local_cache().cache_info();
    a.local_in_arc();
    a.local_in_arc_cache().cache_info();
    Rc::new(Analyzer::default()).local_in_rc();
    _ = a.in_the_kept_error();
    drop(a.guarded());
}
