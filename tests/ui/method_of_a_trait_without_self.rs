//! A trait's function without `self` and without a body.

use lruheap::cache;

trait Square {
    #[cache]
    fn of(n: u64) -> u64;
}

struct Unit;

impl Square for Unit {
    fn of(n: u64) -> u64 {
        n * n
    }
}

fn main() {
    Unit::of(1);
}
