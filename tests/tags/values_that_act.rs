//! Keys and values that call back when they are compared or dropped.

use std::hash::Hash;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use crate::common::clock::clock_stands;
use crate::common::{four, watchdog};
use lruheap::{invalidate_tag, lru_cache};

#[test]
fn a_drop_that_invalidates() {
    let _turn = clock_stands();
    #[derive(Clone)]
    struct Chain(u32);

    impl Drop for Chain {
        fn drop(&mut self) {
            if IS_ON.load(SeqCst) {
                DROPPED.fetch_add(1, SeqCst);
                invalidate_tag("chain");
                invalidate_tag(&format!("chain:{}", self.0 + 1));
            }
        }
    }

    #[lru_cache(tags(format!("chain:{n}")))]
    fn link(n: u32) -> Arc<Chain> {
        Arc::new(Chain(n))
    }

    static IS_ON: AtomicBool = AtomicBool::new(false);
    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    let _watchdog = watchdog();
    (0..20).for_each(|n| drop(link(n)));
    IS_ON.store(true, SeqCst);
    assert_eq!(invalidate_tag("chain:10"), 1);
    assert_eq!(
        (DROPPED.load(SeqCst), link::cache_info().currsize),
        (10, 10)
    );
    assert_eq!(invalidate_tag("chain:0"), 1);
    assert_eq!((DROPPED.load(SeqCst), link::cache_info().currsize), (20, 0));
    IS_ON.store(false, SeqCst);
}

#[test]
fn a_drop_that_calls_the_function() {
    let _turn = clock_stands();
    struct Caller(u32);

    impl Drop for Caller {
        fn drop(&mut self) {
            if self.0 < 100 {
                call(self.0 + 100);
            }
        }
    }

    #[lru_cache(tags("caller", format!("caller:{n}")))]
    fn call(n: u32) -> Arc<Caller> {
        Arc::new(Caller(n))
    }

    let _watchdog = watchdog();
    (0..5).for_each(|n| drop(call(n)));
    assert_eq!(invalidate_tag("caller"), 5);
    assert_eq!(
        call::cache_info().currsize,
        5,
        "stored while the others were dropped"
    );
    assert_eq!(invalidate_tag("caller:100"), 1);
    assert_eq!(invalidate_tag("caller"), 4);
}

#[test]
fn a_drop_that_panics() {
    let _turn = clock_stands();
    struct Panics(bool);

    impl Drop for Panics {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
            assert!(!self.0, "in the drop");
        }
    }

    #[lru_cache(tags("panicking drop", format!("panicking drop:{n}")))]
    fn value(n: u32) -> Arc<Panics> {
        Arc::new(Panics(n % 2 == 0))
    }

    #[lru_cache(tags("panicking drop"))]
    fn other(n: u32) -> u32 {
        n
    }

    static DROPPED: AtomicUsize = AtomicUsize::new(0);

    (0..6).for_each(|n| drop(value(n)));
    other(1);
    assert!(catch_unwind(|| invalidate_tag("panicking drop")).is_err());
    assert_eq!(DROPPED.load(SeqCst), 6, "the others as well");
    assert_eq!(
        (value::cache_info().currsize, other::cache_info().currsize),
        (0, 0)
    );
    assert_eq!(value::cache_info().invalidations, 6);
    (0..6).for_each(|n| drop(value(n)));
    assert_eq!(invalidate_tag("panicking drop:1"), 1);
    assert!(catch_unwind(|| invalidate_tag("panicking drop:2")).is_err());
    assert_eq!(value::cache_info().currsize, 4);
    assert!(catch_unwind(value::cache_clear).is_err());
    assert_eq!(invalidate_tag("panicking drop"), 0);
}

#[test]
fn keys_that_are_the_users_own() {
    let _turn = clock_stands();
    #[derive(Clone, Debug)]
    struct Key(u32);

    impl Hash for Key {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            state.write_u32(self.0 % 2);
        }
    }

    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            invalidate_tag("compared");
            self.0 == other.0
        }
    }

    impl Eq for Key {}

    #[lru_cache(tags("own keys", format!("own keys:{}", key.0)))]
    fn of_key(key: &Key) -> u32 {
        key.0
    }

    let _watchdog = watchdog();
    for _ in 0..2 {
        assert!((0..20).all(|n| of_key(&Key(n)) == n));
    }
    assert_eq!(four(of_key::cache_info()), (20, 20, Some(128), 20));
    assert_eq!(invalidate_tag("own keys:3"), 1);
    assert!((0..20).all(|n| of_key::cache_contains(&Key(n)) == (n != 3)));
    assert_eq!(invalidate_tag("own keys"), 19);
}
