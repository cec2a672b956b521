//! Parameters of every shape that must just work.

// What is tested is what pedants would write differently.
#![allow(
    clippy::boxed_local,
    clippy::items_after_statements,
    clippy::toplevel_ref_arg,
    clippy::too_many_arguments,
    clippy::trivially_copy_pass_by_ref
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::four;
use lruheap::lru_cache;

#[test]
fn however_a_call_is_spelt_it_is_one_entry() {
    #[lru_cache]
    fn search(query: &str, limit: u32, offset: u32) -> String {
        format!("{query} {limit} {offset}")
    }
    const LIMIT: u32 = 10;
    let owned = String::from("python");
    let by_pointer: fn(&str, u32, u32) -> String = search;
    let same = search;
    let (limit, offset) = (5 + 5, u32::default());
    let calls = [
        search("python", 10, 0),
        search(&owned, LIMIT, 0),
        search(owned.as_str(), limit, offset),
        search(&format!("py{}", "thon"), 0xa, 0_u32),
        search(concat!("py", "thon"), 20 / 2, "".len().try_into().unwrap()),
        search_through(&search),
        by_pointer("python", 10, 0),
        same("python", 10, 0),
    ];
    assert!(calls.iter().all(|call| call == "python 10 0"));
    assert_eq!(four(search::cache_info()), (7, 1, Some(128), 1));
    assert!(search::cache_contains("python", 10, 0));
}

fn search_through(search: &dyn Fn(&str, u32, u32) -> String) -> String {
    search("python", 10, 0)
}

struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Pair<T>(T, T);

/// Calls twice and expects one miss and one hit.
macro_rules! assert_cached {
    ($function:ident ( $($args:tt)* ), $value:expr) => {
        assert_eq!($function($($args)*), $value);
        assert_eq!($function($($args)*), $value);
        assert_eq!(four($function::cache_info()), (1, 1, Some(128), 1));
        assert_eq!($function::uncached($($args)*), $value);
        assert_eq!($function::cache_peek($($args)*), Some($value));
        assert_eq!($function::cache_remove($($args)*), Some($value));
        $function::cache_insert($($args)*, $value);
        assert!($function::cache_contains($($args)*));
    };
}

#[test]
fn patterns() {
    #[lru_cache]
    fn tuple((a, b): (i32, i32), [first, .., last]: [i32; 3]) -> i32 {
        a * b + first - last
    }
    #[lru_cache]
    fn fields(#[key((p.x, p.y))] p: &Point, Pair(a, _): Pair<i32>) -> i32 {
        let Point { x, .. } = p;
        x + a
    }
    #[lru_cache]
    fn wildcards(_: i32, _: &str, _unused: u8) -> i32 {
        7
    }
    #[lru_cache]
    fn mutable(mut x: i32, mut list: Vec<i32>) -> i32 {
        x += 1;
        list.push(x);
        list.into_iter().sum()
    }
    #[lru_cache]
    fn binding(whole @ (a, _): (u8, u8), ref b: u8, &c: &u8) -> u8 {
        whole.1 + a + *b + c
    }
    assert_cached!(tuple((2, 3), [10, 20, 30]), -14);
    assert_cached!(fields(&Point { x: 1, y: 2 }, Pair(10, 20)), 11);
    assert_cached!(wildcards(1, "two", 3), 7);
    assert_cached!(mutable(1, vec![10]), 12);
    assert_cached!(binding((1, 2), 3, &4), 10);
}

#[test]
fn struct_patterns() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct P {
        x: u32,
        y: u32,
    }
    #[lru_cache]
    fn part(P { x, .. }: P) -> u32 {
        x
    }
    #[lru_cache]
    fn borrowed(P { x, y: renamed }: &P) -> u32 {
        x + renamed
    }
    assert_cached!(part(P { x: 1, y: 2 }), 1);
    assert_cached!(borrowed(&P { x: 1, y: 2 }), 3);
    // The whole is the key, not the part that is looked at.
    part(P { x: 1, y: 3 });
    assert_eq!(part::cache_info().misses, 2);
}

#[test]
fn arguments_of_many_types() {
    #[lru_cache]
    fn owned(
        a: Box<u8>,
        b: Arc<str>,
        c: BTreeMap<String, u8>,
        d: BTreeSet<u8>,
        e: PathBuf,
    ) -> usize {
        usize::from(*a) + b.len() + c.len() + d.len() + e.as_os_str().len()
    }
    #[lru_cache]
    fn arrays(a: [u8; 3], b: [[i16; 2]; 2], c: (), d: (u8,), e: (char, (bool, String))) -> usize {
        a.len() + b.len() + usize::from(d.0) + e.1.1.len() + size_of_val(&c)
    }
    #[lru_cache]
    fn borrowed(
        a: &str,
        b: &[u8],
        c: &Path,
        d: Option<&str>,
        e: &[&str],
        f: &Pair<u8>,
        g: &[u8; 2],
    ) -> usize {
        a.len()
            + b.len()
            + c.as_os_str().len()
            + d.map_or(0, str::len)
            + e.len()
            + usize::from(f.1 + g[1])
    }
    #[lru_cache]
    fn fixed(
        a: &'static str,
        b: Box<str>,
        c: Vec<String>,
        d: Option<Box<[u8]>>,
        e: std::cmp::Ordering,
    ) -> &'static str {
        if b.is_empty() && c.is_empty() && d.is_none() && e.is_eq() {
            a
        } else {
            "no"
        }
    }
    assert_cached!(
        owned(
            Box::new(1),
            "two".into(),
            BTreeMap::from([("k".to_owned(), 1)]),
            BTreeSet::from([1, 2]),
            "p".into()
        ),
        8
    );
    assert_cached!(
        arrays(
            [1, 2, 3],
            [[1, 2], [3, 4]],
            (),
            (5,),
            ('c', (true, "s".to_owned()))
        ),
        11
    );
    assert_cached!(
        borrowed(
            "a",
            b"bb",
            Path::new("c"),
            Some("d"),
            &["e", "f"],
            &Pair(1, 2),
            &[3, 4]
        ),
        13
    );
    assert_cached!(
        fixed("yes", "".into(), vec![], None, std::cmp::Ordering::Equal),
        "yes"
    );
}

#[test]
fn more_arguments_than_a_tuple_has_members() {
    #[lru_cache]
    fn sum(
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: u8,
        m: &str,
        n: u8,
    ) -> u32 {
        [a, b, c, d, e, f, g, h, i, j, k, l, n]
            .map(u32::from)
            .iter()
            .sum::<u32>()
            + u32::from(m.is_empty())
    }
    assert_cached!(sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "", 14), 93);
    sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "", 15);
    assert_eq!(sum::cache_info().misses, 2);
}
