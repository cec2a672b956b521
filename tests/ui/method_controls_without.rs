//! Controls that a method has not: a refresh that would await or be unsafe, those of
//! one entry where its arguments have no name, and all where `companion = none`.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    async fn waited(&self, n: u64) -> u64 {
        n
    }

    #[lru_cache]
    unsafe fn dangerous(&self, n: u64) -> u64 {
        n
    }

    #[lru_cache]
    fn any(&self, value: impl ToString + std::hash::Hash + Eq + Clone + Send + Sync + 'static) -> String {
        value.to_string()
    }

    #[lru_cache(companion = none)]
    fn without(&self) -> u64 {
        self.n
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.waited_cache().cache_refresh((1,));
    a.dangerous_cache().cache_refresh((1,));
    a.any_cache().cache_remove((1,));
    a.any_cache().cache_refresh((1,));
    a.any_cache().cache_info();
    a.without_cache().cache_info();
    a.without_uncached();
}
