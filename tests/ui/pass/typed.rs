//! `typed` on concrete and generic functions.
#![deny(warnings)]

use lruheap::{LooseKey, lru_cache};

#[derive(LooseKey)]
enum Shape<T> {
    Dot,
    Line(T),
    Box { width: T, height: T },
}

#[lru_cache(typed = false)]
fn concrete(n: u64) -> u64 {
    n
}

#[lru_cache(typed = true)]
fn apart<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> usize {
    size_of_val(&value)
}

#[lru_cache(typed = false)]
fn together<T: LooseKey>(shape: Shape<T>, _: impl LooseKey) -> u8 {
    match shape {
        Shape::Dot => 0,
        Shape::Line(_) => 1,
        Shape::Box { .. } => 2,
    }
}

#[lru_cache(typed = false)]
fn results<T: LooseKey, E: From<String>>(value: T) -> Result<u8, E> {
    drop(value);
    Err("no".to_string().into())
}

fn main() {
    assert_eq!(concrete(1), 1);
    assert_eq!(apart(1_u8) + apart(1_u16), 3);
    assert_eq!(together(Shape::Line(1), 1), 1);
    assert_eq!(together(Shape::Line(1.0), true), 1);
    assert_eq!(together(Shape::<u8>::Dot, 0), 0);
    assert_eq!(together(Shape::Box { width: 1, height: 2 }, 0), 2);
    assert_eq!(together::<u8>::cache_info().hits, 1);
    assert_eq!(results::<u8, String>(1), Err("no".to_string()));
}
