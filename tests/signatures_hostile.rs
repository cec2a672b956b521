//! Surroundings in which careless generated code would not compile: other
//! things behind the names of the prelude, no prelude, macros.

#![allow(
    dead_code,
    unused_macros,
    clippy::items_after_statements,
    clippy::unnecessary_wraps
)]

mod common;

use common::four;

mod shadowed {
    use lruheap::lru_cache;

    pub(crate) struct Option;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Vec;
    pub(crate) struct Box;
    pub(crate) struct String;
    pub(crate) struct Cache;
    pub(crate) struct CacheInfo;
    pub(crate) enum Result {}
    pub(crate) trait Clone {}
    pub(crate) trait Sized {}
    pub(crate) trait Hash {}
    pub(crate) trait Eq {}
    pub(crate) trait Send {}
    pub(crate) trait Into {}
    pub(crate) mod std {}
    pub(crate) mod core {}
    pub(crate) mod alloc {}
    #[allow(non_camel_case_types)]
    pub(crate) struct usize;
    #[allow(non_camel_case_types)]
    pub(crate) struct bool;

    macro_rules! concat {
        () => {};
    }
    macro_rules! module_path {
        () => {};
    }
    macro_rules! thread_local {
        () => {};
    }

    #[lru_cache(maxsize = 3, ttl = 3600, cache_if = |value| *value < 100)]
    pub(crate) fn process(n: u32, list: &[&str], name: ::std::option::Option<&str>) -> u64 {
        let _ = (list, name);
        u64::from(n)
    }

    #[lru_cache(scope = thread)]
    pub(crate) fn thread(n: u32) -> u64 {
        u64::from(n)
    }

    #[lru_cache]
    pub(crate) fn generic<
        T: ::std::hash::Hash
            + ::std::cmp::Eq
            + ::std::clone::Clone
            + ::std::marker::Send
            + ::std::marker::Sync
            + 'static,
    >(
        n: T,
    ) -> T {
        n
    }

    #[lru_cache]
    pub(crate) fn fallible(n: u32) -> ::std::result::Result<u32, u32> {
        ::std::result::Result::Err(n)
    }

    #[lru_cache]
    pub(crate) async fn later(n: u32) -> u32 {
        n
    }
}

#[test]
fn other_things_behind_the_names_of_the_prelude() {
    use shadowed::{fallible, generic, later, process, thread};
    let call = || process(1, &["a"], Some("b"));
    assert_eq!([call(), call()], [1, 1]);
    assert_eq!(four(process::cache_info()), (1, 1, Some(3), 1));
    assert_eq!([thread(1), thread(1)], [1, 1]);
    assert_eq!(four(thread::cache_info()), (1, 1, Some(128), 1));
    assert_eq!([generic('a'), generic('a')], ['a', 'a']);
    assert_eq!(four(generic::<char>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!([fallible(1), fallible(1)], [Err(1), Err(1)]);
    assert_eq!(common::block_on(later(3)), 3);
}

#[no_implicit_prelude]
mod bare {
    #[::lruheap::lru_cache(maxsize = 3)]
    pub(crate) fn process(n: u32, name: &str) -> u64 {
        let _ = name;
        <u64 as ::std::convert::From<u32>>::from(n)
    }

    #[::lruheap::lru_cache(scope = thread)]
    pub(crate) fn thread(n: u32) -> ::std::option::Option<u32> {
        ::std::option::Option::Some(n)
    }

    #[::lruheap::lru_cache(typed = false)]
    pub(crate) fn loose<T: ::lruheap::LooseKey>(_n: T) -> u32 {
        1
    }

    #[derive(::lruheap::LooseKey)]
    pub(crate) struct Point {
        pub(crate) x: u32,
    }
}

#[test]
fn no_prelude_at_all() {
    use bare::{Point, loose, process, thread};
    assert_eq!([process(1, "a"), process(1, "a")], [1, 1]);
    assert_eq!(four(process::cache_info()), (1, 1, Some(3), 1));
    assert_eq!([thread(1), thread(1)], [Some(1), Some(1)]);
    assert_eq!([loose(Point { x: 1 }), loose(Point { x: 1 })], [1, 1]);
    assert_eq!(four(thread::cache_info()), (1, 1, Some(128), 1));
}

macro_rules! memoized {
    ($vis:vis fn $name:ident($arg:ident: $ty:ty) -> $output:ty $body:block) => {
        #[lruheap::lru_cache(maxsize = 5)]
        $vis fn $name($arg: $ty) -> $output $body
    };
    (hygienic $name:ident, $outer:expr) => {
        #[lruheap::lru_cache]
        fn $name(n: u32) -> u32 {
            let value = n + 1;
            value + $outer
        }
    };
    (two $name:ident, $n:ident) => {
        #[lruheap::lru_cache]
        fn $name(n: u32, $n: u32) -> u32 {
            n * 10 + $n
        }
    };
}

memoized!(
    pub(crate) fn by_macro(text: &str) -> Result<usize, String> {
        if text.is_empty() {
            Err(String::new())
        } else {
            Ok(text.len())
        }
    }
);

#[test]
fn functions_that_a_macro_writes() {
    memoized!(hygienic hygienic, 100);
    memoized!(two two, n);
    assert_eq!([by_macro("four"), by_macro("four")], [Ok(4), Ok(4)]);
    assert_eq!(
        [by_macro(""), by_macro("")],
        [Err(String::new()), Err(String::new())]
    );
    assert_eq!(four(by_macro::cache_info()), (1, 3, Some(5), 1));
    assert_eq!([hygienic(1), hygienic(1)], [102, 102]);
    assert_eq!(four(hygienic::cache_info()), (1, 1, Some(128), 1));
    // One name, twice, with different hygiene.
    assert_eq!([two(1, 2), two(2, 1), two(1, 2)], [12, 21, 12]);
    assert_eq!(four(two::cache_info()), (1, 2, Some(128), 2));
}

#[test]
fn a_body_sees_the_items_around_it() {
    const OFFSET: u32 = 5;
    struct Local(u32);
    fn helper(local: &Local) -> u32 {
        local.0 + OFFSET
    }
    #[lruheap::lru_cache]
    fn with_items(n: u32) -> u32 {
        const FACTOR: u32 = 2;
        struct Inner(u32);
        fn twice(inner: &Inner) -> u32 {
            inner.0 * FACTOR
        }
        twice(&Inner(helper(&Local(n))))
    }
    assert_eq!([with_items(1), with_items(1)], [12, 12]);
    assert_eq!(four(with_items::cache_info()), (1, 1, Some(128), 1));
}
