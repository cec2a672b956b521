//! A trait's function without `self` and without a body.
//!
//! More than one message is what the compiler gives: two of items that stand in no
//! trait before the one that says the fix, and a warning.

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
