//! `stale_if_error`: the old value stands in for an error.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::{advance, counted, from_threads, my_turn};
use crate::common::tasks::{Permits, Task};
use crate::common::{YieldNow, block_on};
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};

type Outcome = Result<u32, &'static str>;

#[test]
fn the_old_value_is_returned_and_counted() {
    static IS_DOWN: AtomicBool = AtomicBool::new(false);

    #[lru_cache(ttl = 10, stale_if_error = 30)]
    fn rate(of: &str) -> Outcome {
        if IS_DOWN.load(SeqCst) {
            Err("down")
        } else {
            Ok(u32::try_from(of.len()).expect("it is short"))
        }
    }

    let _turn = my_turn();
    assert_eq!(rate("USD"), Ok(3));
    IS_DOWN.store(true, SeqCst);
    assert_eq!((rate("USD"), rate("X")), (Ok(3), Err("down")));
    assert_eq!(counted(rate::cache_info()), (1, 2, 0));
    advance(10);
    assert_eq!((rate("USD"), rate("USD")), (Ok(3), Ok(3)));
    assert_eq!(counted(rate::cache_info()), (1, 4, 2));
    assert!(!rate::cache_contains("USD"));
    assert_eq!(rate::uncached("USD"), Err("down"));
    advance(28);
    assert_eq!(rate("USD"), Ok(3));
    advance(2);
    assert_eq!(rate("USD"), Err("down"));
    assert_eq!(counted(rate::cache_info()), (1, 6, 3));
    IS_DOWN.store(false, SeqCst);
    assert_eq!((rate("USD"), rate::cache_peek("USD")), (Ok(3), Some(Ok(3))));
}

#[test]
fn what_came_meanwhile_is_newer_and_stays() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, stale_if_error = 30)]
    fn rate(of: u32) -> Outcome {
        match RUNS.fetch_add(1, SeqCst) {
            0 => Ok(of),
            1 => {
                rate::cache_insert(of, Ok(50));
                Err("down")
            }
            2 => {
                rate::cache_remove(of);
                Err("down")
            }
            _ => Err("down"),
        }
    }

    let _turn = my_turn();
    assert_eq!(rate(1), Ok(1));
    advance(10);
    assert_eq!((rate(1), rate::cache_peek(1)), (Ok(50), Some(Ok(50))));
    advance(10);
    assert_eq!((rate(1), rate(1)), (Err("down"), Err("down")));
    assert_eq!(rate::cache_info().currsize, 0);
}

#[test]
fn none_of_the_threads_that_come_at_once_gets_the_error() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, stale_if_error = 30)]
    fn rate(of: u32) -> Outcome {
        match RUNS.fetch_add(1, SeqCst) {
            0 => Ok(of),
            _ => Err("down"),
        }
    }

    let _turn = my_turn();
    assert_eq!(rate(1), Ok(1));
    advance(10);
    let start = Barrier::new(8);
    let rates = from_threads(|| {
        start.wait();
        (0..100).map(|_| rate(1)).all(|rate| rate == Ok(1))
    });
    assert_eq!(rates, [true; 8]);
    let info = rate::cache_info();
    assert_eq!(info.hits + info.misses, 801);
    assert_eq!(info.misses, u64::from(RUNS.load(SeqCst)));
}

#[test]
fn the_two_windows_are_apart() {
    #[lru_cache(ttl = 10, stale = 20, stale_if_error = 5)]
    fn long_stale(n: u32) -> Outcome {
        once(&FIRST, n, long_stale)
    }

    #[lru_cache(ttl = 10, stale = 5, stale_if_error = 20)]
    fn long_if_error(n: u32) -> Outcome {
        once(&SECOND, n, long_if_error)
    }

    static FIRST: AtomicU32 = AtomicU32::new(0);
    static SECOND: AtomicU32 = AtomicU32::new(0);

    // Good for once; in the middle of each failure there is another call.
    fn once(runs: &AtomicU32, n: u32, again: fn(u32) -> Outcome) -> Outcome {
        let run = runs.fetch_add(1, SeqCst);
        if run == 0 {
            return Ok(n);
        }
        if run % 2 == 1 && again(n).is_err() {
            return Err("nor in the middle");
        }
        runs.fetch_max(run + 2, SeqCst);
        Err("down")
    }

    let _turn = my_turn();
    assert_eq!((long_stale(1), long_if_error(1)), (Ok(1), Ok(1)));
    advance(12);
    assert_eq!((long_stale(1), long_if_error(1)), (Ok(1), Ok(1)));
    assert_eq!(counted(long_stale::cache_info()), (1, 2, 2));
    assert_eq!(counted(long_if_error::cache_info()), (1, 2, 2));
    advance(10);
    // Others get the old value there, and who fails the error; here it is the
    // other way round.
    assert_eq!((long_stale(1), long_if_error(1)), (Err("down"), Ok(1)));
    assert_eq!(counted(long_stale::cache_info()), (2, 3, 3));
    assert_eq!(counted(long_if_error::cache_info()), (1, 4, 4));
    advance(8);
    assert!(long_stale(1).is_err() && long_if_error(1).is_err());
    assert_eq!(
        (long_stale::cache_purge(), long_if_error::cache_purge()),
        (0, 0)
    );
    assert_eq!(long_stale::cache_info().expirations, 1);
}

#[test]
fn a_refresh_that_fails_leaves_the_entry_as_it_is() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, stale_if_error = 30)]
    fn rate(of: u32) -> std::io::Result<u32> {
        match RUNS.fetch_add(1, SeqCst) {
            0 => Ok(of),
            _ => Err(std::io::Error::other("down")),
        }
    }

    let _turn = my_turn();
    assert_eq!(rate(1).ok(), Some(1));
    let _ = rate::cache_refresh(1);
    assert_eq!(rate::cache_peek(1), Some(1));
    advance(10);
    let _ = rate::cache_refresh(1);
    assert_eq!((rate::cache_peek(1), rate(1).ok()), (None, Some(1)));
    let info = rate::cache_info();
    assert_eq!(
        (info.hits, info.misses),
        (0, 2),
        "refreshing is not counted"
    );
}

/// What a user's lookup returned in turn: found, gone, and then out of reach.
fn in_turn(runs: &AtomicU32) -> Result<Option<u32>, ()> {
    match runs.fetch_add(1, SeqCst) {
        0 => Ok(Some(1)),
        1 => Ok(None),
        _ => Err(()),
    }
}

#[test]
fn what_a_refused_value_has_replaced_does_not_come_back() {
    static RUNS: [AtomicU32; 4] = [const { AtomicU32::new(0) }; 4];

    #[lru_cache(ttl = 10, stale_if_error = 10_000, cache_if = Option::is_some)]
    fn user(_id: u32) -> Result<Option<u32>, ()> {
        in_turn(&RUNS[0])
    }

    #[lru_cache(ttl = 10, stale_if_error = 10_000, cache_none = false)]
    fn some_user(_id: &str) -> Result<Option<u32>, ()> {
        in_turn(&RUNS[1])
    }

    #[lru_cache(ttl = 10, stale_if_error = 10_000, cache_if = Option::is_some)]
    async fn user_later(_id: u32) -> Result<Option<u32>, ()> {
        YieldNow::default().await;
        in_turn(&RUNS[2])
    }

    #[derive(CacheHost, Default)]
    struct Users {
        caches: InstanceCaches,
    }

    impl Users {
        #[lru_cache(ttl = 10, stale_if_error = 10_000, cache_none = false)]
        fn find(&self, _id: u32) -> Result<Option<u32>, ()> {
            in_turn(&RUNS[3])
        }
    }

    let _turn = my_turn();
    let users = Users::default();
    let calls: [&dyn Fn() -> Result<Option<u32>, ()>; 4] = [
        &|| user(1),
        &|| some_user("1"),
        &|| block_on(user_later(1)),
        &|| users.find(1),
    ];
    for (way, call) in calls.into_iter().enumerate() {
        assert_eq!(call(), Ok(Some(1)), "way {way}");
        advance(10);
        assert_eq!([call(), call()], [Ok(None), Err(())], "way {way}");
    }
    assert_eq!(user::cache_info().currsize, 0);
    assert_eq!(counted(user::cache_info()), (0, 3, 0));
}

#[test]
fn an_older_result_does_not_replace_a_newer_one_past_its_end() {
    static DOOR: Permits = Permits::none();
    let _turn = my_turn();
    let windows: [fn(_) -> _; 2] = [
        |builder: lruheap::CacheBuilder| builder.stale_if_error(Duration::from_secs(1000)),
        |builder| builder.stale(Duration::from_secs(1000)),
    ];
    for (way, window) in windows.into_iter().enumerate() {
        let builder = Cache::builder().ttl(Duration::from_secs(10));
        let cache: Cache<u32, u32> = window(builder).build();
        let mut older = Task::new(cache.get_or_insert_with_async(&1, || async {
            DOOR.take().await;
            1
        }));
        assert!(older.poll().is_none());
        // A thread waits for no task.
        assert_eq!(cache.get_or_insert_with(&1, || 2), 2);
        advance(11);
        DOOR.allow(1);
        assert_eq!(older.poll(), Some(&1), "its own");
        let mut meanwhile = 2;
        let fails = cache.try_get_or_insert_with(&1, || {
            if way == 1 {
                meanwhile = cache.get_or_insert_with(&1, || 3);
            }
            Err(())
        });
        assert_eq!((fails.unwrap_or(2), meanwhile), (2, 2), "way {way}");
    }
}

#[test]
fn a_value_that_is_good_still_is_not_counted_as_stale() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, xfetch = 1e12, stale_if_error = 1000)]
    fn rate(of: u32) -> Outcome {
        if RUNS.fetch_add(1, SeqCst) > 0 {
            return Err("down");
        }
        advance(1);
        Ok(of)
    }

    let _turn = my_turn();
    // Recomputed early, which fails.
    assert_eq!([rate(1), rate(1)], [Ok(1), Ok(1)]);
    assert_eq!(RUNS.load(SeqCst), 2);
    assert_eq!(counted(rate::cache_info()), (0, 2, 0));
    advance(10);
    assert_eq!(rate(1), Ok(1));
    assert_eq!(counted(rate::cache_info()), (0, 3, 1));
}
