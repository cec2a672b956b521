//! Whatever the user calls things, and however the attribute is written by a
//! macro of the user's.

#![allow(
    non_upper_case_globals,
    non_camel_case_types,
    dead_code,
    clippy::cast_possible_truncation,
    clippy::needless_lifetimes
)]

use lruheap::{LooseKey, lru_cache};

// Constants and unit structs are what a pattern of this name would match.
static value: u32 = 3;
const flight: u32 = 1;
const result: u32 = 1;
const n: u32 = 1;
const item: u32 = 1;
const build: u32 = 1;
const arg0: u32 = 1;
const out: u32 = 1;
struct field0;

#[lru_cache(cache_if = |kept| *kept > value)]
fn crowded((a, b): (u32, u32), names: &[&str], last: Option<&str>) -> u32 {
    a + b + names.len() as u32 + last.map_or(0, |_| 1)
}

#[lru_cache]
fn sized<const m: usize>(items: [u8; m]) -> usize {
    items.len()
}

#[derive(LooseKey)]
struct Pair(u8, u8);

#[lru_cache(typed = false)]
fn loose<T: LooseKey>(_pair: Pair, _with: T) -> u32 {
    1
}

#[test]
fn constants_of_the_user_s_are_not_taken_for_the_macro_s_bindings() {
    assert_eq!(crowded((1, 2), &["a"], Some("b")), 5);
    assert_eq!(crowded((1, 0), &[], None), 1);
    assert_eq!(
        crowded::cache_info().currsize,
        1,
        "`cache_if` sees the user's `value`"
    );
    assert_eq!(sized([1, 2, 3]), 3);
    sized::<3>::cache_resize(5);
    loose(Pair(1, 2), 1);
    loose(Pair(1, 2), 1.0);
    assert_eq!(loose::<u8>::cache_info().hits, 1);
    let _ = (flight, result, n, item, build, arg0, out, field0);
}

macro_rules! memoized {
    ($name:ident, $size:expr, $ttl:literal, $err:expr) => {
        #[lru_cache(maxsize = $size, ttl = $ttl, cache_err = $err)]
        fn $name(x: u32) -> Result<u32, ()> {
            if x == 0 { Err(()) } else { Ok(x) }
        }
    };
}

memoized!(of_fragments, None, 60, true);

#[test]
fn options_may_come_as_fragments_of_a_macro() {
    assert!(of_fragments(0).is_err());
    let parameters = of_fragments::cache_parameters();
    assert_eq!(parameters.maxsize, None);
    assert_eq!(parameters.ttl, Some(std::time::Duration::from_secs(60)));
    assert_eq!(of_fragments::cache_info().currsize, 1);
}

#[cfg(target_arch = "x86_64")]
#[lru_cache]
#[target_feature(enable = "sse2")]
fn featured(x: u64) -> u64 {
    x + 1
}

#[lru_cache]
#[track_caller]
fn tracked(x: u32) -> u32 {
    x + std::panic::Location::caller().line()
}

#[lru_cache]
#[expect(dead_code)]
fn never_called(x: u32) -> u32 {
    x
}

#[test]
fn attributes_of_the_function_reach_what_calls_its_body() {
    #[cfg(target_arch = "x86_64")]
    assert_eq!(featured::cache_info().misses, 0);
    assert!(tracked::cache_refresh(0) > 0);
}

#[lru_cache]
fn longer<'a, 'b>(one: &'a str, other: &'b str, _both: &[&'a str]) -> usize {
    one.len().max(other.len())
}

#[test]
fn the_body_is_as_general_over_lifetimes_as_the_function() {
    let through: for<'x, 'y, 'z> fn(&'x str, &'y str, &'z [&'x str]) -> usize = longer;
    let uncached: for<'x, 'y, 'z> fn(&'x str, &'y str, &'z [&'x str]) -> usize = longer::uncached;
    let text = String::from("text");
    assert_eq!(through(&text, "a", &[]), uncached(&text, "a", &[]));
    assert!(longer::cache_contains(&text, "a", &[]));
}

#[lru_cache]
fn like_static<'s, T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(
    text: &'s str,
    _with: T,
) -> usize {
    text.len()
}

#[lru_cache]
fn with_a_type_of_its_own(m: u32) -> u32 {
    struct Node {
        next: Option<Box<Self>>,
        value: u32,
    }
    let node = Node {
        next: None,
        value: m,
    };
    node.next.map_or(node.value, |next| next.value)
}

#[lru_cache]
fn with_a_macro(m: u32) -> String {
    format!("{}{m}", stringify!(Self::X))
}

#[test]
fn the_word_self_and_lifetimes_that_begin_alike_are_no_obstacle() {
    let uncached: for<'x> fn(&'x str, u8) -> usize = like_static::<u8>::uncached;
    assert_eq!(uncached("ab", 1), like_static("ab", 1_u8));
    assert_eq!(with_a_type_of_its_own(3), 3);
    assert_eq!(with_a_macro(3), "Self::X3");
}
