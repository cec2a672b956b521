//! What other processes can't have is not shared.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[lru_cache(shared, scope = thread)]
fn of_a_thread(n: u64) -> u64 {
    n
}

#[lru_cache(typed = false, shared(ttl = 300))]
fn loose(n: u64) -> u64 {
    n
}

#[lru_cache(shared)]
fn unnamed(values: impl Iterator<Item = u64> + Clone + std::hash::Hash + Eq) -> u64 {
    values.sum()
}

#[lru_cache(shared)]
fn unnamed_within(values: &[impl Clone]) -> usize {
    values.len()
}

#[lru_cache(shared)]
#[track_caller]
fn tracked(n: u64) -> u64 {
    n
}

#[lru_cache(shared)]
fn of_the_program(n: u64) -> Option<(u64, &'static str)> {
    Some((n, "text"))
}

#[lru_cache(shared)]
fn error_of_the_program(n: u64) -> Result<u64, &'static str> {
    Ok(n)
}

#[derive(CacheHost)]
struct Corpus {
    caches: InstanceCaches,
}

impl Corpus {
    #[lru_cache(shared)]
    fn method(&self, n: u64) -> u64 {
        n
    }

    #[lru_cache(shared)]
    fn associated(n: u64) -> Option<Self> {
        let _ = n;
        None
    }
}

#[lru_cache]
impl Corpus {
    #[lru_cache(shared)]
    fn in_a_block(n: u64) -> u64 {
        n
    }

    #[lru_cache(shared)]
    fn method_in_a_block(&self, n: u64) -> u64 {
        n
    }
}

fn main() {
    of_a_thread(1);
    loose(1);
    unnamed(0..3);
    unnamed_within(&[1]);
    tracked(1);
    tracked::cache_info();
    of_the_program(1);
    let _ = error_of_the_program(1);
    let corpus = Corpus { caches: InstanceCaches::new() };
    corpus.method(1);
    corpus.method_in_a_block(1);
    Corpus::associated(1);
    Corpus::in_a_block(1);
}
