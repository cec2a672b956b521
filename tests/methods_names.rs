//! Memoized methods in surroundings that collide with what the macro writes: names,
//! other macros, strict lints.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::sync::Arc;

use common::four;
use lruheap::{CacheHost, InstanceCaches, lru_cache};

/// Everything that generated code might call something.
#[derive(CacheHost, Default)]
struct Hostile {
    cache: u32,
    #[cache_host]
    key: InstanceCaches,
}

impl Hostile {
    #[lru_cache]
    fn cache(&self, host: u32, arguments: &str, ask: u8, self_: u8) -> usize {
        self.cache as usize + host as usize + arguments.len() + usize::from(ask + self_)
    }

    #[lru_cache]
    #[allow(clippy::used_underscore_binding)]
    fn key(&self, __host: u32, __arguments: u32, __ask: u32, __x: &str, __k: u8) -> u32 {
        self.cache + __host * 1000 + __arguments * 100 + __ask * 10 + u32::from(__k)
    }

    #[lru_cache]
    #[allow(clippy::used_underscore_binding)]
    fn home(&self, __self: u8, flight: u8, value: u8, result: u8, cache: u8, this: u8) -> u8 {
        __self + flight + value + result + cache + this + u8::from(self.cache > 5)
    }

    #[lru_cache]
    fn build(
        &self,
        control: &[u8],
        behind: Option<&str>,
        (a, b): (u8, u8),
        _: u8,
        mut m: u8,
    ) -> usize {
        m += a + b;
        control.len() + behind.map_or(0, str::len) + usize::from(m) + self.cache as usize
    }

    #[lru_cache]
    fn r#match(&self, r#type: u32) -> u32 {
        r#type + self.cache
    }

    #[lru_cache]
    fn instance_caches(&self) -> u32 {
        self.cache
    }

    #[lru_cache]
    fn clone(&self, refresh: fn(u8) -> u8) -> u8 {
        refresh(1) + u8::from(self.cache > 5)
    }
}

#[test]
fn names_that_collide() {
    let host = Hostile::default();
    for _ in 0..2 {
        assert_eq!(host.cache(1, "ab", 3, 4), 10);
        assert_eq!(host.key(1, 2, 3, "", 4), 1234);
        assert_eq!(host.home(1, 2, 3, 4, 5, 6), 21);
        assert_eq!(host.build(&[1], Some("a"), (1, 2), 3, 4), 9);
        assert_eq!(host.r#match(4), 4);
        assert_eq!(host.instance_caches(), 0);
        assert_eq!(host.clone(|n| n + 1), 2);
    }
    assert!(host.cache_cache().cache_contains((1, "ab", 3, 4)));
    assert_eq!(host.key_cache().cache_remove((1, 2, 3, "", 4)), Some(1234));
    assert_eq!(
        host.build_cache()
            .cache_refresh((&[1], Some("a"), (1, 2), 3, 5)),
        10
    );
    assert_eq!(
        (host.match_cache().cache_info().hits, host.match_uncached(5)),
        (1, 5)
    );
    assert_eq!(Hostile::home_caches().cache_info().hits, 1);
}

macro_rules! hosts {
    ($($host:ident($ty:ty) $method:ident $argument:ident $body:expr;)*) => {$(
        #[derive(CacheHost)]
        struct $host($ty, InstanceCaches);

        impl $host {
            #[lru_cache(maxsize = 2)]
            fn $method(&self, $argument: $ty) -> $ty {
                let other = self.0; // not the `other` of the call
                $body + other
            }
        }

        #[lru_cache]
        impl From<$ty> for $host {
            #[lru_cache(companion = made)]
            fn from(value: $ty) -> Self {
                $host(value, InstanceCaches::new())
            }
        }

        impl Clone for $host {
            fn clone(&self) -> Self {
                $host(self.0, InstanceCaches::new())
            }
        }
    )*};
}

hosts! {
    Byte(u8) add other other * 2;
    Word(u32) multiply by by * 10;
}

#[test]
fn written_by_a_macro() {
    let (byte, word) = (
        Byte(1, InstanceCaches::new()),
        Word(2, InstanceCaches::new()),
    );
    assert_eq!((byte.add(3), byte.add(3), word.multiply(3)), (7, 7, 32));
    assert_eq!(four(byte.add_cache().cache_info()), (1, 1, Some(2), 1));
    assert_eq!(
        (Byte::from(7).add(0), Byte::from(7).0, Word::from(7).0),
        (7, 7, 7)
    );
    assert_eq!(four(Byte::made_cache().cache_info()), (1, 1, Some(128), 1));
}

/// What a user's crate would export, for its lints.
pub mod api {
    use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

    /// A list.
    #[derive(CacheHost, Clone, Debug, Default)]
    pub struct List {
        items: Vec<u32>,
        caches: InstanceCaches,
    }

    impl List {
        /// The sum.
        #[lru_cache]
        #[must_use]
        #[inline]
        pub fn sum(&self, factor: u32) -> u32 {
            self.items.iter().sum::<u32>() * factor
        }

        /// Only in this crate.
        #[cfg(test)]
        #[lru_cache]
        pub(super) fn length(&self) -> usize {
            self.items.len()
        }

        #[cfg(any())]
        #[lru_cache]
        fn not_there(&self) -> NoSuchType {}

        /// Old.
        #[lru_cache]
        #[deprecated = "use `length`"]
        #[must_use]
        pub fn len_of(&self, text: &str) -> usize {
            self.items.len() + text.len()
        }

        /// Adds.
        ///
        /// # Errors
        ///
        /// If it is 0.
        #[cache_invalidate]
        pub fn push(&mut self, item: u32) -> Result<(), String> {
            if item == 0 {
                return Err("0".into());
            }
            self.items.push(item);
            Ok(())
        }
    }
}

#[test]
fn attributes_and_visibility_are_kept() {
    let mut list = api::List::default();
    assert_eq!(list.push(0), Err("0".into()));
    list.push(3).unwrap();
    assert_eq!((list.sum(2), list.length()), (6, 1));
    assert_eq!(list.length_cache().cache_info().misses, 1);
    #[allow(deprecated)]
    let length = list.len_of("a");
    assert_eq!(length, 2);
}

#[test]
fn a_constant_named_like_a_type() {
    #[derive(Debug)]
    struct N;
    #[derive(CacheHost)]
    struct Own<const N: usize>(InstanceCaches);
    impl<const N: usize> Own<{ N }> {
        fn new() -> Arc<Self> {
            Own(InstanceCaches::new()).into()
        }
        #[lru_cache]
        fn own(&self) -> usize {
            N
        }
        #[lru_cache]
        fn counted(self: &Arc<Self>) -> usize {
            N
        }
    }
    #[lru_cache]
    impl<const N: usize> Own<{ N }> {
        #[lru_cache]
        fn associated() -> usize {
            N
        }
    }
    #[derive(CacheHost, Default)]
    struct Other(InstanceCaches);
    impl Other {
        #[lru_cache]
        fn with<const N: usize>(&self) -> usize {
            N
        }
        #[lru_cache]
        fn shared<const N: usize>(#[key(skip)] &self) -> usize {
            N
        }
    }
    #[lru_cache]
    fn function<const N: usize>(n: usize) -> usize {
        N + n
    }
    assert_eq!(format!("{N:?}"), "N");
    let (three, four) = (Own::<3>::new(), Own::<4>::new());
    let other = Other::default();
    for _ in 0..2 {
        assert_eq!((three.own(), four.own()), (3, 4));
        assert_eq!((three.counted(), four.counted()), (3, 4));
        assert_eq!((Own::<3>::associated(), Own::<4>::associated()), (3, 4));
        assert_eq!((other.with::<3>(), other.with::<4>()), (3, 4));
        assert_eq!((other.shared::<3>(), other.shared::<4>()), (3, 4));
        assert_eq!((function::<3>(1), function::<4>(1)), (4, 5));
    }
    assert_eq!(other.with_cache::<3>().cache_info().hits, 1);
}

#[test]
fn inner_attributes_of_a_block() {
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    #[lru_cache]
    impl Own {
        #![allow(non_snake_case)]

        #[lru_cache]
        fn Associated(Number: u8) -> u8 {
            let (Doubled, One) = (Number * 2, 1);
            Doubled + One
        }

        #[lru_cache]
        fn Method(&self, Number: u8) -> u8 {
            Number
        }
    }
    let own = Own::default();
    assert_eq!((Own::Associated(1), own.Method(1)), (3, 1));
    assert_eq!(Own::Associated_cache().cache_peek((1,)), Some(3));
    assert!(own.Method_cache().cache_contains((1,)));
}
