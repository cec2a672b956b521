//! Coalescing among tasks: one of them runs the body, the others are woken by its end,
//! whatever becomes of it, and nobody waits for ever.

#![allow(clippy::unused_async, clippy::items_after_statements)] // functions inside tests

mod common;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{
    Arc, Barrier, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
    RwLockWriteGuard,
};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};
use lruheap_core::testing::advance;

/// The clock of the process. A test whose tasks are not to lose patience keeps it from
/// being moved, and one that moves it has it to itself.
static CLOCK: RwLock<()> = RwLock::new(());

fn clock_stands() -> RwLockReadGuard<'static, ()> {
    CLOCK.read().unwrap_or_else(PoisonError::into_inner)
}

fn clock_moves() -> RwLockWriteGuard<'static, ()> {
    CLOCK.write().unwrap_or_else(PoisonError::into_inner)
}

/// Longer than a task waits for a leader that nobody polls.
const LONG: Duration = Duration::from_secs(5);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What wakes a task, and how often it did.
struct Bell {
    wakes: AtomicU32,
    is_rung: Mutex<bool>,
    rung: Condvar,
    thread: Thread,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        *locked(&self.is_rung) = true;
        self.rung.notify_all();
        self.thread.unpark();
    }
}

/// A future in the hands of a test.
struct Task<'a, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + 'a>>>,
    bell: Arc<Bell>,
    polls: u32,
    output: Option<T>,
}

impl<'a, T> Task<'a, T> {
    fn new(future: impl Future<Output = T> + 'a) -> Self {
        Task {
            future: Some(Box::pin(future)),
            bell: Arc::new(Bell {
                wakes: AtomicU32::new(0),
                is_rung: Mutex::new(false),
                rung: Condvar::new(),
                thread: thread::current(),
            }),
            polls: 0,
            output: None,
        }
    }

    fn poll(&mut self) -> Option<&T> {
        let future = self.future.as_mut().expect("it has not ended");
        *locked(&self.bell.is_rung) = false;
        self.polls += 1;
        let waker = Waker::from(Arc::clone(&self.bell));
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.future = None;
            self.output = Some(output);
        }
        self.output.as_ref()
    }

    /// Drops the future.
    fn cancel(&mut self) {
        self.future = None;
    }

    fn is_pending(&self) -> bool {
        self.future.is_some()
    }

    /// Whether an executor would poll it.
    fn is_due(&self) -> bool {
        self.is_pending() && (self.polls == 0 || *locked(&self.bell.is_rung))
    }

    fn wakes(&self) -> u32 {
        self.bell.wakes.load(SeqCst)
    }

    /// Blocks until it has been woken.
    fn await_wake(&self) {
        let mut is_rung = locked(&self.bell.is_rung);
        while !*is_rung {
            is_rung = self.bell.rung.wait(is_rung).expect("nobody panics there");
        }
    }
}

/// Polls each once, due or not.
fn poll_each<T>(tasks: &mut [Task<'_, T>]) {
    for task in tasks {
        task.poll();
    }
}

/// Polls whoever is due, in turn, until nobody is.
fn run<T>(tasks: &mut [Task<'_, T>]) {
    while tasks.iter().any(Task::is_due) {
        for task in tasks.iter_mut().filter(|task| task.is_due()) {
            task.poll();
        }
    }
}

/// The same until all have ended.
fn run_to_end<T>(mut tasks: Vec<Task<'_, T>>) -> Vec<T> {
    loop {
        run(&mut tasks);
        if tasks.iter().all(|task| task.future.is_none()) {
            return tasks.into_iter().filter_map(|task| task.output).collect();
        }
        thread::park();
    }
}

fn outputs<T: Clone>(tasks: &[Task<'_, T>]) -> Vec<Option<T>> {
    tasks.iter().map(|task| task.output.clone()).collect()
}

fn pending<T>(tasks: &[Task<'_, T>]) -> usize {
    tasks.iter().filter(|task| task.is_pending()).count()
}

/// A number of permits, which tasks wait for.
struct Permits(Mutex<(u32, Vec<Waker>)>);

impl Permits {
    const fn none() -> Self {
        Permits(Mutex::new((0, Vec::new())))
    }

    fn allow(&self, more: u32) {
        let wakers = {
            let mut inner = locked(&self.0);
            inner.0 += more;
            std::mem::take(&mut inner.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    async fn take(&self) {
        poll_fn(|cx| {
            let mut inner = locked(&self.0);
            if inner.0 == 0 {
                inner.1.push(cx.waker().clone());
                return Poll::Pending;
            }
            inner.0 -= 1;
            Poll::Ready(())
        })
        .await;
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future whose panics are errors.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Caught<F> {
    fn new(future: F) -> Self {
        Caught(Box::pin(future))
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().copied().unwrap_or("?");
                Poll::Ready(Err(text.to_owned()))
            }
        }
    }
}

// Who runs the body, and who is woken.

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

/// Tasks that any of some threads polls.
struct Pool {
    due: Mutex<(Vec<Arc<Wanderer>>, usize)>,
    changed: Condvar,
}

struct Wanderer {
    future: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    pool: Arc<Pool>,
}

impl Wake for Wanderer {
    fn wake(self: Arc<Self>) {
        let pool = Arc::clone(&self.pool);
        locked(&pool.due).0.push(self);
        pool.changed.notify_one();
    }
}

impl Pool {
    fn new() -> Arc<Self> {
        Arc::new(Pool {
            due: Mutex::new((Vec::new(), 0)),
            changed: Condvar::new(),
        })
    }

    fn spawn(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        locked(&self.due).1 += 1;
        let task = Arc::new(Wanderer {
            future: Mutex::new(Some(Box::pin(future))),
            pool: Arc::clone(self),
        });
        task.wake();
    }

    /// Polls what is due until all has ended.
    fn work(&self) {
        loop {
            let mut due = locked(&self.due);
            let task = loop {
                if due.1 == 0 {
                    return;
                }
                if let Some(task) = due.0.pop() {
                    break task;
                }
                due = self.changed.wait(due).expect("nobody panics there");
            };
            drop(due);
            let mut future = locked(&task.future);
            let Some(polled) = future.as_mut() else {
                continue;
            };
            let waker = Waker::from(Arc::clone(&task));
            if polled
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                *future = None;
                locked(&self.due).1 -= 1;
                self.changed.notify_all();
            }
        }
    }

    fn work_on(&self, threads: usize) {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| self.work());
            }
        });
    }
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
            1 => std::panic::resume_unwind(Box::new("a mood")),
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

// The leader fails.

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
            std::panic::resume_unwind(Box::new("twice"));
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
            std::panic::resume_unwind(Box::new("once"));
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

// Cancelled, or set aside.

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

// Circles.

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

// Threads and tasks at one cache.

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

#[test]
fn values_that_stay_on_their_thread_are_shared_there() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(scope = thread)]
    async fn local(n: u32) -> Rc<Cell<u32>> {
        RUNS.fetch_add(1, SeqCst);
        YieldNow::default().await;
        Rc::new(Cell::new(n))
    }
    let here = || {
        let values = run_to_end((0..8).map(|_| Task::new(local(1))).collect());
        assert!(values.iter().all(|value| Rc::ptr_eq(value, &values[0])));
        assert_eq!(four(local::cache_info()), (7, 1, Some(128), 1));
        local::cache_clear();
        assert_eq!(Rc::strong_count(&values[0]), 8);
    };
    here();
    thread::scope(|scope| {
        scope.spawn(here);
        scope.spawn(here);
    });
    assert_eq!(RUNS.load(SeqCst), 3);

    #[lru_cache(scope = thread)]
    async fn fails_at_first(_n: u32) -> Result<Rc<u32>, Rc<u32>> {
        thread_local! { static RUN: Cell<u32> = const { Cell::new(0) } }
        let run = RUN.replace(RUN.get() + 1);
        YieldNow::default().await;
        if run == 0 {
            Err(Rc::new(run))
        } else {
            Ok(Rc::new(run))
        }
    }
    let mut tasks: Vec<_> = (0..4).map(|_| Task::new(fails_at_first(1))).collect();
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    assert_eq!(four(fails_at_first::cache_info()), (2, 2, Some(128), 1));

    // A leader that is dropped, and a circle.
    #[lru_cache(scope = thread)]
    async fn itself(n: u32, #[key(skip)] depth: u32) -> Rc<u32> {
        YieldNow::default().await;
        if depth == 0 {
            return Rc::new(n);
        }
        Rc::new(*Box::pin(itself(n, depth - 1)).await + 1)
    }
    let mut tasks: Vec<_> = (0..3).map(|_| Task::new(itself(1, 2))).collect();
    poll_each(&mut tasks);
    tasks[0].cancel();
    run(&mut tasks);
    assert_eq!(pending(&tasks), 0);
    assert_eq!(tasks[1].output.as_deref(), Some(&3));
    assert_eq!(
        tasks[2].output.as_deref(),
        Some(&1),
        "what was stored first"
    );
}

// Whatever happens to the key meanwhile.

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

// Methods.

static OFFSET: Mutex<u32> = Mutex::new(0);

#[derive(CacheHost, Default)]
struct Host {
    id: u32,
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Host {
    fn new(id: u32) -> Self {
        Host {
            id,
            ..Host::default()
        }
    }

    #[lru_cache]
    async fn own(&self, n: u32) -> u32 {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        self.id + n
    }

    #[lru_cache]
    async fn shared(self: Arc<Self>, text: &str) -> Result<String, u32> {
        let run = self.runs.fetch_add(1, SeqCst);
        YieldNow::default().await;
        if run == 0 {
            return Err(run);
        }
        Ok(format!("{} {text}", self.id))
    }

    #[lru_cache]
    async fn local(self: &Rc<Self>, n: u32) -> Rc<u32> {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        Rc::new(self.id + n)
    }

    #[lru_cache]
    async fn guarded_method(&self, #[key(*OFFSET.lock().unwrap() + n)] n: u32) -> u32 {
        YieldNow::default().await;
        self.id + n
    }

    #[lru_cache]
    async fn by_id(#[key(self.id)] &self, n: u32) -> u32 {
        YieldNow::default().await;
        self.runs.fetch_add(1, SeqCst);
        self.id + n
    }
}

#[test]
fn tasks_share_the_runs_of_methods_on_one_instance() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let (a, b) = (Host::new(10), Host::new(20));
    let calls = |host| (0..4).map(move |_| Task::new(Host::own(host, 1)));
    let values = run_to_end(calls(&a).chain(calls(&b)).collect());
    assert_eq!(values, [11, 11, 11, 11, 21, 21, 21, 21]);
    assert_eq!((a.runs.load(SeqCst), b.runs.load(SeqCst)), (1, 1));
    assert_eq!(four(a.own_cache().cache_info()), (3, 1, Some(128), 1));

    let (a, b) = (Arc::new(Host::new(10)), Arc::new(Host::new(20)));
    b.runs.store(1, SeqCst);
    let calls = |host: &Arc<Host>| {
        let host = Arc::clone(host);
        (0..4).map(move |_| Task::new(Arc::clone(&host).shared("x")))
    };
    let values = run_to_end(calls(&a).chain(calls(&b)).collect());
    assert_eq!(values.iter().filter(|value| value.is_err()).count(), 1);
    assert_eq!(values[4..], ["20 x"; 4].map(|text| Ok(text.to_owned())));
    assert_eq!((a.runs.load(SeqCst), b.runs.load(SeqCst)), (2, 2));
    assert_eq!(four(a.shared_cache().cache_info()), (2, 2, Some(128), 1));
    assert_eq!((Arc::strong_count(&a), Arc::strong_count(&b)), (1, 1));

    let host = Rc::new(Host::new(30));
    let values = run_to_end((0..4).map(|_| Task::new(host.local(1))).collect());
    assert!(values.iter().all(|value| Rc::ptr_eq(value, &values[0])));
    assert_eq!((host.runs.load(SeqCst), Rc::strong_count(&host)), (1, 1));

    let (a, same, b) = (Host::new(40), Host::new(40), Host::new(50));
    let calls = [&a, &same, &b, &same, &a].map(|host| Task::new(host.by_id(1)));
    assert_eq!(run_to_end(calls.into()), [41, 41, 51, 41, 41]);
    assert_eq!(a.runs.load(SeqCst) + same.runs.load(SeqCst), 1);
}

#[test]
fn a_host_that_goes_while_its_tasks_wait_is_gone() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    let host = Arc::new(Host::new(10));
    let weak = Arc::downgrade(&host);
    let call = |_| Task::new(Arc::clone(&host).shared("x"));
    let mut tasks: Vec<_> = (0..3).map(call).collect();
    poll_each(&mut tasks);
    drop(host);
    assert!(weak.upgrade().is_some(), "the futures have it");
    tasks[0].cancel();
    run(&mut tasks);
    assert!(outputs(&tasks)[1..].iter().all(Option::is_some));
    drop(tasks);
    assert!(weak.upgrade().is_none());
}

// What futures are.

#[test]
fn futures_are_send_where_the_body_s_is() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    /// What a key holds that threads may not share is gone before anyone waits.
    #[lru_cache]
    async fn guarded(#[key(*OFFSET.lock().unwrap() + n)] n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    #[lru_cache(tags(format!("{}", OFFSET.lock().unwrap())))]
    async fn local_error(text: &str, list: &[&str]) -> Result<usize, Rc<str>> {
        YieldNow::default().await;
        text.parse::<usize>()
            .map(|n| n + list.len())
            .map_err(|error| error.to_string().into())
    }
    #[lru_cache(cache_if = |value: &Arc<str>| !value.is_empty())]
    async fn user_type(pair: (String, Option<char>)) -> Arc<str> {
        YieldNow::default().await;
        pair.0.into()
    }
    #[lru_cache]
    async fn generic<T: Hash + Eq + Clone + Send + Sync + 'static>(value: &T) -> T {
        YieldNow::default().await;
        value.clone()
    }
    let cache: Cache<String, Arc<str>> = Cache::default();
    let host = Host::new(1);
    assert_eq!(block_on(send(guarded(1))), 1);
    assert_eq!(block_on(send(guarded::cache_refresh(1))), 1);
    assert_eq!(block_on(send(local_error("1", &["a"]))), Ok(2));
    assert!(block_on(send(local_error("x", &["a"]))).is_err());
    assert_eq!(block_on(send(local_error::cache_refresh("1", &[]))), Ok(1));
    assert_eq!(&*block_on(send(user_type(("a".into(), None)))), "a");
    assert_eq!(block_on(send(generic(&'x'))), 'x');
    assert_eq!(block_on(send(host.guarded_method(1))), 2);
    assert_eq!(block_on(send(host.guarded_method_refresh(1))), 2);
    let call = cache.get_or_insert_with_async("a", || async { "b".into() });
    assert_eq!(&*block_on(send(call)), "b");
    let call = cache.try_get_or_insert_with_async("c", || async {
        YieldNow::default().await;
        Err::<Arc<str>, Arc<str>>("d".into())
    });
    assert!(block_on(send(call)).is_err());
    // The errors of tasks on other threads are theirs.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let calls = (0..4).map(|_| Task::new(local_error("y", &[]))).collect();
                assert!(run_to_end(calls).iter().all(Result::is_err));
            });
        }
    });
    assert_eq!(local_error::cache_info().misses, 10);
}

// Wakers.

/// A waker that tells its number.
struct Tells(Sender<u32>, u32);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(self.1);
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

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("a waker"));
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

// Not so yet.

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
fn a_task_waits_for_a_thread_as_long_as_a_thread_does() {
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
        // Longer than for a task, and not as long as for a thread.
        advance(Duration::from_secs(10));
        let early = task.poll().copied();
        go_on.send(()).expect("it waits");
        assert_eq!(early, None);
    });
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
