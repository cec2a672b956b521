//! Where a memoized function may stand, what it may be called, what its
//! arguments may be called, and which attributes it may carry.

#![allow(unsafe_code)] // an exported name
#![allow(clippy::items_after_statements)] // functions inside functions
#![allow(clippy::non_minimal_cfg)] // a condition that holds

mod common;

use std::panic::Location;

use common::four;
use lruheap::{cache, lru_cache};

mod outer {
    pub(crate) mod inner {
        use lruheap::lru_cache;

        #[lru_cache]
        pub(in crate::outer) fn within(n: u32) -> u32 {
            n + 1
        }

        #[lru_cache]
        pub(super) fn above(n: u32) -> u32 {
            n + 2
        }

        #[lru_cache]
        pub(crate) fn anywhere(n: u32) -> u32 {
            n + 3
        }
    }

    pub(crate) fn sums() -> [u32; 2] {
        [inner::within(1), inner::above(1)]
    }

    pub(crate) fn misses() -> u64 {
        inner::within::cache_info().misses + inner::above::cache_info().misses
    }
}

#[test]
fn every_visibility() {
    // One import brings the function and its companion.
    use outer::inner::anywhere;
    assert_eq!(outer::sums(), [2, 3]);
    assert_eq!(outer::sums(), [2, 3]);
    assert_eq!(outer::misses(), 2);
    assert_eq!([anywhere(1), anywhere(1)], [4, 4]);
    assert_eq!(four(anywhere::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(
        anywhere::cache().name(),
        concat!(module_path!(), "::outer::inner::anywhere")
    );
}

#[test]
fn raw_identifiers() {
    #[lru_cache]
    fn r#match(r#type: &str, r#fn: u32) -> String {
        [r#type, &r#fn.to_string()].join(" ")
    }
    assert_eq!([r#match("a", 1), r#match("a", 1)], ["a 1", "a 1"]);
    assert_eq!(four(r#match::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(r#match::cache().name(), concat!(module_path!(), "::match"));
}

#[test]
fn functions_inside_functions() {
    fn outer(n: u32) -> u32 {
        #[lru_cache]
        fn helper(n: u32) -> u32 {
            #[lru_cache]
            fn helper(n: u32) -> u32 {
                n + 1
            }
            helper(n) + helper(n) + u32::try_from(helper::cache_info().hits).unwrap()
        }
        helper(n) * 10 + u32::try_from(helper::cache_info().hits).unwrap()
    }
    assert_eq!([outer(1), outer(1)], [50, 51]);
}

#[test]
#[allow(non_snake_case)]
fn two_names_that_differ_by_case_only() {
    #[lru_cache]
    fn area(n: u32) -> u32 {
        n
    }
    #[lru_cache]
    fn Area(n: u32) -> u32 {
        n * 2
    }
    #[lru_cache]
    fn AREA(n: u32) -> u32 {
        n * 3
    }
    assert_eq!([area(1), Area(1), AREA(1), AREA(1)], [1, 2, 3, 3]);
    assert_eq!(four(area::cache_info()), (0, 1, Some(128), 1));
    assert_eq!(four(Area::cache_info()), (0, 1, Some(128), 1));
    assert_eq!(four(AREA::cache_info()), (1, 1, Some(128), 1));
}

#[test]
#[allow(clippy::too_many_arguments, clippy::similar_names)]
fn arguments_named_like_anything_the_macro_could_write() {
    #[lru_cache]
    fn names(
        key: u32,
        cache: u32,
        __cache: u32,
        value: u32,
        result: u32,
        flight: u32,
        found: u32,
        arg0: u32,
    ) -> u32 {
        key + cache + __cache + value + result + flight + found + arg0
    }
    #[lru_cache]
    fn more(
        part: &str,
        item: &[&str],
        hash: u8,
        state: u8,
        home: u8,
        outcome: u8,
        n: u8,
        new: u8,
    ) -> usize {
        let _ = (hash, state, home, outcome, n, new);
        part.len() + item.len()
    }
    #[lru_cache]
    fn patterns((_a, _b): (u32, u32), arg0: u32, arg1: u32, _: u32, arg3: u32) -> u32 {
        arg0 * 100 + arg1 * 10 + arg3
    }
    #[lru_cache]
    fn crates(lruheap: u32, std: u32, core: u32, __private: u32, entry: u32, slot: u32) -> u32 {
        lruheap + std + core + __private + entry + slot
    }
    assert_eq!(
        [names(1, 2, 3, 4, 5, 6, 7, 8), names(1, 2, 3, 4, 5, 6, 7, 8)],
        [36, 36]
    );
    assert_eq!(
        [
            more("a", &["b"], 1, 2, 3, 4, 5, 6),
            more("a", &["b"], 1, 2, 3, 4, 5, 6)
        ],
        [2, 2]
    );
    assert_eq!(
        [patterns((1, 2), 3, 4, 5, 6), patterns((1, 2), 3, 4, 5, 6)],
        [346, 346]
    );
    assert_eq!(
        [crates(1, 2, 3, 4, 5, 6), crates(1, 2, 3, 4, 5, 6)],
        [21, 21]
    );
    names::cache_insert(1, 1, 1, 1, 1, 1, 1, 1, 70);
    assert_eq!(names(1, 1, 1, 1, 1, 1, 1, 1), 70);
    assert_eq!(four(names::cache_info()), (2, 1, Some(128), 2));
    assert_eq!(four(patterns::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn functions_named_like_the_controls() {
    #[lru_cache]
    fn cache_info(n: u32) -> u32 {
        n
    }
    #[lru_cache]
    fn uncached(n: u32) -> u32 {
        n + 1
    }
    #[lru_cache]
    fn value() -> u32 {
        2
    }
    assert_eq!([cache_info(1), uncached(1), value()], [1, 2, 2]);
    assert_eq!(four(cache_info::cache_info()), (0, 1, Some(128), 1));
    assert_eq!(uncached::uncached(4), 5);
    assert_eq!(value::cache_peek(), Some(2));
}

#[test]
fn conditional_compilation() {
    #[cfg(any())]
    #[lru_cache]
    fn before(n: Missing) -> Missing {
        n
    }
    #[lru_cache]
    #[cfg(any())]
    fn after(n: Missing) -> Missing {
        n
    }
    #[lru_cache]
    #[cfg(any())]
    fn chosen() -> &'static str {
        "the first"
    }
    #[lru_cache]
    #[cfg(all())]
    #[cfg_attr(all(), must_use)]
    fn chosen() -> &'static str {
        "the second"
    }
    #[cfg_attr(all(), lru_cache(maxsize = 3))]
    fn attributed(n: u32) -> u32 {
        n
    }
    assert_eq!([chosen(), chosen()], ["the second"; 2]);
    assert_eq!(four(chosen::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(attributed(1), 1);
    assert_eq!(four(attributed::cache_info()), (0, 1, Some(3), 1));
}

/// A documented function.
///
/// ```text
/// with a block
/// ```
#[lru_cache]
#[must_use = "or why call it"]
#[inline]
#[doc(alias = "many")]
#[allow(clippy::let_and_return)]
#[cold]
pub fn attributes(n: u32) -> u32 {
    let m = n;
    m
}

#[lru_cache]
#[deprecated(since = "0.1.0", note = "for the test")]
fn old(n: u32) -> u32 {
    n
}

#[lru_cache]
#[unsafe(no_mangle)]
extern "C" fn lruheap_test_exported(n: u32) -> u32 {
    n + 1
}

#[lru_cache]
#[track_caller]
fn caller(_n: u32) -> u32 {
    Location::caller().line()
}

#[test]
fn attributes_go_where_they_belong() {
    assert_eq!([attributes(1), attributes(1)], [1, 1]);
    #[expect(deprecated)]
    let two = [old(1), old(1)];
    assert_eq!(two, [1, 1]);
    assert_eq!(four(old::cache_info()), (1, 1, Some(128), 1));
    assert_eq!([lruheap_test_exported(1), lruheap_test_exported(1)], [2, 2]);
    assert_eq!(
        four(lruheap_test_exported::cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(caller(1), line!());
}

#[test]
fn question_marks_and_early_returns() {
    #[lru_cache]
    fn half(text: &str) -> Result<u32, std::num::ParseIntError> {
        let n: u32 = text.parse()?;
        if n == 0 {
            return Ok(100);
        }
        for m in 1.. {
            if m * 2 >= n {
                return Ok(m);
            }
        }
        unreachable!()
    }
    #[cache]
    fn first(list: &[u32]) -> Option<u32> {
        let first = list.first()?;
        Some(first + 1)
    }
    for _ in 0..2 {
        assert_eq!([half("0"), half("7")], [Ok(100), Ok(4)]);
        assert!(half("x").is_err());
        assert_eq!([first(&[]), first(&[1])], [None, Some(2)]);
    }
    assert_eq!(four(half::cache_info()), (2, 4, Some(128), 2));
    assert_eq!(four(first::cache_info()), (2, 2, None, 2));
}
