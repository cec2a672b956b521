//! A tag is a string, and leaves the arguments to the body.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[lru_cache(tags("courses", id))]
fn number(id: u64) -> u64 {
    id
}

#[lru_cache(tags(id.checked_add(1).map(|id| id.to_string())))]
async fn option(id: u64) -> u64 {
    id
}

#[lru_cache(tags({ let tag = id; tag }))]
fn moved(id: String) -> usize {
    id.len()
}

#[lru_cache(tags(course))]
fn unknown_name(id: u64) -> u64 {
    id
}

#[lru_cache(tags(id.name()))]
fn unknown_method(id: u64) -> u64 {
    id
}

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(tags(self.n))]
    fn of_instance(&self, id: u64) -> u64 {
        self.n + id
    }
}

fn main() {
    number(1);
    number::cache_info();
    drop(option(1));
    moved("1".into());
    unknown_name(1);
    unknown_method(1);
    let a = Analyzer::default();
    a.caches.clear();
    a.of_instance(1);
    a.of_instance_cache().cache_info();
}
