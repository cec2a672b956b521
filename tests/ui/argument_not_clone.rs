//! An argument is cloned when its result is stored.

use lruheap::lru_cache;

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

#[lru_cache]
fn by_value(id: Id) -> u64 {
    id.0
}

#[lru_cache]
fn nested(ids: Vec<Id>) -> usize {
    ids.len()
}

fn main() {
    by_value(Id(1));
    by_value::cache_peek(Id(1));
    nested(vec![Id(1)]);
    nested::cache_info();
}
