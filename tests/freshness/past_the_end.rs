//! `stale`: the old value serves while one caller renews it.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use super::{advance, counted, from_threads, my_turn};
use crate::common::four;
use lruheap::lru_cache;

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
