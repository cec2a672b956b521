//! Wakers that change, panic, poll, and are let go.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::LONG;
use crate::common::clock::{clock_moves, clock_stands};
use crate::common::tasks::{Boxed, Permits, Task, pending, poll_each, run};
use crate::common::{four, poll_once, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};
use lruheap_core::testing::advance;

/// A waker that tells its number.
struct Tells(Sender<u32>, u32);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(self.1);
    }
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a waker"));
    }
}

fn poll_with<F: Future + ?Sized>(future: &mut Pin<Box<F>>, waker: &Waker) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

#[test]
fn a_task_is_woken_through_its_last_waker() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        DOOR.take().await;
        n
    }
    let (sender, woken): (_, Receiver<u32>) = channel();
    let waker = |number| Waker::from(Arc::new(Tells(sender.clone(), number)));
    let mut leader = Task::new(slow(1));
    leader.poll();
    let mut waiter = Box::pin(slow(1));
    for number in 0..10 {
        assert!(poll_with(&mut waiter, &waker(number)).is_pending());
    }
    DOOR.allow(1);
    leader.poll();
    assert_eq!(woken.try_iter().collect::<Vec<_>>(), [9]);
    assert_eq!(poll_with(&mut waiter, &waker(10)), Poll::Ready(1));

    // The timer's as well.
    let mut leader = Task::new(slow(2));
    leader.poll();
    let mut waiter = Box::pin(slow(2));
    for number in 0..10 {
        assert!(poll_with(&mut waiter, &waker(number)).is_pending());
    }
    advance(LONG);
    assert_eq!(woken.recv_timeout(Duration::from_secs(30)), Ok(9));
    drop((waiter, leader));
    drop(sender);
    let rest: Vec<_> = woken.iter().collect();
    assert_eq!(rest, [], "and nobody holds a waker any more");
}

#[test]
fn waiters_that_come_and_go_leak_no_wakers() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    struct Counted(Arc<AtomicU32>);
    impl Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        DOOR.take().await;
        n
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    let living = Arc::new(AtomicU32::new(0));
    let waker = || {
        living.fetch_add(1, SeqCst);
        Waker::from(Arc::new(Counted(Arc::clone(&living))))
    };
    let mut kept = Box::pin(slow(1));
    assert!(poll_with(&mut kept, &waker()).is_pending());
    for round in 0..10_000 {
        let mut waiter = Box::pin(slow(1));
        for _ in 0..=round % 3 {
            assert!(poll_with(&mut waiter, &waker()).is_pending());
        }
        drop(waiter);
        assert_eq!(living.load(SeqCst), 1, "in round {round}");
    }
    DOOR.allow(1);
    leader.poll();
    assert_eq!(living.load(SeqCst), 1, "the timer may still have it");
    assert_eq!(poll_with(&mut kept, Waker::noop()), Poll::Ready(1));
    assert_eq!(living.load(SeqCst), 0);
    assert_eq!(four(slow::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn a_waker_may_poll_its_task_at_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    /// As an executor that has no queue.
    struct Inline {
        future: Mutex<Option<Boxed<Result<u32, u32>>>>,
        ends: Sender<Result<u32, u32>>,
    }
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            let Ok(mut future) = self.future.try_lock() else {
                return; // it is at that
            };
            let waker = Waker::from(Arc::clone(&self));
            let poll = future.as_mut().map(|polled| poll_with(polled, &waker));
            if let Some(Poll::Ready(end)) = poll {
                *future = None;
                self.ends.send(end).expect("the test counts");
            }
        }
    }
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(_n: u32) -> Result<u32, u32> {
        let run = RUNS.fetch_add(1, SeqCst);
        if run == 0 {
            DOOR.take().await;
        }
        if run < 3 { Err(run) } else { Ok(run) }
    }
    for is_dropped in [false, true] {
        slow::cache_clear();
        RUNS.store(0, SeqCst);
        let (ends, ended) = channel();
        let mut leader = Task::new(slow(1));
        leader.poll();
        for _ in 0..6 {
            let future: Boxed<_> = Box::pin(slow(1));
            let task = Inline {
                future: Mutex::new(Some(future)),
                ends: ends.clone(),
            };
            Arc::new(task).wake();
        }
        if is_dropped {
            leader.cancel();
        } else {
            DOOR.allow(1);
            assert_eq!(leader.poll(), Some(&Err(0)));
        }
        let mut ended: Vec<_> = ended.try_iter().collect();
        ended.sort_unstable();
        assert_eq!(ended, [Ok(3), Ok(3), Ok(3), Ok(3), Err(1), Err(2)]);
        assert_eq!(four(slow::cache_info()), (3, 4, Some(128), 1));
    }
}

/// Who takes over may begin before the `drop` of the other has returned.
#[test]
fn a_cancelled_body_is_gone_when_the_next_begins() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    struct Exclusive;
    impl Exclusive {
        fn enter() -> Self {
            let inside = INSIDE.fetch_add(1, SeqCst);
            assert_eq!(inside, 0, "the other still holds what it held");
            Exclusive
        }
    }
    impl Drop for Exclusive {
        fn drop(&mut self) {
            INSIDE.fetch_sub(1, SeqCst);
        }
    }
    async fn body(n: u32) -> u32 {
        let _exclusive = Exclusive::enter();
        std::future::pending::<()>().await;
        n
    }
    #[lru_cache]
    async fn function(n: u32) -> u32 {
        body(n).await
    }
    #[lru_cache(ttl = 5, tags("t"))]
    async fn fallible(n: u32) -> Result<u32, u32> {
        let _exclusive = Exclusive::enter();
        std::future::pending::<()>().await;
        Ok(n)
    }
    #[derive(CacheHost, Default)]
    struct Host {
        caches: InstanceCaches,
    }
    impl Host {
        #[lru_cache]
        async fn own(&self, n: u32) -> u32 {
            body(n).await
        }
        #[lru_cache]
        async fn shared(self: Arc<Self>, n: u32) -> u32 {
            body(n).await
        }
        #[lru_cache]
        async fn together(#[key(skip)] &self, n: u32) -> u32 {
            body(n).await
        }
    }
    /// Polls its task where it is woken, once.
    struct Inline(Mutex<Option<Boxed<u32>>>, AtomicU32);
    impl Wake for Inline {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, SeqCst);
            let mut future = self.0.lock().expect("no panic");
            let future = future.as_mut().expect("it waits");
            assert!(poll_once(future).is_pending());
        }
    }
    static HOST: LazyLock<Arc<Host>> = LazyLock::new(Arc::default);
    static CACHE: LazyLock<Cache<u32, u32>> = LazyLock::new(Cache::default);
    let calls: [fn() -> Boxed<u32>; 6] = [
        || Box::pin(function(1)),
        || Box::pin(async { fallible(1).await.unwrap_or(0) }),
        || Box::pin(HOST.own(1)),
        || Box::pin(Arc::clone(&HOST).shared(1)),
        || Box::pin(HOST.together(1)),
        || Box::pin(CACHE.get_or_insert_with_async(&1, || body(1))),
    ];
    for call in calls {
        let mut leader = call();
        assert!(poll_once(&mut leader).is_pending());
        let next = Arc::new(Inline(Mutex::new(None), AtomicU32::new(0)));
        let mut waits = call();
        let waker = Waker::from(Arc::clone(&next));
        assert!(poll_with(&mut waits, &waker).is_pending());
        *next.0.lock().expect("no panic") = Some(waits);
        drop(leader);
        assert_eq!(next.1.load(SeqCst), 1);
        assert_eq!(INSIDE.load(SeqCst), 1, "it has begun");
        next.0.lock().expect("no panic").take();
        assert_eq!(INSIDE.load(SeqCst), 0);
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_woken() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> Result<u32, u32> {
        DOOR.take().await;
        if n == 1 { Ok(n) } else { Err(n) }
    }
    // With a value, an error, a dropped leader.
    for n in 1..=3 {
        let mut tasks: Vec<_> = (0..4).map(|_| Task::new(slow(n))).collect();
        tasks[0].poll();
        tasks[1].poll();
        let mut bad = Box::pin(slow(n));
        assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
        tasks[2].poll();
        tasks[3].poll();
        if n < 3 {
            DOOR.allow(1);
        }
        let end = |task: &mut Task<_>| {
            if n < 3 {
                task.poll();
            } else {
                task.cancel();
            }
        };
        let _ = catch_unwind(AssertUnwindSafe(|| end(&mut tasks[0])));
        tasks[0].cancel();
        assert!(tasks[1..].iter().all(|task| task.wakes() == 1), "{n}");
        drop(bad);
        DOOR.allow(if n == 1 { 0 } else { 3 });
        run(&mut tasks);
        assert_eq!(pending(&tasks), 0);
    }
}

#[test]
fn a_waker_of_the_timer_that_panics_keeps_nobody_else_from_being_woken() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    #[lru_cache]
    async fn never(_n: u32) -> u32 {
        std::future::pending::<()>().await;
        0
    }
    let mut leader = Box::pin(never(1));
    assert!(poll_once(&mut leader).is_pending());
    let mut before = Task::new(never(1));
    before.poll();
    let mut bad = Box::pin(never(1));
    assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
    let mut after = Task::new(never(1));
    after.poll();
    advance(LONG);
    before.await_wake();
    after.await_wake();
    // And the timer goes on.
    let mut again = Task::new(never(1));
    again.poll();
    advance(Duration::from_secs(600));
    again.await_wake();
}

#[test]
fn a_waker_that_panics_keeps_nobody_waiting_for_one_that_took_over() {
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
    poll_each(&mut tasks);
    advance(LONG);
    tasks.iter().for_each(Task::await_wake);
    // It waits for the first, and will not be polled in time to join who takes over.
    let mut bad = Box::pin(slow(1));
    assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
    tasks[0].poll();
    tasks[1].poll();
    assert_eq!(RUNS.load(SeqCst), 2);
    DOOR.allow(1);
    let landed = catch_unwind(AssertUnwindSafe(|| tasks[0].poll().copied()));
    assert!(slow::cache_contains(1));
    assert!(tasks[1].is_due(), "there is a value: {landed:?}");
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_hearing_of_a_value() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        DOOR.take().await;
        n
    }
    let mut old = [Task::new(slow(1)), Task::new(slow(1))];
    poll_each(&mut old);
    slow::cache_clear();
    let mut new = Task::new(slow(1));
    new.poll();
    let mut bad = Box::pin(slow(1));
    assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
    DOOR.allow(1);
    let landed = catch_unwind(AssertUnwindSafe(|| new.poll().copied()));
    assert!(slow::cache_contains(1));
    assert!(old[1].is_due(), "there is a value: {landed:?}");
}

#[test]
fn who_took_over_and_is_dropped_is_heard_of_in_spite_of_a_waker_that_panics() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn slow(_n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        std::future::pending().await
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    let mut tasks = vec![Task::new(slow(1)), Task::new(slow(1))];
    poll_each(&mut tasks);
    advance(LONG);
    tasks.iter().for_each(Task::await_wake);
    tasks[0].poll();
    assert_eq!(RUNS.load(SeqCst), 2);
    let mut bad = Box::pin(slow(1));
    assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
    let wakes = tasks[1].wakes();
    let _ = catch_unwind(AssertUnwindSafe(|| tasks[0].cancel()));
    assert!(tasks[1].wakes() > wakes);
}

#[test]
fn a_waker_that_panics_does_not_cost_the_leader_its_value() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        DOOR.take().await;
        n
    }
    let mut leader = Task::new(slow(1));
    leader.poll();
    let mut bad = Box::pin(slow(1));
    assert!(poll_with(&mut bad, &Waker::from(Arc::new(Panics))).is_pending());
    DOOR.allow(1);
    let landed = catch_unwind(AssertUnwindSafe(|| leader.poll().copied()));
    assert_eq!(landed.ok(), Some(Some(1)));
}
