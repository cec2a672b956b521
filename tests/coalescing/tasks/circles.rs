//! Tasks that wait for what waits for them.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, LazyLock, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use super::LONG;
use crate::common::clock::{clock_moves, clock_stands};
use crate::common::tasks::{Boxed, Permits, Task, locked, outputs, pending, run};
use crate::common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};
use lruheap_core::testing::advance;

#[test]
fn two_tasks_that_need_what_the_other_computes_both_end() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    #[lru_cache]
    async fn left(n: u32) -> u32 {
        if RUNS[0].fetch_add(1, SeqCst) > 0 {
            return 1;
        }
        YieldNow::default().await;
        10 + Box::pin(right(n)).await
    }
    #[lru_cache]
    async fn right(n: u32) -> u32 {
        if RUNS[1].fetch_add(1, SeqCst) > 0 {
            return 2;
        }
        YieldNow::default().await;
        20 + Box::pin(left(n)).await
    }
    let mut tasks = vec![Task::new(left(0)), Task::new(right(0))];
    tasks[0].poll();
    tasks[1].poll();
    // The left one waits for the right one, which sees that, and computes.
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(31), Some(21)]);
    assert_eq!(
        (left::cache_peek(0), right::cache_peek(0)),
        (Some(1), Some(21))
    );
    assert_eq!(four(left::cache_info()), (0, 2, Some(128), 1));
    assert_eq!(four(right::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn circles_of_tasks_on_threads_end() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    for size in 2..=4_u32 {
        let cache: Cache<u32, u32> = Cache::default();
        let met = Barrier::new(size as usize);
        // Each key needs the next; who is asked for it in a circle has no further to go.
        async fn of(cache: &Cache<u32, u32>, (n, size): (u32, u32), met: Option<&Barrier>) -> u32 {
            let body = || async move {
                if let Some(met) = met {
                    met.wait();
                    let next = Box::pin(of(cache, ((n + 1) % size, size), None)).await;
                    return next + 1;
                }
                1
            };
            cache.get_or_insert_with_async(&n, body).await
        }
        let values: Vec<u32> = thread::scope(|scope| {
            let (cache, met) = (&cache, &met);
            let threads: Vec<_> = (0..size)
                .map(|n| scope.spawn(move || block_on(of(cache, (n, size), Some(met)))))
                .collect();
            let values = threads.into_iter().map(thread::ScopedJoinHandle::join);
            values.map(|value| value.expect("it ends")).collect()
        });
        // One of them at least has computed by itself what another was at.
        assert!(
            values.iter().all(|value| (2..=size + 1).contains(value)),
            "{values:?}"
        );
        let info = cache.info();
        assert_eq!(info.hits + info.misses, 2 * u64::from(size));
        assert!(info.misses > u64::from(size) && info.currsize == size as usize);
    }
}

#[test]
fn a_body_that_awaits_its_own_key_computes() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn again(n: u32) -> u32 {
        let run = RUNS.fetch_add(1, SeqCst);
        YieldNow::default().await;
        if run < 3 {
            Box::pin(again(n)).await + 1
        } else {
            0
        }
    }
    let mut tasks = vec![Task::new(again(1)), Task::new(again(1))];
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    assert_eq!(tasks[0].output, Some(3));
    assert_eq!(again::cache_peek(1), Some(0), "the innermost ended first");
    assert_eq!(tasks[1].output, Some(0));
    assert_eq!(four(again::cache_info()), (1, 4, Some(128), 1));

    // Through another function, too.
    #[lru_cache]
    async fn there(n: u32) -> u32 {
        YieldNow::default().await;
        back(n).await
    }
    async fn back(n: u32) -> u32 {
        static DEPTH: AtomicU32 = AtomicU32::new(0);
        if DEPTH.fetch_add(1, SeqCst) == 2 {
            return 5;
        }
        Box::pin(there(n)).await
    }
    let mut task = Task::new(there(1));
    run(std::slice::from_mut(&mut task));
    assert_eq!(task.output, Some(5));
    assert_eq!(four(there::cache_info()), (0, 3, Some(128), 1));
}

#[test]
fn what_makes_the_future_is_in_the_middle_of_the_computation() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<u32, u32> = Cache::default();
    let call = cache.get_or_insert_with_async(&1, || {
        let mut inner = Box::pin(cache.get_or_insert_with_async(&1, || async { 5 }));
        let inner = poll_once(&mut inner);
        async move {
            match inner {
                Poll::Ready(value) => value + 1,
                Poll::Pending => 0,
            }
        }
    });
    assert_eq!(block_on(call), 6);
}

#[test]
fn a_wait_that_goes_on_inside_what_it_waits_for_computes() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static HANDED_IN: Mutex<Option<Boxed<u32>>> = Mutex::new(None);
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        YieldNow::default().await;
        let handed_in = locked(&HANDED_IN).take();
        match handed_in {
            Some(other) => other.await + 1,
            None => 1,
        }
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    // Somebody else begins to wait for the leader, and then the leader for them.
    let mut other: Boxed<u32> = Box::pin(slow(1));
    assert!(poll_once(&mut other).is_pending());
    *locked(&HANDED_IN) = Some(other);
    run(std::slice::from_mut(&mut leader));
    assert_eq!(leader.output, Some(2));
}

/// What is done with the result belongs to the computation: a call of the same there, which
/// may block the thread, would wait for itself.
#[test]
fn a_clone_or_a_condition_that_makes_the_call_again_computes() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    thread_local! {
        static AGAIN: Cell<Option<fn()>> = const { Cell::new(None) };
    }
    /// As `block_on`, of what never waits.
    fn at_once<T>(future: impl Future<Output = T>) {
        let is_ready = poll_once(&mut Box::pin(future)).is_ready();
        assert!(is_ready, "it waits for itself");
    }
    fn once() {
        AGAIN.take().into_iter().for_each(|again| again());
    }
    struct Calls(u32);
    impl Clone for Calls {
        fn clone(&self) -> Self {
            once();
            Calls(self.0)
        }
    }
    #[derive(CacheHost, Default)]
    struct Host {
        caches: InstanceCaches,
    }
    impl Host {
        #[lru_cache]
        async fn method(&self, n: u32) -> Calls {
            Calls(n)
        }
    }
    #[lru_cache]
    async fn function(n: u32) -> Calls {
        YieldNow::default().await;
        Calls(n)
    }
    #[lru_cache(cache_if = |_| { once(); true })]
    async fn conditional(n: u32) -> Result<u32, ()> {
        Ok(n)
    }
    static HOST: LazyLock<Host> = LazyLock::new(Host::default);
    static CACHE: LazyLock<Cache<u32, Calls>> = LazyLock::new(Cache::default);

    AGAIN.set(Some(|| at_once(HOST.method(1))));
    assert_eq!(block_on(HOST.method(1)).0, 1);
    assert_eq!(HOST.method_cache().cache_info().misses, 2);
    AGAIN.set(Some(|| {
        let mut inner = Task::new(function(1));
        inner.poll();
        assert_eq!(inner.poll().expect("it does not wait").0, 1);
    }));
    assert_eq!(block_on(function(1)).0, 1);
    assert_eq!(function::cache_info().misses, 2);
    AGAIN.set(Some(|| at_once(conditional(1))));
    assert_eq!(block_on(conditional(1)), Ok(1));
    assert_eq!(conditional::cache_info().misses, 2);
    let call = |key| CACHE.get_or_insert_with_async(key, || async { Calls(1) });
    AGAIN.set(Some(|| {
        at_once(CACHE.get_or_insert_with_async(&1, || async { Calls(2) }));
    }));
    assert_eq!(block_on(call(&1)).0, 1);
    AGAIN.set(Some(|| {
        let body = || async { Err::<Calls, ()>(()) };
        at_once(CACHE.try_get_or_insert_with_async(&2, body));
    }));
    let body = || async { Ok::<_, ()>(Calls(1)) };
    let called = block_on(CACHE.try_get_or_insert_with_async(&2, body));
    assert!(called.is_ok() && AGAIN.take().is_none());
    assert_eq!(CACHE.info().misses, 4);
}

/// A body has a glance at a call that somebody else goes on to poll: from then on it does
/// not wait for that.
#[test]
fn a_wait_is_part_of_what_polls_it_and_of_nothing_else() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOORS: [Permits; 2] = [const { Permits::none() }; 2];
    static SHARED: Mutex<Option<Boxed<u32>>> = Mutex::new(None);
    fn glance() -> Poll<u32> {
        let mut shared = locked(&SHARED);
        poll_once(shared.as_mut().expect("it is there"))
    }
    #[lru_cache]
    async fn glances(n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        assert!(glance().is_pending());
        DOORS[0].take().await;
        n
    }
    #[lru_cache]
    async fn needs(n: u32) -> u32 {
        DOORS[1].take().await;
        glances(n).await + 1
    }
    let mut needs_it = Task::new(needs(1));
    assert!(needs_it.poll().is_none());
    *locked(&SHARED) = Some(Box::pin(needs(1)));
    let mut glances_at_it = Task::new(glances(1));
    assert!(glances_at_it.poll().is_none());
    assert!(glance().is_pending());
    DOORS[1].allow(1);
    assert!(needs_it.poll().is_none(), "there is no circle");
    assert_eq!(RUNS.load(SeqCst), 1);
    DOORS[0].allow(1);
    assert_eq!(glances_at_it.poll(), Some(&1));
    assert_eq!(needs_it.poll(), Some(&2));
    assert_eq!(glance(), Poll::Ready(2));
    locked(&SHARED).take();
}

#[test]
fn a_circle_that_nobody_can_see_ends_when_patience_does() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static SPAWNED: RefCell<Vec<Task<'static, ()>>> = const { RefCell::new(Vec::new()) };
    }
    /// As `spawn(future).await`: somebody else polls it.
    async fn spawned(future: impl Future<Output = u32> + 'static) -> u32 {
        let result = Arc::new(Mutex::new((None, None::<Waker>)));
        let there = Arc::clone(&result);
        SPAWNED.with_borrow_mut(|tasks| {
            tasks.push(Task::new(async move {
                let value = future.await;
                let waker = {
                    let mut there = locked(&there);
                    there.0 = Some(value);
                    there.1.take()
                };
                waker.into_iter().for_each(Waker::wake);
            }));
        });
        poll_fn(|cx| {
            let mut result = locked(&result);
            result.1 = Some(cx.waker().clone());
            result.0.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        if RUNS.fetch_add(1, SeqCst) > 0 {
            return 1;
        }
        spawned(Box::pin(slow(n))).await + 1
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    let mut inner = SPAWNED.take();
    run(&mut inner);
    assert_eq!(
        (inner.len(), pending(&inner)),
        (1, 1),
        "it waits for what waits for it"
    );
    advance(LONG);
    inner[0].await_wake();
    run(&mut inner);
    assert_eq!(pending(&inner), 0);
    assert!(leader.is_due());
    assert_eq!(leader.poll(), Some(&2));
    assert_eq!(slow::cache_peek(1), Some(1));
    assert_eq!(four(slow::cache_info()), (0, 2, Some(128), 1));
}

#[test]
fn a_body_that_blocks_on_a_task_elsewhere_that_waits_for_it_ends() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        if RUNS.fetch_add(1, SeqCst) > 0 {
            return 1;
        }
        // As `block_in_place`, or the `join` of a pool.
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(block_on(slow(n))));
        for _ in 0..100 {
            if let Ok(value) = receiver.recv_timeout(Duration::from_millis(50)) {
                return value + 1;
            }
            advance(Duration::from_secs(600));
        }
        0
    }
    assert_eq!(block_on(slow(1)), 2);
}
