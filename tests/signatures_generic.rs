//! Results, generics and qualifiers of every shape that must just work.

#![allow(unsafe_code)] // functions that are unsafe to call
#![allow(clippy::unused_async, clippy::unused_unit)] // as users write them

mod common;

use common::{block_on, four};
use lruheap::lru_cache;

/// Calls twice and expects one miss and one hit.
macro_rules! assert_cached {
    ($function:ident ( $($args:tt)* ), $value:expr) => {
        assert_eq!($function($($args)*), $value);
        assert_eq!($function($($args)*), $value);
        assert_eq!(four($function::cache_info()), (1, 1, Some(128), 1));
        assert_eq!($function::cache_peek($($args)*), Some($value));
    };
}

#[test]
fn a_unit_result() {
    #[lru_cache]
    fn silent(_n: u8) {}
    #[lru_cache]
    fn spelt(_n: u8) -> () {}
    for _ in 0..3 {
        silent(1);
        spelt(1);
    }
    assert_eq!(four(silent::cache_info()), (2, 1, Some(128), 1));
    assert_eq!(four(spelt::cache_info()), (2, 1, Some(128), 1));
    silent::cache_insert(2, ());
    assert_eq!(silent::cache_peek(2), Some(()));
}

#[test]
fn lifetimes_and_where_clauses() {
    #[lru_cache]
    fn longest<'a, 'b: 'a>(a: &'a str, b: &'b str) -> String {
        if a.len() > b.len() {
            a.to_owned()
        } else {
            b.to_owned()
        }
    }
    #[lru_cache]
    fn of<'a, T>(list: &'a [T], text: &str) -> Vec<T>
    where
        T: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
        for<'c> &'c T: PartialEq<&'c T>,
        String: 'a,
    {
        list.iter().take(text.len()).cloned().collect()
    }
    assert_cached!(longest("a", "bb"), "bb".to_owned());
    assert_eq!(
        [of(&[1, 2, 3], "xx"), of(&[1, 2, 3], "xx")],
        [[1, 2], [1, 2]]
    );
    assert_eq!(four(of::<i32>::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn impl_trait_arguments() {
    use std::hash::Hash;
    #[lru_cache]
    fn show(
        value: impl ToString + Hash + Eq + Clone + Send + Sync + 'static,
        by: &(impl Hash + Eq + Clone + Send + Sync + 'static),
    ) -> String {
        let _ = by;
        value.to_string()
    }
    assert_eq!([show(1_u8, &'a'), show(1_u8, &'a')], ["1", "1"]);
    assert_eq!(four(show::cache_info()), (1, 1, Some(128), 1));
    // Another type is another key.
    assert_eq!(show(1_u16, &'a'), "1");
    assert_eq!(show("1", &'a'), "1");
    assert_eq!(four(show::cache_info()), (1, 3, Some(128), 3));
}

#[test]
fn async_unsafe_and_extern() {
    #[lru_cache]
    async fn later(n: u32) -> u32 {
        n * 2
    }
    #[lru_cache]
    unsafe fn trusted(n: u32) -> u32 {
        n * 3
    }
    #[lru_cache]
    extern "C" fn foreign(a: i32, b: i32) -> i32 {
        a + b
    }
    #[lru_cache]
    unsafe extern "C" fn both(a: i32) -> i32 {
        a
    }
    #[lru_cache]
    async unsafe fn later_trusted(n: u32) -> u32 {
        n + 1
    }
    assert_eq!([block_on(later(1)), block_on(later(1))], [2, 2]);
    assert_eq!(four(later::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(block_on(later::uncached(5)), 10);
    // SAFETY: the functions ask for nothing.
    unsafe {
        assert_eq!(
            [
                trusted(1),
                trusted(1),
                trusted::uncached(2),
                trusted::cache_refresh(1)
            ],
            [3, 3, 6, 3]
        );
        assert_eq!([both(1), both(1)], [1, 1]);
        assert_eq!(block_on(later_trusted(1)), 2);
        assert_eq!(block_on(later_trusted::uncached(1)), 2);
    }
    assert_eq!(four(trusted::cache_info()), (1, 1, Some(128), 1));
    let pointer: extern "C" fn(i32, i32) -> i32 = foreign;
    assert_eq!([foreign(1, 2), pointer(1, 2)], [3, 3]);
    assert_eq!(four(foreign::cache_info()), (1, 1, Some(128), 1));
}
