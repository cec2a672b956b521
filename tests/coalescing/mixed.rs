//! Threads and tasks at one cache.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::clock::{clock_moves, clock_stands};
use crate::common::tasks::{Permits, Task, outputs, pending, run, run_to_end};
use crate::common::{YieldNow, block_on, four, watchdog};
use lruheap::Cache;
use lruheap_core::testing::advance;

#[test]
fn a_task_waits_for_a_thread_that_computes() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<String, u32> = Cache::default();
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel::<()>();
    thread::scope(|scope| {
        let (cache, may_go_on) = (&cache, may_go_on);
        let thread = scope.spawn(move || {
            cache.get_or_insert_with("key", || {
                begun.send(()).expect("the test waits");
                may_go_on.recv().expect("the test tells");
                7
            })
        });
        has_begun.recv().expect("it begins");
        let call = || cache.get_or_insert_with_async("key", || async { unreachable!() });
        let mut tasks: Vec<_> = (0..4).map(|_| Task::new(call())).collect();
        run(&mut tasks);
        assert_eq!(pending(&tasks), 4);
        assert!(tasks.iter().all(|task| task.wakes() == 0));
        go_on.send(()).expect("it waits");
        assert_eq!(run_to_end(tasks), [7; 4]);
        assert_eq!(thread.join().expect("it ends"), 7);
    });
    assert_eq!(four(cache.info()), (4, 1, None, 1));
}

#[test]
fn a_task_has_patience_with_a_thread() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    let cache: Cache<u32, u32> = Cache::default();
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel::<()>();
    thread::scope(|scope| {
        let (cache, may_go_on) = (&cache, may_go_on);
        scope.spawn(move || {
            cache.get_or_insert_with(&1, || {
                begun.send(()).expect("the test waits");
                may_go_on.recv().expect("the test tells");
                1
            })
        });
        has_begun.recv().expect("it begins");
        let mut task = Task::new(cache.get_or_insert_with_async(&1, || async { 2 }));
        task.poll();
        // A quarter of it is for those who compute something themselves.
        advance(Duration::from_secs(3));
        let early = task.poll().copied();
        go_on.send(()).expect("it waits");
        assert_eq!(early, None);
    });
}

#[test]
fn a_task_takes_over_from_a_thread_that_fails() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<String, u32> = Cache::default();
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel::<()>();
    thread::scope(|scope| {
        let (cache, may_go_on) = (&cache, may_go_on);
        let thread = scope.spawn(move || {
            catch_unwind(AssertUnwindSafe(|| {
                cache.get_or_insert_with("key", || {
                    begun.send(()).expect("the test waits");
                    may_go_on.recv().expect("the test tells");
                    std::panic::resume_unwind(Box::new("it fails"))
                })
            }))
        });
        has_begun.recv().expect("it begins");
        let runs = AtomicU32::new(0);
        let call = || {
            cache.get_or_insert_with_async("key", || async {
                YieldNow::default().await;
                runs.fetch_add(1, SeqCst)
            })
        };
        let mut tasks: Vec<_> = (0..4).map(|_| Task::new(call())).collect();
        run(&mut tasks);
        assert_eq!(pending(&tasks), 4);
        go_on.send(()).expect("it waits");
        assert_eq!(run_to_end(tasks), [0; 4]);
        assert!(thread.join().expect("it is caught").is_err());
    });
    assert_eq!(four(cache.info()), (3, 2, None, 1));
}

#[test]
fn a_thread_does_not_wait_for_a_task() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<String, u32> = Cache::default();
    let door = Permits::none();
    let call = || {
        cache.get_or_insert_with_async("key", || async {
            door.take().await;
            1
        })
    };
    let mut tasks: Vec<_> = (0..3).map(|_| Task::new(call())).collect();
    run(&mut tasks);
    // The one thread there is: if it blocked, nobody could go on until it lost patience.
    let begun = Instant::now();
    assert_eq!(cache.get_or_insert_with("key", || 2), 2);
    assert!(begun.elapsed() < Duration::from_secs(10), "it has waited");
    assert!(tasks[1].is_due() && tasks[2].is_due(), "there is a value");
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, Some(2), Some(2)]);
    door.allow(1);
    run(&mut tasks);
    assert_eq!(tasks[0].output, Some(1), "its own");
    assert_eq!(cache.peek("key"), Some(2));
    assert_eq!(four(cache.info()), (2, 2, None, 1));
}

#[test]
fn a_thread_s_call_from_inside_the_task_s_body_computes() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<u32, u32> = Cache::default();
    let future = cache.get_or_insert_with_async(&1, || async {
        YieldNow::default().await;
        cache.get_or_insert_with(&1, || 5) + 1
    });
    let mut task = Task::new(future);
    run(std::slice::from_mut(&mut task));
    assert_eq!(task.output, Some(6));
    assert_eq!(cache.peek(&1), Some(5));
    // And the other way round: a thread that runs a task inside.
    let value = cache.get_or_insert_with(&2, || {
        let inner = cache.get_or_insert_with_async(&2, || async {
            YieldNow::default().await;
            7
        });
        block_on(inner) + 1
    });
    assert_eq!((value, cache.peek(&2)), (8, Some(7)));
    assert_eq!(four(cache.info()), (0, 4, None, 2));
}

#[test]
fn a_circle_through_a_thread_and_a_task_ends() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<u32, u32> = Cache::default();
    let met = Barrier::new(2);
    thread::scope(|scope| {
        // A task that leads 1 and needs 2, on one thread.
        let task = scope.spawn(|| {
            block_on(cache.get_or_insert_with_async(&1, || async {
                met.wait();
                cache.get_or_insert_with_async(&2, || async { 20 }).await + 1
            }))
        });
        // Another leads 2 by itself, and has a task inside that needs 1.
        let value = cache.get_or_insert_with(&2, || {
            met.wait();
            block_on(cache.get_or_insert_with_async(&1, || async { 10 })) + 1
        });
        let values = (task.join().expect("it ends"), value);
        let ways = [(12, 11), (21, 22), (21, 11)];
        assert!(ways.contains(&values), "{values:?}");
    });
    let info = cache.info();
    assert_eq!((info.hits + info.misses, info.currsize), (4, 2));
}
