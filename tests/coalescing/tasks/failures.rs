//! The leader fails, or has what is not kept.

use std::future::poll_fn;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::tasks::{Caught, Permits, Pool, Task, outputs, pending, run, run_to_end};
use crate::common::{YieldNow, block_on, four, watchdog};
use lruheap::lru_cache;

#[test]
fn after_an_error_exactly_one_waiter_runs_next() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn fails(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        Err(run)
    }
    let mut tasks: Vec<_> = (0..8).map(|_| Task::new(fails(1))).collect();
    run(&mut tasks);
    for ended in 1..=8_u32 {
        DOOR.allow(1);
        run(&mut tasks);
        assert_eq!(pending(&tasks), 8 - ended as usize);
        assert_eq!(RUNS.load(SeqCst), 8.min(ended + 1), "one at a time");
    }
    let mut errors: Vec<_> = tasks.into_iter().filter_map(|task| task.output).collect();
    errors.sort_unstable();
    assert_eq!(errors, (0..8).map(Err).collect::<Vec<_>>());
    assert_eq!(four(fails::cache_info()), (0, 8, Some(128), 0));
}

#[test]
fn after_an_error_the_value_of_the_next_is_for_the_rest() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn third_time(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run < 2 { Err(run) } else { Ok(run) }
    }
    let mut tasks: Vec<_> = (0..8).map(|_| Task::new(third_time(1))).collect();
    run(&mut tasks);
    DOOR.allow(3);
    run(&mut tasks);
    let ended = outputs(&tasks);
    assert_eq!(ended.iter().filter(|end| **end == Some(Ok(2))).count(), 6);
    assert_eq!(four(third_time::cache_info()), (5, 3, Some(128), 1));
}

#[test]
fn a_panic_reaches_only_the_task_that_ran_the_body() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn panics_twice(n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run < 2 {
            resume_unwind(Box::new("twice"));
        }
        n
    }
    let call = |_| Task::new(Caught::new(panics_twice(7)));
    let mut tasks: Vec<_> = (0..6).map(call).collect();
    run(&mut tasks);
    for (ended, runs) in [(1, 2), (2, 3)] {
        DOOR.allow(1);
        run(&mut tasks);
        assert_eq!(pending(&tasks), 6 - ended);
        assert_eq!(RUNS.load(SeqCst), runs);
    }
    DOOR.allow(1);
    run(&mut tasks);
    let ended = outputs(&tasks);
    assert_eq!(ended.iter().filter(|end| **end == Some(Ok(7))).count(), 4);
    assert_eq!(four(panics_twice::cache_info()), (3, 3, Some(128), 1));
}

#[test]
fn a_panic_on_another_thread_reaches_only_the_task_that_ran_the_body() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn panics(n: u32) -> u32 {
        YieldNow::default().await;
        if RUNS.fetch_add(1, SeqCst) == 0 {
            resume_unwind(Box::new("once"));
        }
        n
    }
    let start = Barrier::new(4);
    let panicked: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let calls = (0..8).map(|_| Task::new(Caught::new(panics(7)))).collect();
                    let ended = run_to_end(calls);
                    assert!(ended.iter().flatten().all(|value| *value == 7));
                    u32::from(ended.iter().any(Result::is_err))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("not this"))
            .sum()
    });
    assert_eq!((panicked, RUNS.load(SeqCst)), (1, 2));
    assert_eq!(four(panics::cache_info()), (30, 2, Some(128), 1));
}

#[test]
fn counters_and_values_are_right_when_tasks_fail_panic_and_are_cancelled_at_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static ANSWERS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(maxsize = 4)]
    async fn moody(n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        for _ in 0..run % 4 {
            YieldNow::default().await;
        }
        match run % 5 {
            0 => Err(run),
            1 => resume_unwind(Box::new("a mood")),
            _ => Ok(n),
        }
    }
    let pool = Pool::new();
    for task in 0..32_u32 {
        pool.spawn(async move {
            for round in 0..100 {
                let n = (round + task) % 6;
                if (round + task) % 11 == 0 {
                    // Given up after one poll, or two.
                    let mut future = Box::pin(Caught::new(moody(n)));
                    for _ in 0..=round % 2 {
                        let once = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
                        if once.is_ready() {
                            break;
                        }
                    }
                } else {
                    match Caught::new(moody(n)).await {
                        Ok(Ok(value)) => assert_eq!(value, n),
                        Ok(Err(run)) => assert_eq!(run % 5, 0),
                        Err(text) => assert_eq!(text, "a mood"),
                    }
                    ANSWERS.fetch_add(1, SeqCst);
                }
            }
        });
    }
    pool.work_on(4);
    let info = moody::cache_info();
    assert_eq!(info.misses, u64::from(RUNS.load(SeqCst)));
    // Of those that were given up, the ones that neither led nor had a value count
    // as no call.
    let given_up = 32 * 100 - u64::from(ANSWERS.load(SeqCst));
    let calls = u64::from(ANSWERS.load(SeqCst))..=u64::from(ANSWERS.load(SeqCst)) + given_up;
    assert!(calls.contains(&(info.hits + info.misses)), "{info:?}");
    assert!(info.currsize <= 4);
    for n in 0..6 {
        let mut answer = Err(0);
        while answer.is_err() {
            answer = block_on(Caught::new(moody(n))).unwrap_or(Err(0));
        }
        assert_eq!(answer, Ok(n));
    }
}

#[test]
fn what_is_not_kept_is_shared_with_those_who_wait() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache(cache_if = |value: &u32| *value > 100)]
    async fn refused(n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        n
    }
    let mut tasks: Vec<_> = (0..8).map(|_| Task::new(refused(1))).collect();
    run(&mut tasks);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(1); 8]);
    assert_eq!(RUNS.load(SeqCst), 1);
    assert_eq!(four(refused::cache_info()), (7, 1, Some(128), 0));

    /// The same for what the engine does not compare and copy by itself.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Mine(u32);
    #[lru_cache(cache_if = |value: &Arc<Mine>| value.0 > 100)]
    async fn refused_too(key: Mine) -> Arc<Mine> {
        YieldNow::default().await;
        Arc::new(key)
    }
    let values = run_to_end((0..8).map(|_| Task::new(refused_too(Mine(1)))).collect());
    assert!(values.iter().all(|value| Arc::ptr_eq(value, &values[0])));
    assert_eq!(Arc::strong_count(&values[0]), 8, "nobody else has it");
    assert_eq!(four(refused_too::cache_info()), (7, 1, Some(128), 0));
}

#[test]
fn what_is_not_kept_is_shared_from_a_poll_during_unwinding_as_well() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache(cache_if = |_| false)]
    async fn refused(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    struct Polls<'a>(&'a mut Task<'static, u32>);
    impl Drop for Polls<'_> {
        fn drop(&mut self) {
            assert!(thread::panicking());
            assert_eq!(self.0.poll(), Some(&0));
        }
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(refused(1))).collect();
    run(&mut tasks);
    DOOR.allow(1);
    let unwinds = AssertUnwindSafe(|| {
        let _polls = Polls(&mut tasks[0]);
        resume_unwind(Box::new("past the poll"));
    });
    assert!(catch_unwind(unwinds).is_err());
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(0); 4]);
    assert_eq!(four(refused::cache_info()), (3, 1, Some(128), 0));
}
