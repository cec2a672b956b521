//! While a body runs: panics, recursion, changes, and others who want the same.

use std::panic::catch_unwind;
use std::sync::Barrier;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use lruheap::lru_cache;

use crate::Runs;
use crate::common::YieldNow;
use crate::common::block_on;
use crate::common::watchdog;
use crate::connected;

#[test]
fn a_panic_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        assert!(RUNS.0.load(SeqCst) > 1, "the first");
        n
    }
    let _watchdog = watchdog();
    connected();
    assert!(catch_unwind(|| f(1)).is_err());
    assert_eq!((f(1), f(1)), (1, 1));
    RUNS.are(2);
    forget!(f);
    assert_eq!(f(1), 1);
    RUNS.are(2);
}

#[test]
fn a_function_that_calls_itself_computes_each_once() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = None, shared)]
    fn fib(n: u64) -> u64 {
        RUNS.run();
        if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(fib(80), 23_416_728_348_467_685);
    RUNS.are(81);
    forget!(fib);
    assert_eq!(fib(81), 37_889_062_373_143_906);
    RUNS.are(82);
}

#[test]
fn a_function_that_asks_itself_for_what_it_computes_waits_for_nobody() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8, #[key(skip)] depth: u8) -> u8 {
        RUNS.run();
        if depth == 0 { n } else { f(n, depth - 1) }
    }
    #[lru_cache(shared)]
    async fn later(n: u8, #[key(skip)] depth: u8) -> u8 {
        RUNS.run();
        YieldNow::default().await;
        if depth == 0 {
            n
        } else {
            Box::pin(later(n, depth - 1)).await
        }
    }
    #[lru_cache(shared(once = at_most_once))]
    fn once(n: u8, #[key(skip)] depth: u8) -> Result<u8, Gone> {
        RUNS.run();
        if depth == 0 {
            Ok(n)
        } else {
            once(n, depth - 1)
        }
    }
    let _watchdog = watchdog();
    connected();
    let begin = Instant::now();
    assert_eq!((f(1, 1), block_on(later(1, 1))), (1, 1));
    RUNS.are(4);
    assert!(once(1, 1).is_err(), "a second run would be one too many");
    RUNS.are(5);
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "it has waited for itself"
    );
}

#[test]
fn who_finds_another_computing_has_its_result() {
    static RUNS: Runs = Runs::none();
    static BEGUN: Barrier = Barrier::new(2);
    /// What another process is, as far as the store can tell.
    mod elsewhere {
        #[lruheap::lru_cache(name = "who computes", shared)]
        pub(super) fn f(n: u8) -> u8 {
            super::RUNS_ELSEWHERE.run();
            n
        }
        #[lruheap::lru_cache(name = "who computes, later", shared)]
        pub(super) async fn later(n: u8) -> u8 {
            super::RUNS_ELSEWHERE.run();
            n
        }
    }
    #[lru_cache(name = "who computes", shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        BEGUN.wait();
        n + 1
    }
    #[lru_cache(name = "who computes, later", shared)]
    async fn later(n: u8) -> u8 {
        RUNS.run();
        BEGUN.wait();
        YieldNow::default().await;
        n + 1
    }
    let _watchdog = watchdog();
    connected();
    thread::scope(|scope| {
        let first = scope.spawn(|| f(1));
        BEGUN.wait();
        assert_eq!(elsewhere::f(1), 2);
        assert_eq!(first.join().expect("nobody panics"), 2);
        let first = scope.spawn(|| block_on(later(1)));
        BEGUN.wait();
        assert_eq!(block_on(elsewhere::later(1)), 2);
        assert_eq!(first.join().expect("nobody panics"), 2);
    });
    RUNS.are(2);
    RUNS_ELSEWHERE.are(0);
}

static RUNS_ELSEWHERE: Runs = Runs::none();

#[test]
fn what_was_removed_while_it_was_computed_is_kept_nowhere() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn removed(n: u8) -> u8 {
        RUNS.run();
        assert_eq!(removed::cache_remove(n), None);
        n
    }
    #[lru_cache(shared)]
    fn cleared(n: u8) -> u8 {
        RUNS.run();
        cleared::cache_clear();
        n
    }
    #[lru_cache(shared, tags(format!("under way: {n}")))]
    fn tagged(n: u8) -> u8 {
        RUNS.run();
        lruheap::invalidate_tag(&format!("under way: {n}"));
        n
    }
    let _watchdog = watchdog();
    connected();
    for round in 1..=3 {
        assert_eq!((removed(1), cleared(1), tagged(1)), (1, 1, 1));
        assert!(!removed::cache_contains(1) && !cleared::cache_contains(1));
        assert!(!tagged::cache_contains(1));
        forget!(removed);
        forget!(cleared);
        forget!(tagged);
        RUNS.are(3 * round);
    }
}

#[test]
fn what_was_inserted_while_it_was_computed_stays() {
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        f::cache_insert(n, 100);
        n
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(f(1), 1);
    assert_eq!(f(1), 100);
    forget!(f);
    assert_eq!(f(1), 100);
}

#[test]
fn callers_that_do_not_wait_share_results_all_the_same() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(coalesce = false, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1)), (1, 1));
    forget!(f);
    assert_eq!(f(1), 1);
    RUNS.are(1);
}

#[derive(Clone, Debug, PartialEq)]
struct Gone(String);

impl From<lruheap::shared::Error> for Gone {
    fn from(error: lruheap::shared::Error) -> Self {
        Gone(error.to_string())
    }
}

#[test]
fn at_most_once_gives_the_result_where_there_is_one() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared(once = at_most_once))]
    fn f(n: u8) -> Result<u8, Gone> {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| Gone("too small".into()))
    }
    #[lru_cache(shared(once = at_most_once))]
    async fn later(n: u8) -> Result<u8, Gone> {
        RUNS.run();
        YieldNow::default().await;
        n.checked_sub(1).ok_or_else(|| Gone("too small".into()))
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(1)), (Ok(0), Ok(0)));
        assert_eq!(block_on(later(1)), Ok(0));
        forget!(f);
        forget!(later);
    }
    RUNS.are(2);
    assert_eq!(f(0), Err(Gone("too small".into())));
    assert_eq!(f(0), Err(Gone("too small".into())));
    assert_eq!(block_on(later(0)), Err(Gone("too small".into())));
    RUNS.are(5);
    assert_eq!(
        (f::cache_refresh(1), block_on(later::cache_refresh(1))),
        (Ok(0), Ok(0))
    );
    RUNS.are(7);
}
