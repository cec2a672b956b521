//! The same of `async` functions.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::{advance, counted, from_threads, my_turn};
use crate::common::{YieldNow, block_on, poll_once};
use lruheap::{Cache, lru_cache};

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

#[test]
fn a_future_that_is_set_aside_holds_a_renewal_up_for_a_minute() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 10, stale = "1d")]
    async fn price(id: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        if run % 3 == 1 {
            std::future::pending::<()>().await;
        }
        id + run
    }

    let _turn = my_turn();
    assert_eq!(block_on(price(0)), 0);
    advance(10);
    let mut set_aside = Box::pin(price(0));
    assert!(poll_once(&mut set_aside).is_pending());
    advance(50);
    assert_eq!(block_on(price(0)), 0, "it may be at it still");
    advance(11);
    assert_eq!([block_on(price(0)), block_on(price(0))], [2, 2]);
    assert_eq!(counted(price::cache_info()), (2, 3, 1));
    drop(set_aside);
    assert_eq!(price::cache_peek(0), Some(2));

    // Threads don't wait for longer.
    let builder = Cache::builder().ttl(Duration::from_secs(1));
    let cache: Cache<u32, u32> = builder.stale(Duration::from_secs(86_400)).build();
    cache.insert(1, 1);
    advance(2);
    let mut set_aside = Box::pin(cache.get_or_insert_with_async(&1, std::future::pending));
    assert!(poll_once(&mut set_aside).is_pending());
    assert_eq!(cache.get_or_insert_with(&1, || 2), 1);
    advance(61);
    assert_eq!(cache.get_or_insert_with(&1, || 3), 3);
}
