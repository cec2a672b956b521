//! The type of a result has to have a name.

use std::fmt::Display;

use lruheap::lru_cache;

#[lru_cache]
fn shown(n: u32) -> impl Display {
    n
}

#[lru_cache]
fn maybe(n: u32) -> Option<impl Display + Clone> {
    Some(n)
}

#[lru_cache]
fn never(n: u32) -> ! {
    panic!("{n}")
}

fn main() {
    println!("{}", shown(1));
    maybe(1);
    if false {
        never(1);
    }
    never::cache_info();
}
