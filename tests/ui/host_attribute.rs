//! `#[cache_host]` on a field stands alone, and on the type names a path.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct WithArguments {
    #[cache_host(skip)]
    caches: InstanceCaches,
}

#[derive(CacheHost)]
struct WithValue(#[cache_host = "caches"] InstanceCaches);

#[derive(CacheHost)]
struct WithEmptyArguments(#[cache_host()] InstanceCaches);

#[derive(CacheHost)]
struct MarkedTwice {
    #[cache_host]
    #[cache_host]
    caches: InstanceCaches,
}

#[derive(CacheHost)]
struct OfAnotherType {
    #[cache_host]
    n: u64,
    caches: InstanceCaches,
}

#[derive(CacheHost)]
struct OfAnotherTypeToo(#[cache_host] Option<InstanceCaches>);

#[derive(CacheHost)]
#[cache_host(krate = lruheap)]
struct Misspelt {
    caches: InstanceCaches,
}

#[derive(CacheHost)]
#[cache_host]
struct OnTheType {
    caches: InstanceCaches,
}

#[derive(CacheHost)]
#[cache_host(crate = "lruheap")]
struct Quoted(InstanceCaches);

#[derive(CacheHost)]
#[cache_host(crate = lruheap, field = caches)]
struct AndMore {
    caches: InstanceCaches,
}

macro_rules! methods {
    ($($ty:ty)*) => {
        $(impl $ty {
            #[lru_cache]
            fn one(&self) -> u64 {
                1
            }
        })*
    };
}

methods!(WithArguments WithValue WithEmptyArguments MarkedTwice OfAnotherType OfAnotherTypeToo);
methods!(Misspelt OnTheType Quoted AndMore);

fn main() {
    WithArguments { caches: InstanceCaches::new() }.caches.clear();
    MarkedTwice { caches: InstanceCaches::new() }.one_cache().cache_info();
    let other = OfAnotherType { n: 1, caches: InstanceCaches::new() };
    other.one();
    other.caches.clear();
    let _ = other.n;
    Misspelt { caches: InstanceCaches::new() }.caches.clear();
    OnTheType { caches: InstanceCaches::new() }.caches.clear();
    AndMore { caches: InstanceCaches::new() }.caches.clear();
    Quoted::one_caches().cache_info();
}
