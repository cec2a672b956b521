//! Companions under another name, or none.
#![deny(warnings)]

use lruheap::{cache, lru_cache};

#[lru_cache(companion = none)]
fn str(n: u64) -> String {
    let text: &str = "n";
    format!("{text}{n}")
}

#[cache(companion = U8Cache)]
fn u8(n: u64) -> bool {
    n as u8 > 0
}

#[lru_cache(companion = Squares)]
fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache(companion = Match)]
fn r#type(n: u64) -> u64 {
    n
}

#[lru_cache(companion = none)]
fn generic<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T, n: usize) -> Vec<T> {
    vec![value; n]
}

mod other {
    #[lru_cache::lru_cache]
    pub fn no_clash(n: u64) -> u64 {
        n
    }

    mod lru_cache {
        pub use lruheap::lru_cache;
    }
}

fn main() {
    assert_eq!(str(1), "n1");
    let text: &str = "a primitive type still";
    assert_eq!(text.len(), 22);
    assert!(u8(1));
    assert_eq!(U8Cache::cache_info().misses, 1);
    assert_eq!(square(3), 9);
    assert_eq!(Squares::cache_peek(3), Some(9));
    assert_eq!(r#type(1), 1);
    Match::cache_clear();
    assert_eq!(generic('a', 2), ['a', 'a']);
    assert_eq!(other::no_clash(1), 1);
    assert_eq!(other::no_clash::cache_info().misses, 1);
}
