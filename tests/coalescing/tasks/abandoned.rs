//! Futures that are cancelled, or set aside: whoever waits for those has patience.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::LONG;
use crate::common::clock::{clock_moves, clock_stands};
use crate::common::tasks::{Permits, Task, outputs, pending, poll_each, run, run_to_end};
use crate::common::{four, poll_once, watchdog};
use lruheap::lru_cache;
use lruheap_core::testing::advance;

#[test]
fn a_leader_that_is_dropped_hands_over_at_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    tasks[0].cancel();
    assert!(tasks[1..].iter().all(|task| task.wakes() == 1));
    // The first of those who are woken is gone as well before it is polled.
    tasks[1].cancel();
    run(&mut tasks);
    assert_eq!((RUNS.load(SeqCst), pending(&tasks)), (2, 2));
    // And the next in the middle of the body.
    tasks[2].cancel();
    run(&mut tasks);
    assert_eq!((RUNS.load(SeqCst), pending(&tasks)), (3, 1));
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, None, None, Some(2)]);
    assert_eq!(four(slow::cache_info()), (0, 3, Some(128), 1));
}

#[test]
fn a_leader_that_is_dropped_hands_over_to_another_thread() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        if RUNS.fetch_add(1, SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        n
    }
    let mut leader = Box::pin(slow(1));
    assert!(poll_once(&mut leader).is_pending());
    let (polled, all_polled) = channel();
    thread::scope(|scope| {
        for _ in 0..3 {
            let polled = polled.clone();
            scope.spawn(move || {
                let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
                run(&mut tasks);
                polled.send(()).expect("the test waits");
                assert_eq!(run_to_end(tasks), [1; 4]);
            });
        }
        all_polled.iter().take(3).for_each(drop);
        drop(leader);
    });
    assert_eq!(RUNS.load(SeqCst), 2);
    assert_eq!(four(slow::cache_info()), (11, 2, Some(128), 1));
}

#[test]
fn a_waiter_that_is_dropped_leaves_nothing() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        DOOR.take().await;
        n
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    let bell = Arc::downgrade(&tasks[1].bell);
    drop(tasks.remove(1));
    assert!(bell.upgrade().is_none(), "nobody can wake it");
    assert!(tasks.iter().all(|task| task.wakes() == 0));
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(1); 3]);
    assert_eq!(four(slow::cache_info()), (2, 1, Some(128), 1));
}

#[test]
fn a_future_that_is_dropped_before_its_first_poll_is_not_waited_for() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    #[lru_cache]
    async fn quick(n: u32) -> u32 {
        n
    }
    let (first, second) = (quick(1), quick(1));
    let mut task = Task::new(quick(1));
    assert_eq!(task.poll(), Some(&1), "nobody has begun");
    drop((first, second));
    assert_eq!(four(quick::cache_info()), (0, 1, Some(128), 1));
}

#[test]
fn a_leader_that_is_never_polled_again_is_replaced_by_one() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let mut leader = Task::new(slow(1));
    assert!(leader.poll().is_none());
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    advance(Duration::from_secs(1));
    poll_each(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 1, "not yet");

    advance(LONG);
    tasks.iter().for_each(Task::await_wake);
    run(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 2, "one of them");
    assert_eq!(pending(&tasks), 4);
    // Who comes now waits for that one.
    tasks.push(Task::new(slow(1)));
    run(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 2);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(1); 5]);

    DOOR.allow(1);
    assert_eq!(leader.poll(), Some(&0), "its own");
    assert_eq!(slow::cache_peek(1), Some(1), "and what is there stays");
    assert_eq!(four(slow::cache_info()), (4, 2, Some(128), 1));
    assert_eq!(run_to_end(vec![Task::new(slow(1))]), [1]);
}

#[test]
fn a_late_leader_that_is_the_first_after_all_is_the_one_that_counts() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let mut leader = Task::new(slow(1));
    assert!(leader.poll().is_none());
    let mut tasks: Vec<_> = (0..3).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    advance(LONG);
    tasks[1].await_wake();
    tasks[1].poll();
    assert_eq!(RUNS.load(SeqCst), 2, "it leads");
    // One waits for the one that leads now, one still for the first.
    tasks[0].await_wake();
    tasks[0].poll();
    DOOR.allow(1);
    assert_eq!(leader.poll(), Some(&0));
    assert!(tasks[0].is_due() && tasks[2].is_due(), "there is a value");
    tasks[0].poll();
    tasks[2].poll();
    assert_eq!(outputs(&tasks), [Some(0), None, Some(0)]);
    DOOR.allow(1);
    assert_eq!(tasks[1].poll(), Some(&1));
    assert_eq!(slow::cache_peek(1), Some(0), "nothing is overwritten");
    assert_eq!(four(slow::cache_info()), (2, 2, Some(128), 1));
}

#[test]
fn a_leader_that_was_replaced_may_fail_be_dropped_or_be_forgotten() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run == 0 { Err(run) } else { Ok(run) }
    }
    for how in ["fails", "is dropped", "is forgotten"] {
        slow::cache_clear();
        RUNS.store(0, SeqCst);
        let mut leader = Task::new(slow(1));
        assert!(leader.poll().is_none());
        let mut tasks: Vec<_> = (0..3).map(|_| Task::new(slow(1))).collect();
        run(&mut tasks);
        advance(Duration::from_secs(600));
        tasks.iter().for_each(Task::await_wake);
        tasks[0].poll();
        assert_eq!(RUNS.load(SeqCst), 2, "{how}");
        match how {
            "fails" => {
                DOOR.allow(1);
                assert_eq!(leader.poll(), Some(&Err(0)));
            }
            "is dropped" => leader.cancel(),
            _ => std::mem::forget(leader.future.take()),
        }
        run(&mut tasks);
        assert_eq!((RUNS.load(SeqCst), pending(&tasks)), (2, 3), "{how}");
        DOOR.allow(1);
        run(&mut tasks);
        assert_eq!(outputs(&tasks), [Some(Ok(1)); 3], "{how}");
        assert_eq!(four(slow::cache_info()), (2, 2, Some(128), 1), "{how}");
    }
}

#[test]
fn who_replaced_a_leader_may_fail_or_be_dropped_as_well() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run < 2 { Err(run) } else { Ok(run) }
    }
    for fails in [true, false] {
        slow::cache_clear();
        RUNS.store(0, SeqCst);
        let mut leader = Task::new(slow(1));
        assert!(leader.poll().is_none());
        let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
        run(&mut tasks);
        advance(Duration::from_secs(600));
        tasks.iter().for_each(Task::await_wake);
        // One leads, one waits for it, and two have not been polled yet.
        tasks[0].poll();
        tasks[1].poll();
        assert_eq!(RUNS.load(SeqCst), 2);
        if fails {
            DOOR.allow(1);
            assert_eq!(tasks[0].poll(), Some(&Err(1)));
        } else {
            tasks[0].cancel();
        }
        run(&mut tasks);
        assert_eq!((RUNS.load(SeqCst), pending(&tasks)), (3, 3), "the next");
        leader.cancel();
        DOOR.allow(1);
        run(&mut tasks);
        assert_eq!(outputs(&tasks)[1..], [Some(Ok(2)); 3]);
        assert_eq!(four(slow::cache_info()), (2, 3, Some(128), 1));
    }
}

#[test]
fn a_leader_that_is_polled_now_and_then_is_not_replaced() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    let mut tasks = vec![Task::new(slow(1)), Task::new(slow(1))];
    run(&mut tasks);
    for _ in 0..10 {
        advance(Duration::from_secs(3));
        leader.poll();
        // One of them polled at random, the other when its patience may have ended.
        tasks[0].poll();
        advance(Duration::from_secs(3));
        leader.poll();
        tasks[1].await_wake();
        tasks[1].poll();
        assert_eq!(RUNS.load(SeqCst), 1);
    }
    DOOR.allow(1);
    assert_eq!(leader.poll(), Some(&0));
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(0); 2]);
    assert_eq!(four(slow::cache_info()), (2, 1, Some(128), 1));
}

#[test]
fn a_task_on_another_thread_takes_over_from_a_leader_that_was_set_aside() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        if run == 0 {
            std::future::pending::<()>().await;
        }
        run
    }
    let mut leader = Box::pin(slow(1));
    assert!(poll_once(&mut leader).is_pending());
    let (polled, all_polled) = channel();
    thread::scope(|scope| {
        for _ in 0..4 {
            let polled = polled.clone();
            scope.spawn(move || {
                let mut tasks: Vec<_> = (0..8).map(|_| Task::new(slow(1))).collect();
                run(&mut tasks);
                polled.send(()).expect("the test waits");
                assert_eq!(run_to_end(tasks), [1; 8]);
            });
        }
        all_polled.iter().take(4).for_each(drop);
        advance(LONG);
    });
    assert_eq!(RUNS.load(SeqCst), 2);
    assert_eq!(four(slow::cache_info()), (31, 2, Some(128), 1));
}
