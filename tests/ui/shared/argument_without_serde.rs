//! An argument without serde is no part of a key that processes share: said once, at the type.

use lruheap::lru_cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[lru_cache(shared)]
fn owned(n: u64, id: Id) -> u64 {
    n + id.0
}

#[lru_cache(shared)]
fn borrowed(id: &Id) -> u64 {
    id.0
}

#[lru_cache(shared, tags("ids"))]
async fn within(list: Vec<Id>) -> usize {
    list.len()
}

#[lru_cache(shared)]
fn expression(#[key(Id(id))] id: u64) -> u64 {
    id
}

#[lru_cache(shared)]
fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> bool {
    value == value
}

fn main() {
    owned(1, Id(1));
    owned::cache_info();
    borrowed(&Id(1));
    borrowed::cache_remove(&Id(1));
    let _ = within(vec![Id(1)]);
    expression(1);
    generic(1);
    // Whatever is left out of the key needs none.
    #[lru_cache(shared)]
    fn skipped(#[key(skip)] _id: Id, #[key(id.0)] id: Id) -> u64 {
        id.0
    }
    skipped(Id(1), Id(1));
}
