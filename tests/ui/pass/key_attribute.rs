//! `#[key]` as it may be used.
#![deny(warnings)]

use std::collections::HashMap;

use lruheap::lru_cache;

#[lru_cache]
fn logged(n: u64, #[key(skip)] log: &mut Vec<u64>) -> u64 {
    log.push(n);
    n
}

#[lru_cache]
fn skipped_types(
    n: u64,
    #[key(skip)] rate: f64,
    #[key(skip)] _table: &HashMap<String, f64>,
    #[key(skip)] callback: &dyn Fn(u64) -> u64,
    #[key(skip)] (a, b): (f32, f32),
) -> u64 {
    callback(n) + (rate + f64::from(a + b)) as u64
}

#[lru_cache]
fn root(#[key(x.to_bits())] x: f64) -> f64 {
    x.sqrt()
}

#[lru_cache]
fn lowercase(#[key(word.to_lowercase())] word: &str, #[key((n % 2, "odd"))] mut n: u64) -> String {
    n += 1;
    format!("{word}{n}")
}

#[lru_cache]
fn block(#[key({ let (a, b) = pair; (a.to_bits(), b) })] pair: (f32, u8)) -> f32 {
    pair.0 + f32::from(pair.1)
}

fn main() {
    let mut log = Vec::new();
    logged(1, &mut log);
    logged(1, &mut log);
    assert_eq!(log, [1]);
    let table = HashMap::new();
    assert_eq!(skipped_types(1, 2.0, &table, &|n| n, (0.5, 0.5)), 4);
    assert_eq!(skipped_types(1, 9.0, &table, &|n| n * 9, (0.5, 0.5)), 4);
    root(2.0);
    root(2.0);
    assert_eq!(root::cache_info().hits, 1);
    assert_eq!(lowercase("A", 1), "A2");
    assert_eq!(lowercase("a", 3), "A2");
    assert_eq!(block((0.5, 1)), 1.5);
    assert_eq!(block::cache_info().misses, 1);
}
