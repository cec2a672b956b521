//! A path that leads to no lruheap.

use lruheap::{CacheHost, InstanceCaches};

mod facade {}

#[derive(CacheHost)]
#[cache_host(crate = facade)]
struct Counter {
    caches: InstanceCaches,
}

fn main() {
    Counter { caches: InstanceCaches::new() }.caches.clear();
}
