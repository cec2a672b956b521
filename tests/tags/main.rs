//! `tags(…)` and `lruheap::invalidate_tag`: groups of entries in any caches, which go
//! together. Tags are known in the whole process, so each test has its own.

#![allow(clippy::items_after_statements)] // functions inside tests

#[path = "../common/mod.rs"]
mod common;

/// Misses and invalidations of a function.
macro_rules! counted {
    ($($function:tt)+) => {{
        let info = $($function)+::cache_info();
        (info.misses, info.invalidations)
    }};
}

mod as_entries_go;
mod beside_the_rest;
mod everywhere;
mod expressions;
mod from_many_threads;
mod under_way;
mod values_that_act;
