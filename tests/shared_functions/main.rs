//! Functions with `shared`: what comes from the body, what from memory and what from the
//! store, for functions of all kinds.
//!
//! What another process would find is asked for by emptying this one's memory, and nothing
//! but that: `f::cache().clear()`.

#![cfg(feature = "shared")]
#![allow(clippy::items_after_statements)] // functions inside tests

#[path = "../common/mod.rs"]
mod common;

/// Whatever comes next looks in the store first.
macro_rules! forget {
    ($($f:tt)*) => { $($f)*::cache().clear() };
}

mod controls;
mod crowded;
mod frugal;
mod keys;
mod names;
mod results;
mod tasks;
mod under_way;

use std::sync::Once;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use lruheap::{CacheInfo, lru_cache};

/// The store of this process.
fn connected() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| lruheap::shared::connect("memory:").expect("nobody has connected before"));
}

/// How often a body has run.
struct Runs(AtomicU32);

impl Runs {
    const fn none() -> Self {
        Runs(AtomicU32::new(0))
    }

    fn run(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    #[track_caller]
    fn are(&self, expected: u32) {
        assert_eq!(self.0.load(SeqCst), expected, "runs of the body");
    }
}

fn shared_four(info: CacheInfo) -> (u64, u64, u64, u64) {
    (info.hits, info.misses, info.shared_hits, info.shared_misses)
}

#[test]
fn what_memory_has_lost_comes_from_the_store() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u64) -> u64 {
        RUNS.run();
        n * 2
    }
    connected();
    assert_eq!((f(1), f(1), f(2)), (2, 2, 4));
    RUNS.are(2);
    forget!(f);
    assert_eq!((f(1), f(2), f(1)), (2, 4, 2));
    RUNS.are(2);
    assert_eq!(f(3), 6);
    RUNS.are(3);
}

#[test]
fn without_memory_the_store_answers() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = 0, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1), f(1)), (1, 1, 1));
    RUNS.are(1);
    assert_eq!(shared_four(f::cache_info()), (2, 1, 2, 1));
}

#[test]
fn a_function_without_controls_shares_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = 0, companion = none, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1)), (1, 1));
    RUNS.are(1);
}

#[test]
fn unsafe_and_foreign_functions_share_as_well() {
    static RUNS: Runs = Runs::none();
    /// # Safety
    ///
    /// None is needed.
    #[allow(unsafe_code)]
    #[lru_cache(shared)]
    unsafe fn careful(n: u8) -> u8 {
        RUNS.run();
        n
    }
    #[lru_cache(shared)]
    extern "C" fn foreign(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    for _ in 0..2 {
        // SAFETY: nothing is asked for.
        #[allow(unsafe_code)]
        let careful = unsafe { careful(1) };
        assert_eq!((careful, foreign(1)), (1, 1));
        forget!(careful);
        forget!(foreign);
    }
    RUNS.are(2);
}
