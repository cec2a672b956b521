//! Functions that call each other, from many threads and tasks, while whatever can happen
//! to a call happens: panics, errors, cancellations, and every control. Every value is
//! right, every call is counted, and nobody is left behind.
//!
//! `LRUHEAP_STRESS_SECONDS` says how long.

mod common;

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use common::{YieldNow, block_on};
use lruheap::{CacheInfo, lru_cache};

const THREADS: u64 = 8;
const TASKS: usize = 8;
/// Keys are below this one; each asks for smaller ones only.
const KEYS: u64 = 24;
const MAXSIZE: usize = 10;
/// By turns all of the keys are asked for, and these few by so many calls, which are hits
/// nearly all, so that caches let readers in without a lock.
const FEW_KEYS: u64 = 4;
const CALLS_A_TURN: u64 = 1 << 14;
/// One in so many bodies panics, and one in so many fails.
const FAULTS: u32 = 60;

// --- What is called ---

/// What a body panics with, and what it fails with.
#[derive(Clone, Debug, PartialEq)]
struct Fault;

/// One call, as its caller sees it.
#[derive(Default)]
struct Call {
    /// Its own body has begun.
    ran: AtomicBool,
    ended: AtomicBool,
}

impl Call {
    fn runs(&self) {
        self.ran.store(true, Relaxed);
        if fastrand::u32(..FAULTS) == 0 {
            panic_any(Fault);
        }
    }

    fn fails(&self) -> Result<(), Fault> {
        self.runs();
        match fastrand::u32(..FAULTS) {
            0 => Err(Fault),
            _ => Ok(()),
        }
    }
}

/// What the calls of one function come to.
#[derive(Default)]
struct Tally {
    hits: AtomicU64,
    misses: AtomicU64,
}

static LEAVES: Tally = Tally::new();
static LEFT: Tally = Tally::new();
static RIGHT: Tally = Tally::new();

impl Tally {
    const fn new() -> Self {
        Tally {
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// A call that is counted when it ends, however it does.
    fn call(&'static self) -> Counted {
        Counted(self, Call::default())
    }

    fn reset(&self) {
        self.hits.store(0, Relaxed);
        self.misses.store(0, Relaxed);
    }

    fn is(&self, info: CacheInfo) {
        let counted = (self.hits.load(Relaxed), self.misses.load(Relaxed));
        assert_eq!((info.hits, info.misses), counted, "hits and misses");
    }
}

struct Counted(&'static Tally, Call);

impl Counted {
    fn ended<T>(&self, result: T) -> T {
        self.1.ended.store(true, Relaxed);
        result
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        PROGRESS.fetch_add(1, Relaxed);
        let Counted(tally, call) = self;
        if *call.ran.get_mut() {
            tally.misses.fetch_add(1, Relaxed);
        } else if *call.ended.get_mut() {
            tally.hits.fetch_add(1, Relaxed);
        }
        // Else it was cancelled before it came to anything.
    }
}

/// A function that threads call, in tasks and bodies of tasks as well.
#[lru_cache(maxsize = MAXSIZE, tags(format!("third:{}", n % 3)))]
fn leaf(n: u64, #[key(skip)] call: &Call) -> Result<u64, Fault> {
    call.fails()?;
    if n < 2 {
        return Ok(n + 1);
    }
    let (a, b) = (call_leaf(n - 1)?, call_leaf(n / 2)?);
    Ok(a.wrapping_mul(3).wrapping_add(b))
}

/// Asks for two at a time.
#[lru_cache(maxsize = MAXSIZE, tags("left", format!("third:{}", n % 3)))]
async fn left(n: u64, #[key(skip)] call: &Call) -> u64 {
    call.runs();
    if n == 0 {
        return 5;
    }
    sometimes_yield().await;
    let (a, b) = both(call_right(n - 1), call_right(n / 2)).await;
    let c = call_leaf(n / 2).unwrap_or_else(|_| values().leaf[at(n / 2)]);
    let right = |result: Result<u64, Fault>, n| result.unwrap_or_else(|_| values().right[at(n)]);
    combine(right(a, n - 1), right(b, n / 2), c)
}

#[lru_cache(maxsize = MAXSIZE)]
async fn right(n: u64, #[key(skip)] call: &Call) -> Result<u64, Fault> {
    call.fails()?;
    if n == 0 {
        return Ok(7);
    }
    let a = call_leaf(n - 1)?;
    let b = call_left(n - 1).await;
    sometimes_yield().await;
    let c = call_right(n / 2).await?;
    Ok(combine(a, b, c))
}

fn call_leaf(n: u64) -> Result<u64, Fault> {
    let call = LEAVES.call();
    call.ended(leaf(n, &call.1))
}

fn call_left(n: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move {
        let call = LEFT.call();
        let result = left(n, &call.1).await;
        call.ended(result)
    })
}

fn call_right(n: u64) -> Pin<Box<dyn Future<Output = Result<u64, Fault>>>> {
    Box::pin(async move {
        let call = RIGHT.call();
        let result = right(n, &call.1).await;
        call.ended(result)
    })
}

fn combine(a: u64, b: u64, c: u64) -> u64 {
    a.wrapping_mul(3).wrapping_add(b.rotate_left(7)) ^ c
}

fn at(n: u64) -> usize {
    usize::try_from(n).expect("a small number")
}

/// What all of it should give.
struct Values {
    leaf: Vec<u64>,
    left: Vec<u64>,
    right: Vec<u64>,
}

fn values() -> &'static Values {
    static VALUES: LazyLock<Values> = LazyLock::new(|| {
        let mut leaf = vec![1_u64, 2];
        let (mut left, mut right) = (vec![5], vec![7]);
        for n in 1..at(KEYS) {
            if n > 1 {
                leaf.push(leaf[n - 1].wrapping_mul(3).wrapping_add(leaf[n / 2]));
            }
            left.push(combine(right[n - 1], right[n / 2], leaf[n / 2]));
            right.push(combine(leaf[n - 1], left[n - 1], right[n / 2]));
        }
        Values { leaf, left, right }
    });
    &VALUES
}

async fn sometimes_yield() {
    for _ in 0..fastrand::u32(..3) {
        YieldNow::default().await;
    }
}

/// Both results, of futures that go on side by side.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    std::future::poll_fn(move |context| {
        if of_a.is_none() {
            if let Poll::Ready(output) = a.as_mut().poll(context) {
                of_a = Some(output);
            }
        }
        if of_b.is_none() {
            if let Poll::Ready(output) = b.as_mut().poll(context) {
                of_b = Some(output);
            }
        }
        match (of_a.take(), of_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (of_a, of_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

// --- What happens ---

/// Whether a thing that is not to happen often does.
fn once_in(n: u32) -> bool {
    fastrand::u32(..n) == 0
}

/// Whether it is the turn of those who mostly read.
fn is_calm() -> bool {
    PROGRESS.load(Relaxed) / CALLS_A_TURN % 2 == 1
}

/// Calls of what is there, if nothing else has happened, and whether they went well is
/// checked.
async fn read() {
    for _ in 0..50 {
        let n = fastrand::u64(..FEW_KEYS);
        let result = call_leaf(n);
        assert!(result.is_err() || result == Ok(values().leaf[at(n)]));
        assert_eq!(call_left(n).await, values().left[at(n)]);
        let result = call_right(n).await;
        assert!(result.is_err() || result == Ok(values().right[at(n)]));
    }
}

/// One thing or another, and whether it went well is checked.
async fn act(clearing: bool) {
    if is_calm() && !once_in(200) {
        return read().await;
    }
    let n = fastrand::u64(..KEYS);
    let (leaf_value, left_value, right_value) = {
        let values = values();
        (values.leaf[at(n)], values.left[at(n)], values.right[at(n)])
    };
    let is = |result: &Result<u64, Fault>, value| result.as_ref().is_ok_and(|got| *got == value);
    let no_call = Call::default();
    match fastrand::u32(..100) {
        0..25 => {
            let result = call_leaf(n);
            assert!(result.is_err() || is(&result, leaf_value));
        }
        25..50 => assert_eq!(call_left(n).await, left_value),
        50..75 => {
            let result = call_right(n).await;
            assert!(result.is_err() || is(&result, right_value));
        }
        75..79 => {
            // Not counted.
            let result = leaf::cache_refresh(n, &no_call);
            assert!(result.is_err() || is(&result, leaf_value));
        }
        79..82 => assert_eq!(left::cache_refresh(n, &no_call).await, left_value),
        82..85 => {
            let result = right::cache_refresh(n, &no_call).await;
            assert!(result.is_err() || is(&result, right_value));
        }
        85 => leaf::cache_insert(n, &no_call, leaf_value),
        86 => left::cache_insert(n, &no_call, left_value),
        87 => right::cache_insert(n, &no_call, right_value),
        88 => {
            let removed = leaf::cache_remove(n, &no_call);
            assert!(removed.is_none_or(|value| value == leaf_value));
        }
        89 => {
            let removed = left::cache_remove(n, &no_call);
            assert!(removed.is_none_or(|value| value == left_value));
        }
        90 => {
            let removed = right::cache_remove(n, &no_call);
            assert!(removed.is_none_or(|value| value == right_value));
        }
        91 => drop(lruheap::invalidate_tag(&format!("third:{}", n % 3))),
        92 => drop(lruheap::invalidate_tag("left")),
        93 if once_in(4) => {
            let maxsize = if once_in(8) {
                0
            } else {
                fastrand::usize(4..=MAXSIZE)
            };
            left::cache_resize(maxsize);
            right::cache_resize(maxsize);
        }
        94 if clearing && once_in(4) => leaf::cache_clear(),
        95 if clearing && once_in(4) => left::cache_clear(),
        96 if clearing && once_in(4) => right::cache_clear(),
        _ => {
            let peeked = left::cache_peek(n, &no_call);
            assert!(peeked.is_none_or(|value| value == left_value));
            for info in [leaf::cache_info(), left::cache_info(), right::cache_info()] {
                assert!(info.currsize <= MAXSIZE, "{info}");
            }
        }
    }
}

/// Wakes the thread of a task, and says which task.
struct Woken {
    is: AtomicBool,
    thread: Thread,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is.store(true, std::sync::atomic::Ordering::Release);
        self.thread.unpark();
    }
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    woken: Arc<Woken>,
}

impl Task {
    fn new(clearing: bool) -> Self {
        Task {
            future: Box::pin(act(clearing)),
            woken: Arc::new(Woken {
                is: AtomicBool::new(true),
                thread: thread::current(),
            }),
        }
    }

    /// Whether it has ended, well or by a fault.
    fn poll(&mut self) -> bool {
        let waker = Waker::from(Arc::clone(&self.woken));
        let context = &mut Context::from_waker(&waker);
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.is_ready(),
            Err(panic) if panic.is::<Fault>() => true,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Polls the tasks of one thread as they are woken, and cancels one now and then.
fn execute(until: Instant, clearing: bool) {
    let mut tasks: Vec<Task> = (0..TASKS).map(|_| Task::new(clearing)).collect();
    loop {
        let stops = Instant::now() >= until;
        let mut polled = false;
        let mut at = 0;
        while at < tasks.len() {
            let task = &mut tasks[at];
            let is_woken = task
                .woken
                .is
                .swap(false, std::sync::atomic::Ordering::Acquire);
            polled |= is_woken;
            let is_over = is_woken && task.poll() || once_in(500);
            match (is_over, stops) {
                (false, _) => at += 1,
                (true, false) => {
                    *task = Task::new(clearing);
                    at += 1;
                }
                (true, true) => drop(tasks.swap_remove(at)),
            }
        }
        if tasks.is_empty() {
            return;
        }
        if !polled {
            // Not for ever: those that are never woken are the watchdog's.
            thread::park_timeout(Duration::from_secs(1));
        }
    }
}

// --- The test ---

static PROGRESS: AtomicU64 = AtomicU64::new(0);

/// Aborts the process when no call has ended for half a minute; hold what this gives
/// until the end of the test.
fn watch() -> Sender<()> {
    let (alive, owner) = channel();
    thread::spawn(move || {
        let mut seen = 0;
        while owner.recv_timeout(Duration::from_secs(30)) == Err(RecvTimeoutError::Timeout) {
            let now = PROGRESS.load(Relaxed);
            if now == seen {
                eprintln!("the stress test hangs after {now} calls");
                std::process::abort();
            }
            seen = now;
        }
    });
    alive
}

/// Only what is no fault is shown.
fn show_no_faults() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let payload: &(dyn Any + Send) = panic.payload();
        if !payload.is::<Fault>() {
            show(panic);
        }
    }));
}

fn phase(time: Duration, clearing: bool) {
    leaf::cache_clear();
    left::cache_clear();
    right::cache_clear();
    for tally in [&LEAVES, &LEFT, &RIGHT] {
        tally.reset();
    }
    let until = Instant::now() + time;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| execute(until, clearing));
        }
    });
}

/// A call that neither panics nor fails, again and again until there is one.
fn surely<T>(call: impl Fn() -> Result<T, Fault>) -> T {
    loop {
        match catch_unwind(AssertUnwindSafe(&call)) {
            Ok(Ok(value)) => return value,
            Ok(Err(Fault)) => {}
            Err(panic) if panic.is::<Fault>() => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Nothing is under way: who calls does not wait.
fn is_at_rest() {
    // Makes misses of all calls, and keeps nobody from being waited for.
    let resize = |maxsize: Option<usize>| {
        leaf::cache_resize(maxsize);
        left::cache_resize(maxsize);
        right::cache_resize(maxsize);
    };
    resize(Some(0));
    resize(None);
    for n in 0..KEYS {
        let start = Instant::now();
        assert_eq!(surely(|| call_leaf(n)), values().leaf[at(n)]);
        assert_eq!(surely(|| Ok(block_on(call_left(n)))), values().left[at(n)]);
        assert_eq!(surely(|| block_on(call_right(n))), values().right[at(n)]);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{n} is waited for"
        );
    }
    resize(Some(MAXSIZE));
}

#[test]
fn whatever_happens_values_are_right_calls_are_counted_and_all_end() {
    let _watched = watch();
    show_no_faults();
    let seconds = std::env::var("LRUHEAP_STRESS_SECONDS");
    let seconds = seconds.map_or(3.0, |seconds| seconds.parse().expect("seconds"));
    let half = Duration::from_secs_f64(seconds / 2.0);

    phase(half, true);
    is_at_rest();

    phase(half, false);
    is_at_rest();
    LEAVES.is(leaf::cache_info());
    LEFT.is(left::cache_info());
    RIGHT.is(right::cache_info());
    eprintln!(
        "{} calls; {}; {}; {}",
        PROGRESS.load(Relaxed),
        leaf::cache_info(),
        left::cache_info(),
        right::cache_info()
    );
}
