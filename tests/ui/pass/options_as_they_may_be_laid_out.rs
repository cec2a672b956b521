//! No parentheses, empty ones, trailing commas, several lines, all options at once.
#![deny(warnings)]

use lruheap::{cache, lru_cache};

#[lru_cache]
fn bare() -> i32 {
    1
}

#[lru_cache()]
fn empty() -> i32 {
    1
}

#[cache()]
fn empty_cache() -> i32 {
    1
}

#[lru_cache(maxsize = 1,)]
fn trailing_comma(n: u64,) -> u64 {
    n
}

#[lru_cache[maxsize = 2]]
fn brackets(n: u64) -> u64 {
    n
}

#[lru_cache(
    maxsize = 10, // entries
    ttl = "2h5m",
    xfetch = 1.5,
    stale = "5m",
    coalesce = false,
    typed = true,
    policy = lru,
    scope = process,
    cache_err = false,
    cache_none = true,
    cache_if = |value: &u64| *value > 1,
    tags("all", format!("n:{n}"),),
    name = "all",
    companion = AllOfThem,
    crate = ::lruheap,
)]
fn all_of_them(n: u64) -> u64 {
    n
}

#[cfg_attr(all(), lru_cache(maxsize = 3))]
fn conditional(n: u64) -> u64 {
    n
}

#[lruheap::lru_cache(scope = thread)]
fn by_path(n: u64) -> std::rc::Rc<u64> {
    n.into()
}

macro_rules! memoized {
    ($name:ident, $size:expr, $ty:ty) => {
        #[lru_cache(maxsize = $size)]
        fn $name(n: $ty) -> $ty {
            n
        }
    };
}

memoized!(by_macro, 4, u64);

fn main() {
    assert_eq!(bare() + empty() + empty_cache(), 3);
    assert_eq!(bare::cache_info().maxsize, Some(128));
    assert_eq!(empty::cache_info().maxsize, Some(128));
    assert_eq!(empty_cache::cache_info().maxsize, None);
    assert_eq!(trailing_comma(1), 1);
    assert_eq!(brackets(1), 1);
    assert_eq!(brackets::cache_info().maxsize, Some(2));
    assert_eq!((all_of_them(1), all_of_them(2)), (1, 2));
    assert_eq!(AllOfThem::cache_info().currsize, 1);
    assert_eq!(conditional(1), 1);
    assert_eq!(conditional::cache_info().maxsize, Some(3));
    assert_eq!(*by_path(1), 1);
    assert_eq!(by_macro(1), 1);
    assert_eq!(by_macro::cache_info().maxsize, Some(4));
}
