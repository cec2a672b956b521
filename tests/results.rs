//! What of a result is kept: no `Err`, no panic, `None` unless told otherwise,
//! and only what `cache_if` accepts.

mod common;

use std::fmt;
use std::io;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::four;
use lruheap::lru_cache;

/// An error that can neither be cloned nor compared nor sent.
struct Failure(#[allow(dead_code)] *const ());

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failure")
    }
}

/// An alias of one argument, as `anyhow` has it.
type Result<T> = std::result::Result<T, Failure>;

/// An alias that hides `Result` altogether.
type Parsed = std::result::Result<u32, std::num::ParseIntError>;

/// One that also hides an error without `Clone`.
type Opened = std::result::Result<u32, io::Error>;

const FAILURE: Failure = Failure(std::ptr::null());

#[test]
fn an_err_is_returned_and_not_kept() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn third_time(_n: u32) -> std::result::Result<u32, String> {
        match RUNS.fetch_add(1, Relaxed) {
            run @ 0..2 => Err(format!("run {run}")),
            run => Ok(run),
        }
    }
    assert_eq!(third_time(1), Err("run 0".to_owned()));
    assert_eq!(four(third_time::cache_info()), (0, 1, Some(128), 0));
    assert_eq!(third_time(1), Err("run 1".to_owned()));
    assert_eq!(third_time(1), Ok(2));
    assert_eq!(third_time(1), Ok(2));
    assert_eq!(four(third_time::cache_info()), (1, 3, Some(128), 1));
    assert_eq!(third_time::cache_peek(1), Some(2));
    third_time::cache_insert(1, 20);
    assert_eq!(third_time(1), Ok(20));
    assert_eq!(third_time::cache_remove(1), Some(20));
    assert_eq!(third_time::cache_refresh(1), Ok(3));
}

#[test]
fn a_refresh_that_fails_leaves_the_entry() {
    static FAIL: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn fragile(n: u32) -> std::result::Result<u32, String> {
        if FAIL.load(Relaxed) == 1 {
            Err("broken".to_owned())
        } else {
            Ok(n)
        }
    }
    assert_eq!(fragile(1), Ok(1));
    FAIL.store(1, Relaxed);
    assert_eq!(fragile::cache_refresh(1), Err("broken".to_owned()));
    assert_eq!(fragile(1), Ok(1));
}

#[test]
fn io_result_is_a_result() {
    #[lru_cache]
    fn open(path: &str) -> io::Result<u32> {
        if path.is_empty() {
            Err(io::Error::other("no path"))
        } else {
            Ok(7)
        }
    }
    assert_eq!(open("").unwrap_err().to_string(), "no path");
    assert_eq!(open("").unwrap_err().to_string(), "no path");
    assert_eq!([open("a").unwrap(), open("a").unwrap()], [7, 7]);
    assert_eq!(four(open::cache_info()), (1, 3, Some(128), 1));
    assert_eq!(open::cache_peek("a"), Some(7));
}

#[test]
fn an_alias_of_one_argument_is_a_result() {
    #[lru_cache]
    fn check(n: u32) -> Result<String> {
        if n == 0 {
            Err(FAILURE)
        } else {
            Ok(n.to_string())
        }
    }
    assert!(check(0).is_err() && check(0).is_err());
    assert_eq!([check(1).unwrap(), check(1).unwrap()], ["1", "1"]);
    assert_eq!(four(check::cache_info()), (1, 3, Some(128), 1));
    assert_eq!(check::cache_peek(1), Some("1".to_owned()));
}

#[test]
fn an_alias_that_hides_result_keeps_no_err() {
    #[lru_cache]
    fn parse(text: &str) -> Parsed {
        text.parse()
    }
    assert!(parse("x").is_err() && parse("x").is_err());
    assert_eq!([parse("7"), parse("7")], [Ok(7), Ok(7)]);
    assert_eq!(four(parse::cache_info()), (1, 3, Some(128), 1));
    // The controls speak of the alias.
    let kept: Option<Parsed> = parse::cache_peek("7");
    assert_eq!(kept, Some(Ok(7)));
    parse::cache_insert("8", Ok(80));
    assert_eq!(parse("8"), Ok(80));
    assert_eq!(parse::cache_remove("8"), Some(Ok(80)));
    assert!(!parse::cache_contains("x"));
}

#[test]
fn an_alias_may_hide_an_error_that_is_not_clone() {
    #[lru_cache]
    fn open(path: &str) -> Opened {
        if path.is_empty() {
            Err(io::Error::other("no path"))
        } else {
            Ok(7)
        }
    }
    assert!(open("").is_err() && open("").is_err());
    assert_eq!([open("a").unwrap(), open("a").unwrap()], [7, 7]);
    assert_eq!(four(open::cache_info()), (1, 3, Some(128), 1));
}

#[test]
fn cache_err_keeps_errors_too() {
    #[lru_cache(cache_err = true)]
    fn parse(text: &str) -> std::result::Result<u32, String> {
        text.parse().map_err(|_| format!("{text}?"))
    }
    assert_eq!(
        [parse("x"), parse("x")],
        [Err("x?".to_owned()), Err("x?".to_owned())]
    );
    assert_eq!([parse("7"), parse("7")], [Ok(7), Ok(7)]);
    assert_eq!(four(parse::cache_info()), (2, 2, Some(128), 2));
    assert_eq!(parse::cache_peek("x"), Some(Err("x?".to_owned())));
    parse::cache_insert("y", Ok(1));
    assert_eq!(parse("y"), Ok(1));
}

#[test]
fn cache_err_keeps_errors_behind_an_alias() {
    #[lru_cache(cache_err = true)]
    fn parse(text: &str) -> Parsed {
        text.parse()
    }
    assert!(parse("x").is_err() && parse("x").is_err());
    assert_eq!(four(parse::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn none_is_kept() {
    #[lru_cache]
    fn find(text: &str) -> Option<usize> {
        text.find('a')
    }
    assert_eq!(
        [find("b"), find("b"), find("ba"), find("ba")],
        [None, None, Some(1), Some(1)]
    );
    assert_eq!(four(find::cache_info()), (2, 2, Some(128), 2));
    assert_eq!(find::cache_peek("b"), Some(None));
}

#[test]
fn none_is_not_kept_with_cache_none_false() {
    #[lru_cache(cache_none = false)]
    fn find(text: &str) -> Option<usize> {
        text.find('a')
    }
    #[lru_cache(cache_none = false)]
    fn try_find(text: &str) -> io::Result<Option<usize>> {
        if text.is_empty() {
            Err(io::Error::other("empty"))
        } else {
            Ok(text.find('a'))
        }
    }
    assert_eq!(
        [find("b"), find("b"), find("ba"), find("ba")],
        [None, None, Some(1), Some(1)]
    );
    assert_eq!(four(find::cache_info()), (1, 3, Some(128), 1));
    assert!(!find::cache_contains("b"));
    for text in ["", "b", "ba"] {
        let first = try_find(text).ok();
        assert_eq!(try_find(text).ok(), first);
    }
    assert_eq!(four(try_find::cache_info()), (1, 5, Some(128), 1));
}

#[test]
fn cache_if_keeps_what_it_accepts() {
    #[lru_cache(cache_if = |value: &Vec<u32>| !value.is_empty())]
    fn list(n: u32) -> Vec<u32> {
        (0..n).collect()
    }
    #[lru_cache(cache_if = |value| *value > 5)]
    fn parse(text: &str) -> std::result::Result<u32, String> {
        text.parse().map_err(|_| text.to_owned())
    }
    for n in [0, 0, 2, 2, 0, 2] {
        assert_eq!(list(n).len(), n as usize);
    }
    assert_eq!(four(list::cache_info()), (2, 4, Some(128), 1));
    for text in ["5", "5", "6", "6", "x", "x"] {
        assert_eq!(parse(text).ok(), text.parse().ok());
    }
    assert_eq!(four(parse::cache_info()), (1, 5, Some(128), 1));
}

#[test]
fn a_panic_is_not_kept_and_poisons_nothing() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(maxsize = 1)]
    fn second_time(n: u32) -> u32 {
        assert!(RUNS.fetch_add(1, Relaxed) > 0, "the first run");
        n
    }
    let panic = catch_unwind(|| second_time(1)).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the first run"));
    assert_eq!(four(second_time::cache_info()), (0, 1, Some(1), 0));
    assert_eq!([second_time(1), second_time(1)], [1, 1]);
    assert_eq!(four(second_time::cache_info()), (1, 2, Some(1), 1));
    assert_eq!(RUNS.load(Relaxed), 2);
}

#[test]
fn a_panic_in_a_refresh_leaves_the_entry() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn once(n: u32) -> u32 {
        assert_eq!(RUNS.fetch_add(1, Relaxed), 0, "runs once");
        n
    }
    assert_eq!(once(3), 3);
    assert!(catch_unwind(|| once::cache_refresh(3)).is_err());
    assert_eq!(once(3), 3);
    assert_eq!(once::cache_info().currsize, 1);
}

#[test]
fn a_clone_that_panics_leaves_a_usable_cache() {
    static ARMED: AtomicU32 = AtomicU32::new(0);
    #[derive(Debug, PartialEq)]
    struct Brittle(u32);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert_eq!(ARMED.load(Relaxed), 0, "brittle");
            Brittle(self.0)
        }
    }
    #[lru_cache(maxsize = 2)]
    fn brittle(n: u32) -> Brittle {
        Brittle(n)
    }
    assert_eq!(brittle(1), Brittle(1));
    ARMED.store(1, Relaxed);
    assert!(catch_unwind(|| brittle(1)).is_err(), "on a hit");
    assert!(catch_unwind(|| brittle(2)).is_err(), "on a miss");
    ARMED.store(0, Relaxed);
    assert_eq!([brittle(1), brittle(2), brittle(3)], [1, 2, 3].map(Brittle));
    assert_eq!(brittle::cache_info().currsize, 2);
    brittle::cache_clear();
    assert_eq!(four(brittle::cache_info()), (0, 0, Some(2), 0));
}
