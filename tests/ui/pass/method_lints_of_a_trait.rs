//! Nothing is said of the controls of a trait's default methods.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications)]

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// Has an area.
pub trait Area: CacheHost {
    /// The side.
    fn side(&self) -> u64;

    /// The area.
    #[lru_cache]
    fn area(&self) -> u64 {
        self.side() * self.side()
    }

    /// Changes it.
    #[cache_invalidate]
    fn change(&mut self) {}
}

/// Has a side.
#[derive(CacheHost, Default)]
pub struct Square(InstanceCaches);

impl Area for Square {
    fn side(&self) -> u64 {
        1
    }
}

fn main() {
    let mut square = Square::default();
    square.change();
    assert_eq!(square.area(), 1);
    assert_eq!(square.area_cache().cache_info().misses, 1);
}
