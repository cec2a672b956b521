//! `name`, and names that are keywords.
#![deny(warnings)]

use lruheap::lru_cache;

const NAME: &str = "constant";

#[lru_cache(name = "courses")]
fn literal(n: u64) -> u64 {
    n
}

#[lru_cache(name = NAME)]
fn constant(n: u64) -> u64 {
    n
}

#[lru_cache(name = concat!("a", "/", "b"))]
fn expression(n: u64) -> u64 {
    n
}

#[lru_cache(r#maxsize = 4)]
fn r#match(r#fn: &str, r#struct: u8) -> usize {
    r#fn.len() + usize::from(r#struct)
}

fn main() {
    literal(1);
    constant(1);
    expression(1);
    assert_eq!(r#match("a", 1), 2);
    assert_eq!(r#match::cache_peek("a", 1), Some(2));
    assert_eq!(r#match::cache_info().maxsize, Some(4));
}
