//! What happens to a key while some wait for it, and values that are renewed.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use super::LONG;
use crate::common::clock::{clock_moves, clock_stands};
use crate::common::tasks::{Permits, Task, outputs, pending, run, run_to_end};
use crate::common::{YieldNow, block_on, four, watchdog};
use lruheap::lru_cache;
use lruheap_core::testing::advance;

#[test]
fn what_was_begun_before_a_clear_is_not_stored() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache(tags("all"))]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let ways: [(&str, fn()); 3] = [
        ("cleared", || slow::cache_clear()),
        ("removed", || assert_eq!(slow::cache_remove(1), None)),
        ("tagged", || assert_eq!(lruheap::invalidate_tag("all"), 0)),
    ];
    for (how, invalidate) in ways {
        slow::cache_clear();
        RUNS.store(0, SeqCst);
        let mut tasks = vec![Task::new(slow(1)), Task::new(slow(1))];
        run(&mut tasks);
        invalidate();
        assert!(tasks.iter().all(|task| task.wakes() == 0), "{how}");
        DOOR.allow(1);
        run(&mut tasks);
        assert_eq!(outputs(&tasks), [Some(0); 2], "{how}");
        assert!(!slow::cache_contains(1), "{how}");

        // Who comes after that joins nobody from before.
        slow::cache_clear();
        RUNS.store(0, SeqCst);
        let mut old = vec![Task::new(slow(1)), Task::new(slow(1))];
        run(&mut old);
        invalidate();
        let mut new = vec![Task::new(slow(1)), Task::new(slow(1))];
        run(&mut new);
        assert_eq!(RUNS.load(SeqCst), 2, "{how}");
        DOOR.allow(2);
        run(&mut new);
        assert_eq!(outputs(&new), [Some(1); 2], "{how}");
        assert!(old[1].is_due(), "{how}: there is a value for those as well");
        assert_eq!(old[1].poll(), Some(&1), "{how}");
        run(&mut old);
        assert_eq!(old[0].output, Some(0), "{how}: its own");
        assert_eq!(slow::cache_peek(1), Some(1), "{how}");
        let info = slow::cache_info();
        let misses = if how == "cleared" { 1 } else { 2 };
        assert_eq!((info.hits, info.misses), (2, misses), "{how}");
    }
}

#[test]
fn what_is_inserted_meanwhile_is_for_those_who_wait() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        DOOR.take().await;
        1
    }
    let mut tasks: Vec<_> = (0..3).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    slow::cache_insert(1, 50);
    assert_eq!([0, 1, 2].map(|at| tasks[at].wakes()), [0, 1, 1]);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, Some(50), Some(50)]);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(tasks[0].output, Some(1), "its own");
    assert_eq!(slow::cache_peek(1), Some(50));
    assert_eq!(four(slow::cache_info()), (2, 1, Some(128), 1));
}

#[test]
fn a_bound_that_shrinks_meanwhile_keeps_nobody_waiting() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run == 0 { Err(run) } else { Ok(run) }
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    slow::cache_resize(0);
    DOOR.allow(4);
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    // Nothing is shared any more where nothing can be kept.
    assert_eq!(four(slow::cache_info()), (0, 4, Some(0), 0));
}

#[test]
fn those_who_come_while_a_key_is_refreshed_wait_for_that() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        if run == 2 { Err(run) } else { Ok(run) }
    }
    // Nothing is there: they wait.
    let mut tasks = vec![Task::new(slow::cache_refresh(1)), Task::new(slow(1))];
    run(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 1);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(Ok(0)); 2]);
    assert_eq!(four(slow::cache_info()), (1, 0, Some(128), 1));

    // What is there still serves.
    let mut tasks = vec![Task::new(slow::cache_refresh(1)), Task::new(slow(1))];
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, Some(Ok(0))]);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(tasks[0].output, Some(Ok(1)));
    assert_eq!(slow::cache_peek(1), Some(1));

    // An error leaves what is there, or the key to the next.
    let mut task = Task::new(slow::cache_refresh(1));
    DOOR.allow(1);
    assert_eq!(task.poll(), Some(&Err(2)));
    assert_eq!(slow::cache_peek(1), Some(1));
    slow::cache_clear();
    RUNS.store(2, SeqCst);
    let mut tasks = vec![Task::new(slow::cache_refresh(1))];
    tasks.extend((0..3).map(|_| Task::new(slow(1))));
    run(&mut tasks);
    DOOR.allow(2);
    run(&mut tasks);
    let value = Some(Ok(3));
    assert_eq!(outputs(&tasks), [Some(Err(2)), value, value, value]);
    assert_eq!(four(slow::cache_info()), (2, 1, Some(128), 1));

    // One that is dropped hands over.
    slow::cache_clear();
    let mut tasks = vec![Task::new(slow::cache_refresh(1)), Task::new(slow(1))];
    run(&mut tasks);
    tasks[0].cancel();
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(tasks[1].output, Some(Ok(5)));
    assert_eq!(four(slow::cache_info()), (0, 1, Some(128), 1));
}

#[test]
fn of_two_refreshes_the_one_that_began_later_counts() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    let mut tasks: Vec<_> = (0..2).map(|_| Task::new(slow::cache_refresh(1))).collect();
    run(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 2, "whoever refreshes waits for nobody");
    let mut waiter = Task::new(slow(1));
    waiter.poll();
    DOOR.allow(1);
    assert_eq!(tasks[1].poll(), Some(&1));
    assert_eq!(slow::cache_peek(1), Some(1));
    assert!(waiter.is_due());
    assert_eq!(waiter.poll(), Some(&1));
    DOOR.allow(1);
    assert_eq!(tasks[0].poll(), Some(&0));
    assert_eq!(
        slow::cache_peek(1),
        Some(1),
        "the older one does not overwrite it"
    );
}

#[test]
fn one_task_renews_what_is_stale_and_the_next_does_if_that_is_dropped() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache(ttl = 60, stale = 60)]
    async fn slow(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        run
    }
    DOOR.allow(1);
    assert_eq!(block_on(slow(1)), 0);
    advance(Duration::from_secs(61));
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, Some(0), Some(0), Some(0)]);
    tasks[0].cancel();
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [None, Some(0), Some(0), Some(0)]);
    DOOR.allow(1);
    run(&mut tasks);
    assert_eq!(tasks[0].output, Some(2));
    assert_eq!(slow::cache_peek(1), Some(2));
    // One that is set aside holds up nobody beyond its value's end.
    advance(Duration::from_secs(61));
    let mut leader = Task::new(slow(1));
    assert!(leader.poll().is_none());
    assert_eq!(block_on(slow(1)), 2);
    advance(Duration::from_secs(60));
    let mut task = Task::new(slow(1));
    assert!(task.poll().is_none());
    assert_eq!(RUNS.load(SeqCst), 4, "it waits for the one that renews");
    advance(LONG);
    task.await_wake();
    assert!(task.poll().is_none());
    assert_eq!(RUNS.load(SeqCst), 5);
    DOOR.allow(2);
    assert_eq!(task.poll(), Some(&4));
    assert_eq!(leader.poll(), Some(&3));
    assert_eq!(slow::cache_peek(1), Some(4));
}

#[test]
fn tasks_that_wait_are_counted_where_an_old_value_stands_in_for_an_error() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(ttl = 60, stale_if_error = 600)]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        YieldNow::default().await;
        if run == 0 { Ok(run) } else { Err(run) }
    }
    assert_eq!(block_on(slow(1)), Ok(0));
    advance(Duration::from_secs(61));
    let values = run_to_end((0..4).map(|_| Task::new(slow(1))).collect());
    assert_eq!((values, RUNS.load(SeqCst)), (vec![Ok(0); 4], 2));
    let info = slow::cache_info();
    assert_eq!((info.hits, info.misses, info.stale), (3, 2, 4));
}
