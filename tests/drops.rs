//! Values whose `Drop` panics, many of them at once: the first panic reaches the
//! caller, each value is dropped, and the cache goes on.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use lruheap::lru_cache;

static ARMED: AtomicBool = AtomicBool::new(false);
static DROPPED: AtomicU32 = AtomicU32::new(0);

#[derive(Clone)]
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if ARMED.load(Ordering::SeqCst) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
            panic!("as it does");
        }
    }
}

#[lru_cache]
fn bomb(x: u32) -> Bomb {
    let _ = x;
    Bomb
}

/// Fills the cache, and counts the values that are dropped by what panics.
fn dropped_by(drops: fn()) -> u32 {
    ARMED.store(false, Ordering::SeqCst);
    for x in 0..5 {
        bomb(x);
    }
    DROPPED.store(0, Ordering::SeqCst);
    ARMED.store(true, Ordering::SeqCst);
    assert!(catch_unwind(drops).is_err());
    ARMED.store(false, Ordering::SeqCst);
    DROPPED.load(Ordering::SeqCst)
}

#[test]
fn each_of_many_that_panic_is_dropped() {
    assert_eq!(dropped_by(bomb::cache_clear), 5);
    assert_eq!(bomb::cache_info().currsize, 0);
    assert_eq!(dropped_by(|| bomb::cache_resize(2)), 3);
    assert_eq!(bomb::cache_info().currsize, 2);
    bomb::cache_clear();
    bomb(9);
    assert!(bomb::cache_contains(9));
}
