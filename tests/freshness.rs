//! Values near their end and past it, as users see them: `xfetch`, `stale` and
//! `stale_if_error`. The clock is one for the process, so the tests take turns.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::cell::Cell;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{Watchdog, YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{Cache, CacheHost, CacheInfo, InstanceCaches, lru_cache};
use lruheap_core::testing;

static CLOCK: Mutex<()> = Mutex::new(());

/// Where a bug would have a call wait for ever.
fn my_turn() -> (MutexGuard<'static, ()>, Watchdog) {
    let clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    (clock, watchdog())
}

fn advance(seconds: u64) {
    testing::advance(Duration::from_secs(seconds));
}

/// Hits, misses, and those that got an old value.
fn counted(info: CacheInfo) -> (u64, u64, u64) {
    (info.hits, info.misses, info.stale)
}

/// Calls it from eight threads, which are to be back before anything else happens.
fn from_threads<R: Send>(call: impl Fn() -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(&call)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, R>| thread.join().expect("no panic");
        threads.into_iter().map(join).collect()
    })
}

mod past_the_end {
    use super::*;

    #[test]
    fn one_caller_renews_and_the_others_get_the_old_value_at_once() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            if run == 1 {
                assert_eq!(price(id), 0, "this thread as well");
                assert_eq!(from_threads(|| price(id)), [0; 8]);
            }
            run
        }

        let _turn = my_turn();
        assert_eq!([price(7), price(7)], [0, 0]);
        advance(10);
        assert_eq!([price(7), price(7)], [1, 1]);
        assert_eq!(counted(price::cache_info()), (11, 2, 9));
        assert!(price::cache_ttl(7) > Some(Duration::from_secs(8)));
        price::cache_clear();
        assert_eq!(counted(price::cache_info()), (0, 0, 0));
    }

    #[test]
    fn of_threads_that_come_at_once_one_runs_the_body() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            while run == 1 && price::cache_info().stale == 0 {
                thread::yield_now();
            }
            id + run
        }

        let _turn = my_turn();
        price(0);
        advance(11);
        let start = Barrier::new(8);
        let prices = from_threads(|| {
            start.wait();
            price(0)
        });
        assert_eq!(RUNS.load(SeqCst), 2);
        let old = prices.iter().filter(|price| **price == 0).count();
        assert_eq!(counted(price::cache_info()), (7, 2, old as u64));
    }

    #[test]
    fn past_its_window_callers_wait_for_the_new_one() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            id + RUNS.fetch_add(1, SeqCst)
        }

        let _turn = my_turn();
        price(0);
        advance(15);
        let start = Barrier::new(8);
        let prices = from_threads(|| {
            start.wait();
            price(0)
        });
        assert_eq!(prices, [1; 8]);
        assert_eq!(counted(price::cache_info()), (7, 2, 0));
    }

    #[test]
    fn the_window_ends_while_it_is_renewed() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            if run == 1 {
                assert_eq!(price(id), 0);
                advance(5);
                assert_eq!(price(id), 2, "it would wait for itself, so it computes");
            }
            run
        }

        let _turn = my_turn();
        price(0);
        advance(10);
        assert_eq!([price(0), price(0)], [1, 2]);
        assert_eq!(
            RUNS.load(SeqCst),
            3,
            "what began before the value is not stored"
        );
    }

    #[test]
    fn the_controls_take_it_for_gone() {
        #[lru_cache(ttl = 10, stale = 5)]
        fn square(n: u32) -> u32 {
            n * n
        }

        let _turn = my_turn();
        let _ = (square(2), square(3), square(4));
        advance(10);
        assert_eq!((square::cache_peek(2), square::cache_ttl(2)), (None, None));
        assert!(!square::cache_contains(2));
        assert_eq!(four(square::cache_info()), (0, 3, Some(128), 0));
        assert!(square::cache().entries().is_empty() && square::cache().is_empty());
        assert_eq!(square::cache().get(&(2,)), None);
        assert_eq!(square::cache_remove(2), None);
        square::cache_insert(3, 30);
        assert_eq!(four(square::cache_info()), (0, 4, Some(128), 1));
        assert_eq!(square::cache_info().expirations, 2);
        assert_eq!(square::cache_purge(), 0, "it may still be served");
        advance(5);
        assert_eq!(square::cache_purge(), 1);
        assert_eq!((square::cache_peek(3), square(3)), (Some(30), 30));
    }

    #[test]
    fn a_renewal_that_panics_leaves_the_value_for_the_next() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            assert!(run != 1, "the shop is closed");
            if run == 2 {
                assert_eq!(price(id), 0);
            }
            run
        }

        let _turn = my_turn();
        price(0);
        advance(10);
        assert!(catch_unwind(|| price(0)).is_err());
        assert_eq!([price(0), price(0)], [2, 2]);
    }

    #[test]
    fn a_renewal_whose_result_is_not_kept_ends_the_old_value() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5, cache_if = |price: &u32| *price != 1)]
        fn price(id: u32) -> u32 {
            id + RUNS.fetch_add(1, SeqCst)
        }

        let _turn = my_turn();
        price(0);
        advance(10);
        assert_eq!([price(0), price(0), price(0)], [1, 2, 2]);
        assert_eq!(counted(price::cache_info()), (1, 3, 0));
    }

    #[test]
    fn a_renewal_does_not_overwrite_what_is_newer() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            if run == 1 {
                price::cache_insert(id, 50);
            }
            run
        }

        let _turn = my_turn();
        price(0);
        advance(10);
        assert_eq!([price(0), price(0)], [1, 50]);
    }

    #[test]
    fn each_value_has_its_own_end_and_the_window_after_it() {
        #[lru_cache(ttl_with = |n: &u64| Duration::from_secs(*n), stale = 5)]
        fn same(n: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            if INSIDE.swap(false, SeqCst) {
                same(n);
            }
            n
        }

        static RUNS: AtomicU32 = AtomicU32::new(0);
        static INSIDE: AtomicBool = AtomicBool::new(false);
        // How many bodies a call runs, in whose middle there is another.
        let runs = |n| {
            let before = RUNS.load(SeqCst);
            INSIDE.store(true, SeqCst);
            same(n);
            INSIDE.store(false, SeqCst);
            RUNS.load(SeqCst) - before
        };

        let _turn = my_turn();
        let _ = (same(10), same(20));
        advance(12);
        assert_eq!([runs(10), runs(20)], [1, 0]);
        advance(13);
        assert_eq!([runs(10), runs(20)], [1, 2]);
    }

    #[test]
    fn windows_are_written_as_a_ttl_and_may_be_endless() {
        const WINDOW: Duration = Duration::MAX;

        #[lru_cache(ttl = 10, stale = WINDOW, stale_if_error = "1d")]
        fn of_old(n: u32) -> Result<u32, u32> {
            if RUNS.fetch_add(1, SeqCst) == 0 {
                Ok(n)
            } else {
                Err(of_old(n)?)
            }
        }

        static RUNS: AtomicU32 = AtomicU32::new(0);

        let _turn = my_turn();
        assert_eq!(of_old(1), Ok(1));
        assert!(of_old::cache_ttl(1) <= Some(Duration::from_secs(10)));
        advance(10);
        assert!(!of_old::cache_contains(1));
        assert_eq!((of_old(1), RUNS.load(SeqCst)), (Ok(1), 2));
        advance(1 << 30);
        assert_eq!(
            (of_old(1), RUNS.load(SeqCst)),
            (Err(1), 3),
            "stale within, and no more"
        );
        assert_eq!(of_old::cache_info().stale, 3);
    }

    #[test]
    fn without_coalescing_and_without_bound_it_is_the_same() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(maxsize = None, ttl = 10, stale = 5, coalesce = false)]
        fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            if run == 1 {
                assert_eq!(from_threads(|| price(id)), [0; 8]);
            }
            run
        }

        let _turn = my_turn();
        price(0);
        advance(10);
        assert_eq!([price(0), price(0)], [1, 1]);
    }

    #[test]
    fn within_a_thread_and_for_each_instantiation() {
        #[lru_cache(scope = thread, ttl = 10, stale = 5)]
        fn counted_here(n: u32) -> Rc<u32> {
            RUNS.set(RUNS.get() + 1);
            let run = RUNS.get();
            if run == 2 {
                assert_eq!(*counted_here(n), 1);
            }
            Rc::new(run)
        }

        #[lru_cache(ttl = 10, stale = 5)]
        fn counted_for<T: Default + std::hash::Hash + Eq + Clone + Send + Sync + 'static>(
            of: T,
        ) -> (T, u32) {
            RUNS.set(RUNS.get() + 1);
            let run = RUNS.get();
            if run % 10 == 2 {
                let within = counted_for(of.clone()).1;
                assert_eq!(within, run - 1);
            }
            (of, run)
        }

        thread_local! {
            static RUNS: Cell<u32> = const { Cell::new(0) };
        }

        let _turn = my_turn();
        counted_here(0);
        advance(10);
        assert_eq!([*counted_here(0), *counted_here(0)], [2, 2]);
        assert_eq!(counted_here::cache_info().stale, 1);
        RUNS.set(0);
        assert_eq!(counted_for(1_u8).1, 1);
        advance(10);
        assert_eq!(counted_for(1_u8).1, 2);
        RUNS.set(10);
        assert_eq!(counted_for(1_u16).1, 11);
        advance(10);
        assert_eq!(counted_for(1_u16).1, 12);
        assert_eq!(counted_for::<u8>::cache_info().stale, 1);
    }
}

mod in_the_place_of_an_error {
    use super::*;

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
}

mod near_the_end {
    use super::*;

    #[test]
    fn what_took_long_is_recomputed_before_its_end() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 100_000, xfetch = true)]
        fn report(cost: u64) -> Result<u64, ()> {
            if RUNS.fetch_add(1, SeqCst) > 1 {
                return Err(()); // the entry stays as it is
            }
            advance(cost);
            Ok(cost)
        }

        let runs = |cost| (0..100).filter(|_| report(cost).is_err()).count();

        let _turn = my_turn();
        assert!(report(10).is_ok() && report(10_000).is_ok());
        advance(100_000 - 10_000 - 2_000);
        // e⁻²⁰⁰ for the one, with some 2,000 s left; e⁻¹·² for the other.
        let (cheap, dear) = (runs(10), runs(10_000));
        assert_eq!(cheap, 0);
        assert!(dear > 0 && dear < 100, "{dear}");
        let info = report::cache_info();
        assert_eq!((info.currsize, info.stale), (2, 0));
        assert_eq!(
            (info.hits, info.misses),
            (200 - dear as u64, 2 + dear as u64)
        );
    }

    #[test]
    fn one_caller_recomputes_and_the_others_go_on() {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        const EAGER: f64 = 1e30;

        #[lru_cache(ttl = 100, xfetch = EAGER)]
        fn report(n: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            if run == 1 {
                assert_eq!(from_threads(|| report(n)), [0; 8]);
            }
            advance(1);
            run
        }

        let _turn = my_turn();
        assert_eq!([report(0), report(0)], [0, 1]);
        assert_eq!(counted(report::cache_info()), (8, 2, 0));
        let peeked = (report::cache_peek(0), report::cache().get(&(0,)));
        assert_eq!(peeked, (Some(1), Some(1)), "these can't compute");
    }

    #[test]
    fn what_cost_nothing_is_not() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 100, xfetch = 2.0)]
        fn quick(n: u32) -> u32 {
            n + RUNS.fetch_add(1, SeqCst)
        }

        let _turn = my_turn();
        quick::cache_insert(0, 7);
        advance(90);
        assert!((0..1_000).all(|_| quick(0) == 7), "nobody computed it");
    }

    #[test]
    fn all_three_together() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = "10m", xfetch = 1e30, stale = "1m", stale_if_error = "1d")]
        fn rate(of: u32) -> Result<u32, ()> {
            let run = RUNS.fetch_add(1, SeqCst);
            advance(1);
            if run == 0 {
                return Ok(of);
            }
            assert!(run % 2 == 0 || rate(of) == Ok(1));
            RUNS.fetch_max(run + 2 - run % 2, SeqCst);
            Err(())
        }

        let _turn = my_turn();
        for _ in 0..3 {
            // Computed, then early.
            assert_eq!(rate(1), Ok(1));
        }
        assert!(rate::cache_contains(1));
        advance(600);
        assert_eq!(rate(1), Ok(1));
        advance(100);
        assert_eq!(rate(1), Ok(1));
        assert!(!rate::cache_contains(1));
        advance(24 * 3600);
        assert_eq!(rate(1), Err(()));
    }
}

mod as_a_task {
    use super::*;

    #[test]
    fn the_old_value_is_there_at_once_while_a_future_renews() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        async fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            YieldNow::default().await;
            id + run
        }

        let _turn = my_turn();
        assert_eq!(block_on(price(0)), 0);
        advance(10);
        let mut renews = Box::pin(price(0));
        assert!(poll_once(&mut renews).is_pending());
        assert!(poll_once(&mut Box::pin(price(0))).is_ready());
        assert_eq!(from_threads(|| block_on(price(0))), [0; 8]);
        assert_eq!(block_on(&mut renews), 1);
        assert_eq!(block_on(price(0)), 1);
        assert_eq!(counted(price::cache_info()), (10, 2, 9));

        // Dropped, it leaves the value for the next.
        advance(10);
        let mut dropped = Box::pin(price(0));
        assert!(poll_once(&mut dropped).is_pending());
        drop(dropped);
        assert_eq!(block_on(price(0)), 3);
    }

    #[test]
    fn past_its_window_others_wait_for_the_future() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5)]
        async fn price(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            YieldNow::default().await;
            id + run
        }

        let _turn = my_turn();
        block_on(price(0));
        advance(10);
        let mut renews = Box::pin(price(0));
        assert!(poll_once(&mut renews).is_pending());
        advance(5);
        let mut waits = Box::pin(price(0));
        assert!(poll_once(&mut waits).is_pending());
        assert_eq!((block_on(renews), block_on(waits)), (1, 1));
        assert_eq!(counted(price::cache_info()), (1, 2, 0));
    }

    #[test]
    fn it_stands_in_for_an_error_of_a_future() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale_if_error = 5)]
        async fn rate(of: &str) -> Result<usize, String> {
            let run = RUNS.fetch_add(1, SeqCst);
            YieldNow::default().await;
            if run == 0 {
                Ok(of.len())
            } else {
                Err("down".into())
            }
        }

        let _turn = my_turn();
        assert_eq!(block_on(rate("USD")), Ok(3));
        advance(10);
        let (mut leads, mut waits) = (Box::pin(rate("USD")), Box::pin(rate("USD")));
        assert!(poll_once(&mut leads).is_pending() && poll_once(&mut waits).is_pending());
        assert_eq!((block_on(leads), block_on(waits)), (Ok(3), Ok(3)));
        assert_eq!(RUNS.load(SeqCst), 2, "who waits gets it as well");
        advance(5);
        assert_eq!(block_on(rate("USD")), Err("down".into()));
    }

    #[test]
    fn a_future_recomputes_early() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 100, xfetch = 1e30)]
        async fn report(n: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            YieldNow::default().await;
            advance(1);
            n + run
        }

        let _turn = my_turn();
        assert_eq!(block_on(report(0)), 0);
        let mut early = Box::pin(report(0));
        assert!(poll_once(&mut early).is_pending());
        assert_eq!(block_on(report(0)), 0, "the others go on");
        assert_eq!(block_on(early), 1);
        assert_eq!(report::cache_peek(0), Some(1));
    }
}

mod of_methods {
    use super::*;

    #[derive(CacheHost, Default)]
    struct Shop {
        runs: AtomicU32,
        caches: InstanceCaches,
    }

    impl Shop {
        fn run(&self) -> u32 {
            self.runs.fetch_add(1, SeqCst)
        }

        #[lru_cache(ttl = 10, stale = 5)]
        fn own(&self, n: u32) -> u32 {
            let run = self.run();
            if run % 10 == 1 {
                assert_eq!(from_threads(|| self.own(n)), [run - 1; 8]);
            }
            run
        }

        #[lru_cache(ttl = 10, stale = 5)]
        fn tracked(self: &Arc<Self>, n: u32) -> u32 {
            let run = self.run();
            if run % 10 == 1 {
                assert_eq!(from_threads(|| self.tracked(n)), [run - 1; 8]);
            }
            run
        }

        #[lru_cache(ttl = 10, stale = 5)]
        fn shared(#[key(skip)] &self, n: u32) -> u32 {
            let run = self.run();
            if run % 10 == 1 {
                assert_eq!(from_threads(|| self.shared(n)), [run - 1; 8]);
            }
            run
        }

        #[lru_cache(ttl = 10, stale_if_error = 5)]
        fn fallible(&self, n: u32) -> Result<u32, u32> {
            match self.run() {
                0 => Ok(n),
                run => Err(run),
            }
        }

        #[lru_cache(ttl = 10, stale = 5)]
        async fn later(&self, n: u32) -> u32 {
            let run = self.run();
            YieldNow::default().await;
            n + run
        }

        #[lru_cache(ttl = 100, xfetch = 1e30)]
        fn early(&self) -> u32 {
            advance(1);
            self.run()
        }
    }

    #[test]
    fn each_instance_renews_its_own() {
        let _turn = my_turn();
        type Call = fn(&Arc<Shop>) -> u32;
        let calls: [Call; 3] = [
            |shop| shop.own(1),
            |shop| shop.tracked(1),
            |shop| shop.shared(1),
        ];
        for (way, call) in calls.into_iter().enumerate() {
            let (shop, other) = (Arc::new(Shop::default()), Arc::new(Shop::default()));
            other.runs.store(10, SeqCst);
            assert_eq!(call(&shop), 0);
            if way < 2 {
                assert_eq!(call(&other), 10);
            }
            advance(10);
            assert_eq!([call(&shop), call(&shop)], [1, 1], "way {way}");
            if way < 2 {
                assert_eq!([call(&other), call(&other)], [11, 11], "way {way}");
            }
            let info = match way {
                0 => shop.own_cache().cache_info(),
                1 => shop.tracked_cache().cache_info(),
                _ => shop.shared_cache().cache_info(),
            };
            assert_eq!(counted(info), (9, 2, 8));
        }
    }

    #[test]
    fn all_instances_together_count_it_as_well() {
        let _turn = my_turn();
        let shop = Shop::default();
        assert_eq!(shop.fallible(7), Ok(7));
        advance(10);
        assert_eq!(shop.fallible(7), Ok(7));
        assert_eq!(shop.fallible_cache().cache_info().stale, 1);
        assert_eq!(Shop::fallible_caches().cache_info().stale, 1);
    }

    #[test]
    fn errors_futures_and_early_ones() {
        let _turn = my_turn();
        let shop = Shop::default();
        assert_eq!(shop.fallible(7), Ok(7));
        advance(10);
        assert_eq!(shop.fallible(7), Ok(7));
        assert_eq!(counted(shop.fallible_cache().cache_info()), (0, 2, 1));
        assert_eq!(shop.fallible_cache().cache_peek((7,)), None);
        advance(5);
        assert_eq!(shop.fallible(7), Err(2));

        let shop = Shop::default();
        assert_eq!(block_on(shop.later(0)), 0);
        advance(10);
        let mut renews = Box::pin(shop.later(0));
        assert!(poll_once(&mut renews).is_pending());
        assert_eq!(block_on(shop.later(0)), 0);
        assert_eq!(block_on(renews), 1);

        let shop = Shop::default();
        assert_eq!([shop.early(), shop.early(), shop.early()], [0, 1, 2]);
    }
}

#[test]
fn the_cache_by_hand_has_them_too() {
    let _turn = my_turn();
    let builder = Cache::builder().ttl(Duration::from_secs(10));
    let builder = builder.stale(Duration::from_secs(5));
    let cache: Cache<u32, u32> = builder.stale_if_error(Duration::from_secs(20)).build();
    cache.insert(1, 1);
    advance(10);
    let value = cache.get_or_insert_with(&1, || {
        assert_eq!(from_threads(|| cache.get_or_insert_with(&1, || 3)), [1; 8]);
        2
    });
    assert_eq!((value, cache.get(&1)), (2, Some(2)));
    advance(29);
    assert_eq!(cache.get(&1), None);
    assert_eq!(cache.try_get_or_insert_with(&1, || Err("down")), Ok(2));
    let failing = cache.try_get_or_insert_with_async(&1, || async { Err("down") });
    assert_eq!(block_on(failing), Ok(2));
    advance(1);
    assert_eq!(
        cache.try_get_or_insert_with(&1, || Err("down")),
        Err("down")
    );
    assert_eq!(cache.info().stale, 10);
    assert!(catch_unwind(|| Cache::builder().xfetch(0.0)).is_err());
    assert!(catch_unwind(|| Cache::builder().xfetch(f64::NAN)).is_err());
}
