//! What `lruheap::caches()` calls the instantiations of what is generic.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;

use lruheap::{CacheHost, InstanceCaches, lru_cache};

/// The names that contain `part`, without the crate's, in order.
fn names(part: &str) -> Vec<String> {
    let reports = lruheap::caches().into_iter();
    let mut names: Vec<String> = reports
        .filter(|report| report.name.contains(part))
        .map(|report| report.name.replace("registry_names::", ""))
        .collect();
    names.sort();
    names
}

#[lru_cache]
fn show<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> String {
    value.to_string()
}

#[lru_cache]
fn plus<const N: usize>(n: usize) -> usize {
    N + n
}

#[test]
fn instantiations_of_functions() {
    let _ = (show(1_u8), show(1_u16), show("a"), show(1_u8));
    let _ = (plus::<3>(1), plus::<4>(1));
    assert_eq!(names("::show"), ["show<&str>", "show<u16>", "show<u8>"]);
    assert_eq!(names("::plus"), ["plus<3>", "plus<4>"]);
}

#[derive(CacheHost, Default)]
struct Host<T> {
    value: T,
    caches: InstanceCaches,
}

impl<T: Display + Send + Sync + 'static> Host<T> {
    #[lru_cache]
    fn plain(&self) -> String {
        self.value.to_string()
    }

    #[lru_cache]
    fn with<U: 'static, const N: usize>(&self) -> usize {
        size_of::<U>() + N
    }

    #[lru_cache]
    fn shared<U: 'static>(#[key(skip)] &self) -> usize {
        size_of::<U>()
    }

    #[lru_cache]
    fn counted<const N: usize>(self: &Arc<Self>) -> usize {
        N
    }
}

#[test]
fn instantiations_of_methods() {
    let (byte, text) = (Arc::new(Host::<u8>::default()), Host::<&str>::default());
    let _ = (byte.plain(), text.plain());
    let _ = (
        byte.with::<u8, 3>(),
        byte.with::<u8, 4>(),
        byte.with::<char, 3>(),
        text.with::<u8, 3>(),
    );
    let _ = (
        byte.shared::<u8>(),
        byte.shared::<char>(),
        byte.counted::<1>(),
        byte.counted::<2>(),
    );
    assert_eq!(names("::plain"), ["Host<&str>::plain", "Host<u8>::plain"]);
    assert_eq!(
        names("::with"),
        [
            "Host<&str>::with<u8, 3>",
            "Host<u8>::with<char, 3>",
            "Host<u8>::with<u8, 3>",
            "Host<u8>::with<u8, 4>",
        ]
    );
    assert_eq!(
        names("::shared"),
        ["Host<u8>::shared<char>", "Host<u8>::shared<u8>"]
    );
    assert_eq!(
        names("::counted"),
        ["Host<u8>::counted<1>", "Host<u8>::counted<2>"]
    );
}
