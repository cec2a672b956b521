//! What fails reaches one caller, and what is not kept all the same those who wait.

use std::collections::HashSet;
use std::panic::{catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::common::clock::clock_stands;
use crate::common::threads::{Crowd, together};
use crate::common::{Clashing, four, watchdog};
use lruheap::{Cache, lru_cache};

#[test]
fn eight_callers_that_fail_run_one_after_the_other() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CALLERS: Crowd = Crowd::new();
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    fn run() -> Result<u64, u64> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        assert_eq!(INSIDE.fetch_add(1, Relaxed), 0, "two at once");
        CALLERS.wait_for(8);
        INSIDE.fetch_sub(1, Relaxed);
        Err(RUNS.fetch_add(1, Relaxed))
    }
    #[lru_cache]
    fn fails(key: &Clashing) -> Result<u64, u64> {
        assert_eq!(key.0, 1);
        run()
    }
    let eight = |call: &(dyn Fn() -> Result<u64, u64> + Sync)| {
        CALLERS.leave();
        let results = together(8, |_| {
            CALLERS.come();
            call().unwrap_err()
        });
        results.into_iter().collect::<HashSet<_>>()
    };
    assert_eq!(eight(&|| fails(&Clashing(1))), (0..8).collect());
    assert_eq!(four(fails::cache_info()), (0, 8, Some(128), 0));
    let cache: Cache<u64, u64> = Cache::default();
    let call = || cache.try_get_or_insert_with(&1, run);
    assert_eq!(eight(&call), (8..16).collect());
    assert_eq!(four(cache.info()), (0, 8, None, 0));
}

#[test]
fn errors_and_panics_reach_one_caller_each() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CALLERS: Crowd = Crowd::new();
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[lru_cache]
    fn mixed(text: &str) -> Result<u64, u64> {
        assert_eq!(text, "a");
        assert_eq!(INSIDE.fetch_add(1, Relaxed), 0, "two at once");
        CALLERS.wait_for(16);
        INSIDE.fetch_sub(1, Relaxed);
        match RUNS.fetch_add(1, Relaxed) {
            run @ (0 | 3) => Err(run),
            run @ (1 | 2) => std::panic::panic_any(run),
            run => Ok(run),
        }
    }
    let results = together(16, |_| {
        CALLERS.come();
        catch_unwind(|| mixed("a")).map_err(|panic| *panic.downcast::<u64>().unwrap())
    });
    let of = |wanted| results.iter().filter(|result| **result == wanted).count();
    assert_eq!([of(Ok(Err(0))), of(Ok(Err(3)))], [1, 1]);
    assert_eq!([of(Err(1)), of(Err(2))], [1, 1]);
    assert_eq!(of(Ok(Ok(4))), 12);
    assert_eq!(four(mixed::cache_info()), (11, 5, Some(128), 1));
}

/// Callers of a function that keeps nothing.
struct Unkept {
    callers: Crowd,
    runs: AtomicU64,
}

impl Unkept {
    const fn new() -> Self {
        Unkept {
            callers: Crowd::new(),
            runs: AtomicU64::new(0),
        }
    }

    fn body(&self) -> u64 {
        self.callers.wait_for(16);
        self.runs.fetch_add(1, Relaxed)
    }

    /// Calls until callers have shared a result, as all do who come in time. How
    /// many calls that took, and how many ran the body.
    fn share(&self, call: impl Fn() + Sync) -> (u64, u64) {
        for round in 1..=50 {
            self.callers.leave();
            let before = self.runs.load(Relaxed);
            together(16, |_| {
                self.callers.come();
                call();
            });
            let runs = self.runs.load(Relaxed);
            if runs - before < 16 {
                return (round * 16, runs);
            }
        }
        panic!("each caller ran the body");
    }
}

#[test]
fn waiters_get_a_value_that_is_not_kept() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static UNKEPT: [Unkept; 5] = [const { Unkept::new() }; 5];

    #[lru_cache(cache_if = |_: &u64| false)]
    fn refused() -> u64 {
        UNKEPT[0].body()
    }
    let (calls, runs) = UNKEPT[0].share(|| _ = refused());
    assert_eq!(
        four(refused::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    #[lru_cache(cache_none = false)]
    fn none(text: &str) -> Option<String> {
        UNKEPT[1].body();
        text.strip_prefix("b").map(str::to_owned)
    }
    let (calls, runs) = UNKEPT[1].share(|| assert_eq!(none("a"), None));
    assert_eq!(four(none::cache_info()), (calls - runs, runs, Some(128), 0));

    #[lru_cache(ttl_with = |_: &u64| Duration::ZERO)]
    fn expired(key: &Clashing) -> u64 {
        UNKEPT[2].body() * key.0
    }
    let (calls, runs) = UNKEPT[2].share(|| _ = expired(&Clashing(1)));
    assert_eq!(
        four(expired::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    #[lru_cache(cache_if = |_: &u64| false)]
    fn fallible() -> Result<u64, Rc<str>> {
        Ok(UNKEPT[3].body())
    }
    let (calls, runs) = UNKEPT[3].share(|| _ = fallible());
    assert_eq!(
        four(fallible::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    // Evicted at once.
    #[lru_cache(maxsize = 1)]
    fn crowded(n: u64) -> u64 {
        if n == 0 { UNKEPT[4].body() } else { n }
    }
    let is_over = AtomicU64::new(0);
    thread::scope(|scope| {
        let others = scope.spawn(|| {
            let others = (1..).take_while(|_| is_over.load(Relaxed) == 0);
            others.map(crowded).count() as u64
        });
        let (calls, _) = UNKEPT[4].share(|| _ = crowded(0));
        is_over.store(1, Relaxed);
        let info = crowded::cache_info();
        assert!(info.hits + info.misses >= calls && info.currsize <= 1);
        let others = others.join().unwrap();
        let info = crowded::cache_info();
        assert_eq!(info.hits + info.misses, calls + others);
    });
}

#[test]
fn waiters_get_a_value_that_is_not_kept_from_a_call_during_unwinding() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static UNKEPT: Unkept = Unkept::new();

    #[lru_cache(cache_if = |_: &u64| false)]
    fn refused() -> u64 {
        UNKEPT.body()
    }
    struct Calls;
    impl Drop for Calls {
        fn drop(&mut self) {
            assert!(thread::panicking());
            refused();
        }
    }
    let (calls, runs) = UNKEPT.share(|| {
        let unwinds = || {
            let _calls = Calls;
            resume_unwind(Box::new("past the call"));
        };
        assert!(catch_unwind(unwinds).is_err());
    });
    assert_eq!(
        four(refused::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );
}
