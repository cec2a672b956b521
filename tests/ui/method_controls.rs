//! The controls of one entry take the arguments as a tuple.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache]
    fn square(&self, n: u64) -> u64 {
        n * n + self.n
    }

    #[lru_cache]
    fn property(&self) -> u64 {
        self.n
    }

    #[lru_cache]
    fn two(&self, text: &str, n: u8) -> usize {
        text.len() + usize::from(n)
    }
}

fn main() {
    let a = Analyzer::default();
    a.caches.clear();
    a.square("3");
    a.square_cache().cache_remove(3);
    a.square_cache().cache_remove(("3",));
    a.square_cache().cache_peek(3, 4);
    a.square_cache().cache_contains(());
    a.square_cache().cache_insert((3,));
    a.square_cache().cache_insert((3,), "9");
    a.square_cache().cache_size();
    a.property_cache().cache_peek();
    a.property_cache().cache_peek((1,));
    a.two_cache().cache_ttl(("a",));
    a.two_cache().cache_ttl(("a", "b"));
    a.two_cache().cache_ttl("a", 1);
    Analyzer::square_cache().cache_info();
    a.square_caches().cache_info();
    Analyzer::square_caches().cache_remove((3,));
}
