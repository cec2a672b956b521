//! A host has one field for its caches; without one, or with two, the derive says
//! so, and the methods do not say it again.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost)]
struct Unit;

#[derive(CacheHost)]
struct NoField {
    n: u64,
}

#[derive(CacheHost, Default)]
struct TwoFields {
    caches: InstanceCaches,
    more: InstanceCaches,
}

#[derive(CacheHost)]
struct TwoMarked(#[cache_host] InstanceCaches, u8, #[cache_host] InstanceCaches);

/// What is behind a reference is another's.
#[derive(CacheHost)]
struct Borrowed<'a> {
    caches: &'a InstanceCaches,
}

impl Unit {
    #[lru_cache]
    fn one(&self) -> u64 {
        1
    }
}

impl NoField {
    #[lru_cache]
    fn square(&self) -> u64 {
        self.n * self.n
    }
}

impl TwoFields {
    #[lru_cache]
    fn two(&self) -> u64 {
        2
    }
}

impl TwoMarked {
    #[lru_cache]
    fn three(&self) -> u8 {
        self.1
    }
}

impl Borrowed<'_> {
    #[lru_cache]
    fn four(&self) -> u8 {
        4
    }
}

fn main() {
    Unit.one_cache().cache_info();
    let no_field = NoField { n: 1 };
    no_field.square();
    no_field.square_cache().cache_remove(());
    NoField::square_caches().cache_info();
    let two = TwoFields::default();
    two.two();
    two.caches.clear();
    two.more.clear();
    TwoMarked(InstanceCaches::new(), 1, InstanceCaches::new()).three();
    Borrowed { caches: &InstanceCaches::new() }.four_uncached();
}
