//! A value computed before its key was cleared, removed or replaced goes to
//! its caller and is not stored.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::pin::pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread;

use common::{YieldNow, block_on, watchdog};
use lruheap::{Cache, lru_cache};

#[test]
fn a_clear_from_inside_the_body() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn run(n: u32) -> u32 {
        let run = RUNS.fetch_add(1, Relaxed);
        if run == 0 {
            run::cache_clear();
        }
        n * 10 + run
    }
    assert_eq!(run(1), 10);
    assert!(!run::cache_contains(1));
    assert_eq!(run::cache_info().currsize, 0);
    assert_eq!([run(1), run(1)], [11, 11]);
    assert_eq!(RUNS.load(Relaxed), 2);
}

#[test]
fn a_removal_from_inside_the_body() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    fn run(text: &str) -> String {
        let run = RUNS.fetch_add(1, Relaxed);
        if run == 0 {
            assert_eq!(run::cache_remove(text), None);
        }
        format!("{text} {run}")
    }
    assert_eq!(run("a"), "a 0");
    assert!(!run::cache_contains("a"));
    assert_eq!([run("a"), run("a")], ["a 1", "a 1"]);
}

#[test]
fn an_insertion_from_inside_the_body() {
    #[lru_cache]
    fn run(n: u32) -> u32 {
        run::cache_insert(n, 7);
        n
    }
    assert_eq!([run(1), run(1)], [1, 7]);
    assert_eq!(run::cache_info().currsize, 1);
}

#[test]
fn what_happens_to_other_keys_is_of_no_concern() {
    #[lru_cache]
    fn run(n: u32) -> u32 {
        run::cache_remove(n + 1);
        run::cache_insert(n + 2, 0);
        n
    }
    assert_eq!(run(1), 1);
    assert_eq!(run::cache_peek(1), Some(1));
    assert_eq!(run::cache_peek(3), Some(0));
}

#[test]
fn a_clear_reaches_every_caller_of_a_recursion() {
    #[lru_cache(maxsize = None)]
    fn sum(n: u64) -> u64 {
        if n == 0 {
            sum::cache_clear();
            return 0;
        }
        n + sum(n - 1)
    }
    assert_eq!(sum(50), 1275);
    assert_eq!(sum::cache_info().currsize, 0);
    sum::cache_insert(0, 0);
    assert_eq!(sum(50), 1275);
    assert_eq!(sum::cache_info().currsize, 51);
}

#[test]
fn within_a_thread() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(scope = thread)]
    fn run(n: u32) -> std::rc::Rc<u32> {
        match RUNS.fetch_add(1, Relaxed) {
            0 => run::cache_clear(),
            1 => drop(run::cache_remove(n)),
            2 => run::cache_insert(n, 70.into()),
            _ => unreachable!("the inserted value is there"),
        }
        n.into()
    }
    assert_eq!([*run(1), *run(1)], [1, 1]);
    assert!(!run::cache_contains(1));
    assert_eq!([*run(1), *run(1)], [1, 70]);
}

/// Two threads: the body of the first call waits in the middle while
/// `invalidate` runs, and the value it then returns must not be there.
struct Interruption {
    started: Barrier,
    go_on: Barrier,
    runs: AtomicU32,
}

impl Interruption {
    const fn new() -> Self {
        Interruption {
            started: Barrier::new(2),
            go_on: Barrier::new(2),
            runs: AtomicU32::new(0),
        }
    }

    /// For the body: the number of its run; the first waits.
    fn run(&self) -> u32 {
        let run = self.runs.fetch_add(1, Relaxed);
        if run == 0 {
            self.started.wait();
            self.go_on.wait();
        }
        run
    }

    /// What the interrupted call returns.
    fn interrupt<R: Send>(&self, call: impl FnOnce() -> R + Send, invalidate: impl FnOnce()) -> R {
        thread::scope(|scope| {
            let caller = scope.spawn(call);
            self.started.wait();
            invalidate();
            self.go_on.wait();
            caller.join().unwrap()
        })
    }
}

#[test]
fn a_clear_from_another_thread() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache]
    fn run(_n: u32) -> u32 {
        BODY.run()
    }
    assert_eq!(BODY.interrupt(|| run(1), run::cache_clear), 0);
    assert!(!run::cache_contains(1));
    assert_eq!([run(1), run(1)], [1, 1]);
}

#[test]
fn a_removal_from_another_thread() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache]
    fn run(_text: &str) -> u32 {
        BODY.run()
    }
    assert_eq!(
        BODY.interrupt(|| run("a"), || assert_eq!(run::cache_remove("a"), None)),
        0
    );
    assert!(!run::cache_contains("a"));
    assert_eq!([run("a"), run("a")], [1, 1]);
}

#[test]
fn an_insertion_from_another_thread() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache]
    fn run(_n: u32) -> u32 {
        BODY.run()
    }
    assert_eq!(BODY.interrupt(|| run(1), || run::cache_insert(1, 70)), 0);
    assert_eq!(run(1), 70);
    assert_eq!(BODY.runs.load(Relaxed), 1);
}

#[test]
fn a_call_after_the_clear_computes_anew_and_is_the_one_kept() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache]
    fn run(_n: u32) -> u32 {
        BODY.run()
    }
    let interrupted = BODY.interrupt(
        || run(1),
        || {
            run::cache_clear();
            // It must not wait for the older one, whose value may be out of date.
            assert_eq!(run(1), 1);
        },
    );
    assert_eq!(interrupted, 0);
    assert_eq!(run(1), 1);
}

#[test]
fn an_invalidation_of_another_key_from_another_thread() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache(maxsize = 1)]
    fn run(_n: u32) -> u32 {
        BODY.run()
    }
    let other = || {
        run::cache_remove(2);
        run::cache_insert(3, 30);
        run::cache_purge();
        run::cache_resize(2);
    };
    assert_eq!(BODY.interrupt(|| run(1), other), 0);
    assert_eq!(run::cache_peek(1), Some(0));
    assert_eq!(run::cache_peek(3), Some(30));
}

#[test]
fn a_refresh_under_way_is_invalidated_too() {
    let _watchdog = watchdog();
    static BODY: Interruption = Interruption::new();
    #[lru_cache]
    fn run(_n: u32) -> u32 {
        BODY.run()
    }
    run::cache_insert(1, 70);
    assert_eq!(
        BODY.interrupt(
            || run::cache_refresh(1),
            || assert_eq!(run::cache_remove(1), Some(70))
        ),
        0
    );
    assert!(!run::cache_contains(1));
    assert_eq!(run(1), 1);
}

#[test]
fn the_cache_itself_is_no_different() {
    let _watchdog = watchdog();
    let cache: Cache<u32, u32> = Cache::default();
    let removed = Interruption::new();
    let value = removed.interrupt(
        || cache.get_or_insert_with(&1, || removed.run()),
        || assert_eq!(cache.remove(&1), None),
    );
    assert_eq!((value, cache.contains(&1)), (0, false));
    let replaced = Interruption::new();
    let value = replaced.interrupt(
        || cache.get_or_insert_with(&1, || replaced.run()),
        || cache.insert(1, 70),
    );
    assert_eq!((value, cache.peek(&1)), (0, Some(70)));
    let cleared = Interruption::new();
    let value = cleared.interrupt(
        || cache.get_or_insert_with(&2, || cleared.run()),
        || cache.clear(),
    );
    assert_eq!((value, cache.len()), (0, 0));
}

#[test]
fn a_future_between_two_polls() {
    #[lru_cache]
    async fn later(n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    let invalidations: [fn(); 3] = [
        later::cache_clear,
        || assert_eq!(later::cache_remove(1), None),
        || later::cache_insert(1, 70),
    ];
    for (invalidate, kept) in invalidations.into_iter().zip([None, None, Some(70)]) {
        let mut future = pin!(later(1));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
        invalidate();
        assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(1));
        assert_eq!(later::cache_peek(1), kept);
    }
    later::cache_clear();
    assert_eq!(block_on(later(1)), 1);
    assert_eq!(later::cache_peek(1), Some(1));
}
