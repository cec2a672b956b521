//! In the `impl` of a trait there is no place for the controls: the attribute
//! stands on the block as well.
//!
//! More than one message is what the compiler gives: one for each item that the trait
//! has not, and one for each use of them. The name in the first says what to write.

use lruheap::{CacheHost, InstanceCaches, lru_cache};

trait Area {
    fn area(&self) -> u64;
}

#[derive(CacheHost)]
struct Square(u64, InstanceCaches);

impl Area for Square {
    #[lru_cache]
    fn area(&self) -> u64 {
        self.0 * self.0
    }
}

fn main() {
    let square = Square(1, InstanceCaches::new());
    square.area();
    square.area_cache().cache_info();
    Square::area_caches().cache_info();
}
