//! Tags go with their entries, in whatever way those go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use crate::common::clock::{clock_moves, clock_stands};
use crate::common::watchdog;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, invalidate_tag, lru_cache};

fn advance(seconds: u64) {
    lruheap_core::testing::advance(Duration::from_secs(seconds));
}

#[test]
fn evicted_removed_cleared_and_shrunk() {
    let _turn = clock_stands();
    #[lru_cache(maxsize = 4, tags("going", format!("going:{n}")))]
    fn same(n: u32) -> u32 {
        n
    }

    let tag = |n: u32| invalidate_tag(&format!("going:{n}"));
    for n in 0..10 {
        same(n);
    }
    assert_eq!((0..6).map(tag).sum::<usize>(), 0, "evicted");
    assert_eq!(tag(7), 1);
    assert_eq!(same::cache_remove(9), Some(9));
    assert_eq!(
        (tag(9), tag(8)),
        (0, 1),
        "the last took the place of another"
    );
    assert_eq!(same::cache().entries(), [((6,), 6)]);
    let _ = (same(1), same(2), same(3));
    same::cache_resize(1);
    assert_eq!((tag(1), tag(2), tag(6), tag(3)), (0, 0, 0, 1));
    same::cache_resize(4);
    let _ = (same(1), same(2));
    same::cache_clear();
    assert_eq!((invalidate_tag("going"), tag(1)), (0, 0));
    assert_eq!(same::cache_info().invalidations, 0);
    let _ = (same(1), same(2));
    same::cache_resize(0);
    same(3);
    assert_eq!(invalidate_tag("going"), 0);
    same::cache_resize(None);
    (0..100).for_each(|n| _ = same(n));
    assert_eq!((tag(99), tag(0), invalidate_tag("going")), (1, 1, 98));
}

#[test]
fn expired() {
    #[lru_cache(ttl = 10, tags("expired", format!("expired:{n}")))]
    fn brief(n: u32) -> u32 {
        n
    }

    let _turn = clock_moves();
    let _ = (brief(1), brief(2));
    advance(5);
    brief(3);
    advance(5);
    assert_eq!(brief::cache_purge(), 2);
    assert_eq!(invalidate_tag("expired:1"), 0);
    brief(1);
    assert_eq!(invalidate_tag("expired"), 2);
    let info = brief::cache_info();
    assert_eq!((info.expirations, info.invalidations), (2, 2));
}

#[test]
fn expired_and_still_there() {
    #[lru_cache(ttl = 10, tags("still there"))]
    fn brief(n: u32) -> u32 {
        n
    }

    let _turn = clock_moves();
    brief(1);
    advance(10);
    assert_eq!(invalidate_tag("still there"), 0);
    let info = brief::cache_info();
    assert_eq!((info.expirations, info.invalidations), (1, 0));
}

#[test]
fn stale_ones_go_as_well_and_with_them_their_renewal() {
    static VALUE: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, stale = 5, stale_if_error = 20, tags("old"))]
    fn read(n: u32) -> Result<u32, u32> {
        match VALUE.load(SeqCst) {
            9 => Err(n),
            1 => {
                assert_eq!(read(n), Ok(0), "there is an old one");
                VALUE.store(2, SeqCst);
                invalidate_tag("old");
                assert_eq!(read(n), Ok(2), "there is none any more");
                Ok(1)
            }
            value => Ok(value),
        }
    }

    let _turn = clock_moves();
    let _watchdog = watchdog();
    assert_eq!(read(7), Ok(0));
    advance(10);
    VALUE.store(1, SeqCst);
    assert_eq!(read(7), Ok(1));
    assert_eq!(read::cache_peek(7), Some(2), "the newer one");
    VALUE.store(9, SeqCst);
    advance(10);
    assert_eq!(read(7), Ok(2));
    invalidate_tag("old");
    assert_eq!(read(7), Err(7), "nothing is left to stand in");
}

#[test]
fn a_refresh_gives_the_tags_of_now() {
    static GROUP: AtomicU32 = AtomicU32::new(1);

    #[lru_cache(ttl = 10, tags(format!("group:{}", GROUP.load(SeqCst)), "grouped"))]
    fn member(n: u32) -> u32 {
        n
    }

    let of = |group: u32| invalidate_tag(&format!("group:{group}"));
    let _turn = clock_moves();
    let _ = (member(1), member(2));
    GROUP.store(2, SeqCst);
    member::cache_refresh(1);
    assert_eq!((of(1), member::cache_contains(1)), (1, true));
    member(2);
    assert_eq!((of(2), of(1)), (2, 0));

    // The same by hand, and when time is up.
    member::cache_insert(3, 30);
    GROUP.store(3, SeqCst);
    member::cache_insert(3, 31);
    assert_eq!((of(2), of(3), of(3)), (0, 1, 0));
    let _ = (member(4), member(5));
    advance(10);
    GROUP.store(4, SeqCst);
    let _ = (member(4), member(5));
    assert_eq!((of(3), of(4)), (0, 2));
    assert_eq!(invalidate_tag("grouped"), 0);
}

#[test]
fn what_is_not_kept_has_no_tags() {
    let _turn = clock_stands();
    static VALUE: AtomicU32 = AtomicU32::new(1);

    #[lru_cache(cache_if = |value: &u32| *value > 0, tags("not kept"))]
    fn read(n: u32) -> u32 {
        n * VALUE.load(SeqCst)
    }

    #[lru_cache(tags("not kept"))]
    fn fails(n: u32) -> Result<u32, ()> {
        if VALUE.load(SeqCst) == 0 {
            Err(())
        } else {
            Ok(n)
        }
    }

    assert!(read(0) == 0 && read(1) == 1 && fails(1).is_ok());
    assert_eq!(invalidate_tag("not kept"), 2);
    assert!(read(1) == 1 && fails(1).is_ok());
    VALUE.store(0, SeqCst);
    assert!(read::cache_refresh(1) == 0 && fails::cache_refresh(1).is_err());
    assert_eq!(
        invalidate_tag("not kept"),
        1,
        "the refreshing that failed left it"
    );
    assert!(fails(1).is_err());
    assert_eq!(invalidate_tag("not kept"), 0);
}

#[test]
fn instances_that_die_and_clones_that_begin_empty() {
    let _turn = clock_moves();
    #[derive(CacheHost, Default, Clone)]
    struct Host {
        caches: InstanceCaches,
    }

    impl Host {
        #[lru_cache(tags("dying"))]
        fn own(&self, n: u32) -> u32 {
            n
        }

        #[lru_cache(tags("dying"))]
        fn tracked(self: &Arc<Self>, n: u32) -> u32 {
            n
        }

        #[cache_invalidate]
        fn change(&mut self) {}
    }

    let mut host = Host::default();
    let _ = (host.own(1), host.own(2));
    let clone = host.clone();
    assert_eq!(invalidate_tag("dying"), 2);
    let _ = (host.own(1), clone.own(1));
    drop(clone);
    assert_eq!(invalidate_tag("dying"), 1);
    host.own(1);
    host.change();
    assert_eq!(invalidate_tag("dying"), 0);
    let arc = Arc::new(host);
    let _ = (arc.tracked(1), arc.own(1));
    drop(arc);
    assert_eq!(invalidate_tag("dying"), 0);
}
