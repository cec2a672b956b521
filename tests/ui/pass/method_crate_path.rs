//! Another path to lruheap, for methods, hosts and what changes them.
#![deny(warnings)]

mod facade {
    pub mod caching {
        pub use lruheap::*;
    }
    pub use lruheap as again;
}

#[derive(facade::caching::CacheHost, Default)]
#[cache_host(crate = facade::caching)]
struct Analyzer {
    n: u64,
    caches: facade::caching::InstanceCaches,
}

impl Analyzer {
    #[facade::caching::lru_cache(crate = crate::facade::caching)]
    fn square(&self) -> u64 {
        self.n * self.n
    }

    #[facade::again::cache(crate = facade::again, ttl = 60)]
    fn of_all(#[key(self.n)] &self, n: u64) -> u64 {
        self.n + n
    }

    #[lruheap::lru_cache(crate = ::lruheap)]
    fn counted(self: &std::sync::Arc<Self>) -> u64 {
        self.n
    }

    #[facade::caching::cache_invalidate(crate = facade::caching)]
    fn set(&mut self, n: u64) {
        self.n = n;
    }

    #[facade::caching::cache_invalidate(crate = facade::again, square, of_all)]
    fn add(&mut self, n: u64) {
        self.n += n;
    }
}

#[facade::caching::lru_cache(crate = facade::caching)]
impl Default for Wrapper {
    #[lru_cache(maxsize = 1)]
    fn default() -> Self {
        Wrapper(3)
    }
}

#[derive(Clone)]
struct Wrapper(u64);

fn main() {
    let mut a = Analyzer::default();
    a.set(2);
    assert_eq!(a.square(), 4);
    a.add(1);
    assert_eq!((a.square(), a.of_all(1)), (9, 4));
    assert_eq!(std::sync::Arc::new(a).counted(), 3);
    assert_eq!(Wrapper::default().0, 3);
}
