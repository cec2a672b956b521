//! Nothing is said of controls that nobody uses, nor of code that the macro wrote.
#![deny(warnings, missing_docs, unsafe_code)]
#![deny(unused_qualifications, unreachable_pub, elided_lifetimes_in_paths, single_use_lifetimes)]
#![deny(unused_lifetimes, unused_results, trivial_casts, missing_debug_implementations)]
#![deny(missing_copy_implementations, unused_extern_crates, let_underscore_drop)]
#![deny(rust_2018_idioms, nonstandard_style, future_incompatible, keyword_idents)]

use lruheap::{cache, lru_cache};

#[lru_cache]
fn only_called(n: u64) -> u64 {
    n
}

#[cache]
fn only_called_too(text: &str, #[key(x.to_bits())] x: f64) -> Option<String> {
    (x > 0.0).then(|| text.to_string())
}

#[lru_cache(scope = thread, ttl = 60, cache_if = |value| *value > 0)]
fn of_the_thread(n: u64) -> u64 {
    n
}

#[lru_cache]
fn generic<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T, text: &str) -> usize {
    drop(value);
    text.len()
}

/// Public, and so documented.
#[lru_cache]
pub fn public(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {
    assert_eq!(only_called(1), 1);
    assert_eq!(only_called_too("a", 1.0).as_deref(), Some("a"));
    assert_eq!(of_the_thread(1), 1);
    assert_eq!(generic(1, "a"), 1);
}
