//! Caches of a thread have no tags: other threads could not invalidate them.

use std::rc::Rc;

use lruheap::lru_cache;

#[lru_cache(scope = thread, tags("courses"))]
fn of_the_thread(n: u64) -> u64 {
    n
}

struct Analyzer {
    n: u64,
}

impl Analyzer {
    #[lru_cache(tags("courses"))]
    fn of_rc(self: Rc<Self>) -> u64 {
        self.n
    }

    #[lru_cache(tags("courses"))]
    fn of_rc_by_reference(self: &Rc<Self>) -> u64 {
        self.n
    }

    #[lru_cache(scope = thread, tags("courses"))]
    fn of_rc_in_a_thread(self: &Rc<Self>) -> u64 {
        self.n
    }

    #[lru_cache(scope = thread, tags("courses"))]
    fn of_all(#[key(skip)] &self) -> u64 {
        self.n
    }
}

fn main() {
    of_the_thread(1);
    of_the_thread::cache_info();
    let a = Rc::new(Analyzer { n: 1 });
    a.clone().of_rc();
    a.of_rc_cache().cache_info();
    a.of_rc_by_reference();
    a.of_rc_by_reference_cache().cache_info();
    a.of_rc_in_a_thread();
    a.of_all();
}
