//! Arguments as they may be.
#![deny(warnings)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lruheap::lru_cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Point {
    x: i32,
    y: i32,
}

#[lru_cache]
fn references(text: &str, path: &Path, bytes: &[u8], words: &[&str], limit: Option<&str>, point: &Point) -> usize {
    text.len() + path.components().count() + bytes.len() + words.len() + limit.map_or(0, str::len) + point.x as usize
}

#[lru_cache]
fn owned(text: String, path: PathBuf, list: Vec<u8>, map: BTreeMap<u8, u8>, shared: Arc<str>, boxed: Box<u8>) -> usize {
    text.len() + path.components().count() + list.len() + map.len() + shared.len() + usize::from(*boxed)
}

#[lru_cache]
fn statics(text: &'static str, word: Cow<'static, str>, other: Cow<'_, str>) -> usize {
    text.len() + word.len() + other.len()
}

#[lru_cache]
fn patterns((a, b): (u8, u8), Point { x, .. }: Point, _: char, mut n: i32, [c, d]: [u8; 2]) -> i32 {
    n += i32::from(a + b + c + d);
    n + x
}

#[lru_cache]
#[allow(unused_parens)]
fn parentheses(text: &(str), pair: (&str, (u8, &[u8]))) -> usize {
    text.len() + pair.0.len() + pair.1.1.len()
}

#[lru_cache]
fn lifetimes<'a, 'b: 'a>(a: &'a str, b: &'b str) -> usize {
    a.len() + b.len()
}

#[lru_cache]
fn implied(value: impl Debug + Hash + Eq + Clone + Send + Sync + 'static) -> String {
    format!("{value:?}")
}

#[lru_cache]
fn generic<T, const N: usize>(values: [T; N]) -> usize
where
    T: Hash + Eq + Clone + Send + Sync + 'static,
{
    values.len() + N
}

#[lru_cache]
fn named_like_what_the_macro_writes(key: u8, cache: u8, __cache: u8, value: u8, result: u8, flight: u8, part: u8, out: u8) -> u8 {
    key + cache + __cache + value + result + flight + part + out
}

#[lru_cache]
fn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8, n: &str) -> usize {
    usize::from(a + b + c + d + e + f + g + h + i + j + k + l + m) + n.len()
}

fn main() {
    let point = Point { x: 1, y: 2 };
    assert_eq!(references("a", Path::new("b"), b"c", &["d"], Some("e"), &point), 6);
    assert_eq!(references::cache_peek("a", Path::new("b"), b"c", &["d"], Some("e"), &point), Some(6));
    assert_eq!(owned("a".into(), "b".into(), vec![1], BTreeMap::new(), "c".into(), Box::new(1)), 5);
    assert_eq!(statics("a", "b".into(), "c".into()), 3);
    assert_eq!(patterns((1, 2), point.clone(), 'x', 3, [4, 5]), 16);
    assert_eq!(parentheses("a", ("b", (1, b"c"))), 3);
    assert_eq!(lifetimes("a", "b"), 2);
    assert_eq!(implied(1), "1");
    assert_eq!(generic([1, 2]), 4);
    assert_eq!(generic::<i32, 2>::cache_info().misses, 1);
    assert_eq!(named_like_what_the_macro_writes(1, 1, 1, 1, 1, 1, 1, 1), 8);
    assert_eq!(many(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, "a"), 14);
    assert_eq!(point.y, 2);
}
