//! Who has waited in vain computes in the place of another: one at a time, and nobody
//! waits for that other any more.

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::LONG;
use crate::common::clock::clock_moves;
use crate::common::tasks::{Permits, Task, outputs, pending, poll_each, run};
use crate::common::{block_on, four, watchdog};
use lruheap::{Cache, lru_cache};
use lruheap_core::testing::advance;

/// Far past any ttl here.
const AGES: Duration = Duration::from_secs(1000);

/// What three calls get, each long after the one before: their own values, 11 to 13.
fn calls_ages_apart<K: Clone + Hash + Eq + 'static>(cache: &Cache<K, u32>, key: &K) -> [u32; 3] {
    [11, 12, 13].map(|n| {
        advance(AGES);
        block_on(cache.get_or_insert_with_async(key, || async move { n }))
    })
}

#[test]
fn a_wait_that_has_ended_serves_nobody_after_there_was_no_room() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    let builder = Cache::builder().maxsize(8);
    let cache: Cache<u32, u32> = builder.ttl(Duration::from_secs(10)).build();
    let mut leader = Task::new(cache.get_or_insert_with_async(&1, std::future::pending));
    assert!(leader.poll().is_none());
    let mut waits = Task::new(cache.get_or_insert_with_async(&1, || async { 2 }));
    assert!(waits.poll().is_none());
    // Where there is no room nobody is joined, and this computes by itself.
    cache.resize(0);
    advance(LONG);
    assert_eq!(waits.poll(), Some(&2));
    cache.resize(8);
    assert_eq!(calls_ages_apart(&cache, &1), [11, 12, 13]);
    assert!(leader.poll().is_none());
    assert_eq!(four(cache.info()), (0, 5, Some(8), 1));
}

/// While it compares the key, an entry comes and grows stale: it is to renew that, and the
/// one that it had waited for is under way still.
#[test]
fn a_wait_that_has_ended_serves_nobody_after_a_renewal() {
    thread_local! {
        static MEANWHILE: Cell<Option<fn()>> = const { Cell::new(None) };
    }
    #[derive(Clone)]
    struct Key(u32);
    impl PartialEq for Key {
        fn eq(&self, other: &Key) -> bool {
            MEANWHILE.take().into_iter().for_each(|happens| happens());
            self.0 == other.0
        }
    }
    impl Eq for Key {}
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    static CACHE: LazyLock<Cache<Key, u32>> = LazyLock::new(|| {
        let ten = Duration::from_secs(10);
        Cache::builder().ttl(ten).stale(ten).build()
    });

    let (_clock, _watchdog) = (clock_moves(), watchdog());
    let mut leader = Task::new(CACHE.get_or_insert_with_async(&Key(1), std::future::pending));
    assert!(leader.poll().is_none());
    let mut waits = Task::new(CACHE.get_or_insert_with_async(&Key(1), || async { 2 }));
    assert!(waits.poll().is_none());
    advance(LONG);
    MEANWHILE.set(Some(|| {
        let other = thread::spawn(|| CACHE.get_or_insert_with(&Key(1), || 3));
        assert_eq!(other.join().expect("no panic"), 3);
        advance(Duration::from_secs(11));
    }));
    assert_eq!(waits.poll(), Some(&2));
    assert!(MEANWHILE.take().is_none(), "it has happened");
    assert_eq!(calls_ages_apart(&CACHE, &Key(1)), [11, 12, 13]);
}

/// Each is waited for twice as long as the one before.
#[test]
fn a_slow_body_that_many_wait_for_runs_a_few_times() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    let cache: Cache<usize, usize> = Cache::default();
    let (door, leads) = (Permits::none(), RefCell::new(Vec::new()));
    let call = |n| {
        let (cache, door, leads) = (&cache, &door, &leads);
        Task::new(cache.get_or_insert_with_async(&1, move || async move {
            leads.borrow_mut().push(n);
            door.take().await;
            n
        }))
    };
    let mut tasks: Vec<_> = (0..12).map(call).collect();
    poll_each(&mut tasks);
    // As at a slow server: the bodies are woken when it answers, those who wait by their
    // alarms.
    for _ in 0..45 {
        advance(Duration::from_secs(1));
        for (n, task) in tasks.iter_mut().enumerate() {
            if !leads.borrow().contains(&n) {
                task.poll();
            }
        }
    }
    let runs = leads.borrow().len();
    assert!((2..=4).contains(&runs), "{runs}");
    assert_eq!(pending(&tasks), 12);
    door.allow(12);
    poll_each(&mut tasks);
    run(&mut tasks);
    assert!(outputs(&tasks).iter().all(Option::is_some));
    assert_eq!(leads.borrow().len(), runs);
    let misses = runs as u64;
    assert_eq!(four(cache.info()), (12 - misses, misses, None, 1));

    // All of them together have not made the next too patient.
    cache.clear();
    let mut leader = Task::new(cache.get_or_insert_with_async(&1, std::future::pending));
    assert!(leader.poll().is_none());
    let mut waits = Task::new(cache.get_or_insert_with_async(&1, || async { 2 }));
    let seconds = (0..20).take_while(|_| {
        advance(Duration::from_secs(1));
        waits.poll().is_none()
    });
    let seconds = seconds.count();
    assert!(seconds < 20, "set aside, it is waited for in vain");
}

/// Who waits in the middle of something else has less patience, and twice as much each
/// time as well.
#[test]
fn a_slow_body_that_many_computations_need_runs_a_few_times() {
    let (_clock, _watchdog) = (clock_moves(), watchdog());
    thread_local! {
        static RUNS: Cell<u32> = const { Cell::new(0) };
    }
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        RUNS.set(RUNS.get() + 1);
        DOOR.take().await;
        n
    }
    #[lru_cache]
    async fn outer(n: u32) -> u32 {
        slow(0).await + n
    }
    let mut tasks: Vec<_> = (0..10).map(|n| Task::new(outer(n))).collect();
    poll_each(&mut tasks);
    let mut led = vec![0];
    // Patience is a second, and 2, 4 and 8.
    for _ in 0..13 {
        advance(Duration::from_secs(1));
        for (n, task) in tasks.iter_mut().enumerate() {
            let before = RUNS.get();
            if !led.contains(&n) {
                task.poll();
            }
            if RUNS.get() > before {
                led.push(n);
            }
        }
    }
    let runs = RUNS.get();
    assert!((2..=4).contains(&runs), "{runs}");
    DOOR.allow(10);
    poll_each(&mut tasks);
    run(&mut tasks);
    assert_eq!(outputs(&tasks), (0..10).map(Some).collect::<Vec<_>>());
    assert_eq!(RUNS.get(), runs);
}

/// A value that was left for those who wait, of whom there are none any more, is dropped
/// when the one that they had waited for ends; its `Drop` may use the cache.
#[test]
fn what_is_left_where_nobody_waits_is_dropped_outside_the_gate() {
    #[derive(Clone)]
    struct Looks(u32);
    impl Drop for Looks {
        fn drop(&mut self) {
            CACHE.len();
        }
    }
    static CACHE: LazyLock<Cache<u32, Looks>> = LazyLock::new(Cache::default);
    let replaced = || {
        let mut waits = Task::new(CACHE.get_or_insert_with_async(&1, || async { Looks(2) }));
        assert!(waits.poll().is_none());
        advance(LONG);
        assert_eq!(waits.poll().expect("it computes").0, 2);
        CACHE.remove(&1);
    };

    let (_clock, _watchdog) = (clock_moves(), watchdog());
    // A thread that leads, and a task that does.
    let (begun, has_begun) = channel();
    let (go_on, goes_on) = channel();
    thread::scope(|scope| {
        let leader = scope.spawn(move || {
            let body = || {
                begun.send(()).expect("the test waits");
                goes_on.recv().expect("the test goes on");
                Looks(1)
            };
            CACHE.get_or_insert_with(&1, body).0
        });
        has_begun.recv().expect("it begins");
        replaced();
        go_on.send(()).expect("it waits");
        assert_eq!(leader.join().expect("it ends"), 1);
    });
    CACHE.clear();

    static DOOR: Permits = Permits::none();
    for is_cancelled in [false, true] {
        let mut leader = Task::new(CACHE.get_or_insert_with_async(&1, || async {
            DOOR.take().await;
            Looks(1)
        }));
        assert!(leader.poll().is_none());
        replaced();
        if is_cancelled {
            leader.cancel();
        } else {
            DOOR.allow(1);
            assert_eq!(leader.poll().expect("it ends").0, 1);
        }
        CACHE.clear();
    }
}
