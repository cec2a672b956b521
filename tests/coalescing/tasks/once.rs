//! Who runs the body, and who is woken.

use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::tasks::{Permits, Pool, Task, outputs, pending, run, run_to_end};
use crate::common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{Cache, lru_cache};

#[test]
fn thirty_two_tasks_on_one_thread_run_the_body_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        n + 1
    }
    let mut tasks: Vec<_> = (0..32).map(|_| Task::new(slow(1))).collect();
    run(&mut tasks);
    assert_eq!(pending(&tasks), 32);
    // Whatever else happens: those who wait are neither woken nor polled.
    for n in 2..50 {
        slow::cache_insert(n, n);
    }
    run(&mut tasks);
    assert!(
        tasks
            .iter()
            .all(|task| task.wakes() == 0 && task.polls == 1)
    );

    DOOR.allow(1);
    assert!(tasks[0].is_due());
    assert!(
        tasks[1..].iter().all(|task| task.wakes() == 0),
        "not before"
    );
    assert_eq!(tasks[0].poll(), Some(&2));
    assert!(tasks[1..].iter().all(|task| task.wakes() == 1), "but then");
    run(&mut tasks);
    assert_eq!(outputs(&tasks), [Some(2); 32]);
    assert!(tasks.iter().all(|task| task.polls == 2));
    assert_eq!(RUNS.load(SeqCst), 1);
    assert_eq!(four(slow::cache_info()), (31, 1, Some(128), 49));
}

#[test]
fn thirty_two_tasks_on_four_threads_run_the_body_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static POLLED: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(text: &str) -> String {
        RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        text.to_uppercase()
    }
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut tasks: Vec<_> = (0..8).map(|_| Task::new(slow("key"))).collect();
                start.wait();
                run(&mut tasks);
                assert_eq!(pending(&tasks), 8);
                if POLLED.fetch_add(8, SeqCst) == 24 {
                    DOOR.allow(1);
                }
                assert_eq!(run_to_end(tasks), ["KEY"; 8]);
            });
        }
    });
    assert_eq!(RUNS.load(SeqCst), 1);
    assert_eq!(four(slow::cache_info()), (31, 1, Some(128), 1));
}

#[test]
fn tasks_that_wander_between_threads_run_each_body_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    const KEYS: u32 = 200;
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static RIGHT: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(maxsize = None)]
    async fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        for _ in 0..n % 5 {
            YieldNow::default().await;
        }
        if n % 3 == 0 && n > 0 {
            // Some need others, which may be under way as well.
            return slow_boxed(n / 3).await + n - n / 3;
        }
        n
    }
    fn slow_boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(slow(n))
    }
    let pool = Pool::new();
    for _ in 0..32 {
        pool.spawn(async {
            for n in 0..KEYS {
                RIGHT.fetch_add(u32::from(slow(n).await == n), SeqCst);
                if n % 7 == 0 {
                    YieldNow::default().await;
                }
            }
        });
    }
    pool.work_on(4);
    assert_eq!(RIGHT.load(SeqCst), 32 * KEYS);
    assert_eq!(RUNS.load(SeqCst), KEYS);
    let info = slow::cache_info();
    let inner: u64 = (1..KEYS).map(|n| u64::from(n % 3 == 0)).sum();
    assert_eq!(info.misses, u64::from(KEYS));
    assert_eq!(info.hits, 31 * u64::from(KEYS) + inner);
}

#[test]
fn tasks_share_through_a_cache_as_well() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let cache: Cache<String, u32> = Cache::builder().maxsize(8).build();
    let (runs, door) = (AtomicU32::new(0), Permits::none());
    let call = || {
        cache.get_or_insert_with_async("key", || async {
            door.take().await;
            runs.fetch_add(1, SeqCst)
        })
    };
    let fallible = || {
        cache.try_get_or_insert_with_async("key", || async {
            door.take().await;
            Err::<u32, _>(runs.fetch_add(1, SeqCst))
        })
    };
    let mut tasks: Vec<Task<Result<u32, u32>>> = vec![Task::new(fallible())];
    tasks.extend((0..3).map(|_| Task::new(async { Ok(call().await) })));
    tasks.push(Task::new(fallible()));
    run(&mut tasks);
    assert_eq!(pending(&tasks), 5);
    door.allow(1);
    run(&mut tasks);
    assert_eq!(pending(&tasks), 4, "the error is that of one");
    door.allow(1);
    run(&mut tasks);
    let value = Some(Ok(1));
    assert_eq!(outputs(&tasks), [Some(Err(0)), value, value, value, value]);
    assert_eq!(runs.load(SeqCst), 2);
    assert_eq!(four(cache.info()), (3, 2, Some(8), 1));
}

#[test]
fn one_task_may_poll_several_calls_in_turn() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn slow(n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst);
        YieldNow::default().await;
        YieldNow::default().await;
        n * 10
    }
    /// As `join!`: all of them, at each poll.
    async fn join(mut calls: Vec<Pin<Box<dyn Future<Output = u32>>>>) -> Vec<u32> {
        let mut values = vec![None; calls.len()];
        poll_fn(|cx| {
            for (call, value) in calls.iter_mut().zip(&mut values) {
                if value.is_none() {
                    if let Poll::Ready(output) = call.as_mut().poll(cx) {
                        *value = Some(output);
                    }
                }
            }
            if values.contains(&None) {
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        values.into_iter().flatten().collect()
    }
    let calls = |keys: &[u32]| -> Vec<Pin<Box<dyn Future<Output = u32>>>> {
        keys.iter().map(|&n| Box::pin(slow(n)) as _).collect()
    };
    assert_eq!(block_on(join(calls(&[1, 2, 1]))), [10, 20, 10]);
    assert_eq!(four(slow::cache_info()), (1, 2, Some(128), 2));
    // Those that wait polled before the one that leads.
    slow::cache_clear();
    let mut all = calls(&[3, 3, 3, 3]);
    assert!(poll_once(&mut all[3]).is_pending());
    assert_eq!(block_on(join(all)), [30; 4]);
    assert_eq!(four(slow::cache_info()), (3, 1, Some(128), 1));

    // And inside a body.
    #[lru_cache]
    async fn sum(n: u32) -> u32 {
        let calls: Vec<Pin<Box<dyn Future<Output = u32>>>> =
            vec![Box::pin(slow(n)), Box::pin(slow(n + 1)), Box::pin(slow(n))];
        join(calls).await.iter().sum()
    }
    slow::cache_clear();
    RUNS.store(0, SeqCst);
    let values = run_to_end(vec![
        Task::new(sum(5)),
        Task::new(sum(5)),
        Task::new(sum(6)),
    ]);
    assert_eq!(values, [160, 160, 190]);
    assert_eq!(RUNS.load(SeqCst), 3);
    assert_eq!(four(slow::cache_info()), (3, 3, Some(128), 3));
    assert_eq!(four(sum::cache_info()), (1, 2, Some(128), 2));
}

#[test]
fn keys_with_one_hash_are_computed_side_by_side() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    /// The user's `Eq`, and one hash for all.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Key(u32);
    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u8(0);
        }
    }
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static DOOR: Permits = Permits::none();
    #[lru_cache]
    async fn slow(key: &Key) -> Vec<Key> {
        RUNS.fetch_add(1, SeqCst);
        DOOR.take().await;
        vec![key.clone()]
    }
    let keys = [Key(1), Key(2), Key(1), Key(3), Key(2), Key(1)];
    let mut tasks: Vec<_> = keys.iter().map(|key| Task::new(slow(key))).collect();
    run(&mut tasks);
    assert_eq!(RUNS.load(SeqCst), 3);
    DOOR.allow(3);
    run(&mut tasks);
    let right: Vec<_> = keys.iter().map(|key| Some(vec![key.clone()])).collect();
    assert_eq!(outputs(&tasks), right);
    assert_eq!(four(slow::cache_info()), (3, 3, Some(128), 3));
}

#[test]
fn nothing_is_left_of_a_thousand_keys() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static DOOR: Permits = Permits::none();
    let token = Arc::new(());
    #[lru_cache(maxsize = None)]
    async fn slow(n: u32, #[key(skip)] token: Arc<()>) -> (u32, Arc<()>) {
        DOOR.take().await;
        (n, token)
    }
    let call = |n: u32| Task::new(slow(n / 2, Arc::clone(&token)));
    let mut tasks: Vec<_> = (0..2000).map(call).collect();
    run(&mut tasks);
    DOOR.allow(1000);
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    drop(tasks);
    assert_eq!(four(slow::cache_info()), (1000, 1000, None, 1000));
    assert_eq!(Arc::strong_count(&token), 1001, "the entries'");
    slow::cache_clear();
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn a_task_makes_a_copy_only_if_somebody_waits() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static COPIES: AtomicU32 = AtomicU32::new(0);
    #[derive(Debug)]
    struct Value;
    impl Clone for Value {
        fn clone(&self) -> Self {
            COPIES.fetch_add(1, SeqCst);
            Value
        }
    }
    #[lru_cache(cache_if = |_: &Value| false)]
    async fn refused(_n: u32) -> Value {
        Value
    }
    block_on(refused(1));
    assert_eq!(COPIES.load(SeqCst), 0);
}

#[test]
fn without_coalescing_each_task_runs_the_body() {
    let _watchdog = watchdog();
    #[lru_cache(coalesce = false)]
    async fn apart(n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    #[lru_cache(maxsize = 0)]
    async fn nothing_kept(n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    let calls = || (0..4).map(|_| Task::new(apart(1))).collect();
    assert_eq!(run_to_end(calls()), [1; 4]);
    assert_eq!(four(apart::cache_info()), (0, 4, Some(128), 1));
    let calls = || (0..4).map(|_| Task::new(nothing_kept(1))).collect();
    assert_eq!(run_to_end(calls()), [1; 4]);
    assert_eq!(four(nothing_kept::cache_info()), (0, 4, Some(0), 0));
}
