//! The controls, in memory and in the store.

use std::sync::atomic::Ordering::SeqCst;

use lruheap::lru_cache;

use crate::Runs;
use crate::connected;
use crate::shared_four;

#[test]
fn an_inserted_value_is_everyone_s() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    f::cache_insert(1, 10);
    assert_eq!((f::cache_peek(1), f(1)), (Some(10), 10));
    forget!(f);
    assert_eq!(f::cache_peek(1), None, "this asks memory alone");
    assert_eq!(f(1), 10);
    RUNS.are(0);
    f::cache_insert(1, 11);
    forget!(f);
    assert_eq!(f(1), 11);
    RUNS.are(0);
}

#[test]
fn a_removed_value_is_gone_for_everyone() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!(f::cache_remove(1), None);
    assert_eq!((f(1), f(2)), (1, 2));
    assert_eq!(f::cache_remove(1), Some(1));
    assert_eq!(f::cache_remove(1), None);
    assert!(f::cache_contains(2), "the others stay");
    forget!(f);
    assert_eq!(f(2), 2);
    RUNS.are(2);
    assert_eq!(f(1), 1);
    RUNS.are(3);
    forget!(f);
    assert_eq!(f::cache_remove(1), Some(1), "the store had it");
    assert_eq!(f(1), 1);
    RUNS.are(4);
}

#[test]
fn a_refresh_is_everyone_s() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u32) -> u32 {
        RUNS.run();
        n + RUNS.0.load(SeqCst)
    }
    connected();
    assert_eq!((f(0), f(0)), (1, 1));
    assert_eq!(f::cache_refresh(0), 2);
    assert_eq!(f(0), 2);
    forget!(f);
    assert_eq!(f(0), 2);
    RUNS.are(2);
}

#[test]
fn a_clear_empties_both() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(2)), (1, 2));
    f::cache_clear();
    assert_eq!(shared_four(f::cache_info()), (0, 0, 0, 0));
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(4);
}

#[test]
fn hits_and_misses_together_are_the_calls() {
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        n
    }
    connected();
    assert_eq!((f(1), f(1), f(2)), (1, 1, 2));
    assert_eq!(shared_four(f::cache_info()), (1, 2, 0, 2));
    // All that is known of them is forgotten.
    f::cache_clear();
    assert_eq!((f(1), f(1)), (1, 1));
    assert_eq!(shared_four(f::cache_info()), (1, 1, 0, 1));
    // One that memory alone forgets.
    f::cache_resize(0);
    f::cache_resize(8);
    assert_eq!((f(1), f(1), f(3)), (1, 1, 3));
    let info = f::cache_info();
    assert_eq!(shared_four(info), (3, 2, 1, 2));
    assert_eq!((info.shared_errors, info.shared_skips), (0, 0));
}

#[test]
fn tags_reach_memory_and_the_store() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared, tags("reach: all", format!("reach: {n}")))]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(2)), (1, 2));
    forget!(f);
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(2);
    assert_eq!(lruheap::invalidate_tag("reach: 1"), 1);
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(3);
    forget!(f);
    assert_eq!(lruheap::invalidate_tag("reach: 2"), 0, "memory has none");
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(4);
    f::cache_insert(3, 30);
    forget!(f);
    assert_eq!(f(3), 30);
    lruheap::invalidate_tag("reach: all");
    assert_eq!((f(1), f(2), f(3)), (1, 2, 3));
    RUNS.are(7);
    assert_eq!(f::cache_refresh(3), 3);
    assert_eq!(f::cache_remove(3), Some(3));
    lruheap::invalidate_tag("reach: all");
    assert_eq!(f::cache_remove(3), None);
}

#[test]
fn the_body_alone_asks_nobody() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f::uncached(1), f::uncached(1)), (1, 1));
    assert_eq!(f(1), 1);
    RUNS.are(3);
    assert_eq!(shared_four(f::cache_info()), (0, 1, 0, 1));
}
