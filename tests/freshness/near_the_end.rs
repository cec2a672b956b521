//! `xfetch`: recomputed before the end; and all three together.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::{advance, counted, from_threads, my_turn};
use lruheap::lru_cache;

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

    let runs = |cost| {
        let before = RUNS.load(SeqCst);
        assert!(
            (0..100).all(|_| report(cost) == Ok(cost)),
            "the value is good"
        );
        RUNS.load(SeqCst) - before
    };

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
        (200 - u64::from(dear), 2 + u64::from(dear))
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
