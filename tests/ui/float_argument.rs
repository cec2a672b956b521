//! A float is no part of a key: its bits are, or the parameter is left out.

use lruheap::{cache, lru_cache};

#[lru_cache]
fn root(x: f64) -> u64 {
    x.sqrt() as u64
}

#[cache]
fn mixed(name: &str, _: u8, (x, y): (i32, f32)) -> usize {
    name.len() + (x as f32 + y) as usize
}

#[lru_cache]
fn mean(values: &[f64]) -> i64 {
    (values.iter().sum::<f64>() / values.len() as f64) as i64
}

#[lru_cache]
fn maybe(limit: Option<f64>) -> bool {
    limit.is_some()
}

fn main() {
    root(2.0);
    root::cache_clear();
    mixed("a", 1, (2, 3.0));
    println!("{}", mixed::cache_info());
    mean(&[1.0, 2.0]);
    mean::cache_peek(&[1.0]);
    maybe(None);
    maybe::cache_remove(None);
}
