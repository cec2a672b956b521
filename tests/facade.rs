//! lruheap under another path: behind a façade, with `crate = …`.

#![allow(clippy::single_component_path_imports)] // that is the façade

mod common;

use common::{block_on, four};

/// What a façade crate does.
mod facade {
    pub(crate) mod deep {
        pub(crate) use lruheap;
    }
    pub(crate) use lruheap::*;
}

/// What a user of it writes.
mod user {
    use super::facade::deep::lruheap::{LooseKey, cache, lru_cache};

    #[lru_cache(maxsize = 3, ttl = 3600, cache_if = |n: &u32| *n > 0, crate = crate::facade::deep::lruheap)]
    pub(super) fn length(text: &str, other: Option<&str>) -> u32 {
        u32::try_from(text.len() + other.map_or(0, str::len)).unwrap()
    }

    #[cache(crate = crate::facade)]
    pub(super) fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }

    #[lru_cache(scope = thread, crate = super::facade)]
    pub(super) fn local(n: u32) -> std::rc::Rc<u32> {
        std::rc::Rc::new(n)
    }

    #[derive(LooseKey)]
    #[loose_key(crate = crate::facade)]
    pub(super) struct Id(pub(super) u32);

    #[lru_cache(typed = false, crate = crate::facade)]
    pub(super) fn loose<T: LooseKey>(_value: T) -> u8 {
        1
    }

    #[lru_cache(crate = crate::facade)]
    pub(super) async fn later(n: u32, #[key(n * 2)] m: u32) -> u32 {
        let _ = m;
        n
    }
}

#[test]
fn functions_find_the_library_where_they_are_told_to() {
    use user::{Id, later, length, local, loose, parse};
    assert_eq!(
        [length("four", Some("a")), length("four", Some("a"))],
        [5, 5]
    );
    assert_eq!(four(length::cache_info()), (1, 1, Some(3), 1));
    assert!(parse("x").is_err());
    assert_eq!([parse("7"), parse("7")], [Ok(7), Ok(7)]);
    assert_eq!(four(parse::cache_info()), (1, 2, None, 1));
    assert_eq!([*local(1), *local(1)], [1, 1]);
    assert_eq!(four(local::cache_info()), (1, 1, Some(128), 1));
    assert_eq!([loose(Id(1)), loose(Id(1)), loose(1)], [1; 3]);
    assert_eq!(four(loose::<Id>::cache_info()), (1, 2, Some(128), 2));
    assert_eq!([block_on(later(1, 2)), block_on(later(1, 3))], [1, 1]);
}

#[test]
fn a_crate_may_be_renamed() {
    extern crate lruheap as renamed;
    #[renamed::lru_cache(crate = renamed)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    assert_eq!([double(1), double(1)], [2, 2]);
    let info: renamed::CacheInfo = double::cache_info();
    assert_eq!(four(info), (1, 1, Some(128), 1));
}
