//! The cache as a whole: against a model of a few lines, and in the hands of
//! keys and values that panic, call back, or come from many threads at once.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::hash::Hasher;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use super::*;
use crate::time::Clock;

/// A clock that stands still unless moved.
#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn builder(&self) -> CacheBuilder {
        Cache::builder().clock(Clock {
            manual: Some(Arc::clone(&self.0)),
        })
    }

    fn advance(&self, nanoseconds: u64) {
        self.0.fetch_add(nanoseconds, Ordering::SeqCst);
    }
}

fn nanoseconds(n: u64) -> Duration {
    Duration::from_nanos(n)
}

fn validate<K, V>(cache: &Cache<K, V>) {
    cache.engine.inspect(|state| state.store.validate());
}

fn under_way<K, V>(cache: &Cache<K, V>) -> usize {
    cache.engine.inspect(|state| state.flights.under_way())
}

/// Fails where `body` hangs, which is what a deadlock does.
fn in_time(body: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let worker = thread::spawn(move || {
        body();
        done.send(()).expect("the test waits");
    });
    match wait.recv_timeout(Duration::from_secs(60)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a deadlock"),
        _ => worker.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

// --- Against a model ---

/// What a cache is: a list in order of use, least recent first, from which
/// what has expired is gone at once.
struct Model {
    residents: Vec<Resident>,
    ttl: Option<u64>,
    now: u64,
    info: CacheInfo,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Resident {
    key: u32,
    value: u32,
    deadline: Option<u64>,
}

impl Model {
    fn advance(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        let before = self.residents.len();
        self.residents
            .retain(|entry| entry.deadline.is_none_or(|deadline| deadline > self.now));
        self.info.currsize = self.residents.len();
        self.info.expirations += (before - self.info.currsize) as u64;
    }

    fn take(&mut self, key: u32) -> Option<Resident> {
        let at = self.residents.iter().position(|entry| entry.key == key)?;
        Some(self.residents.remove(at))
    }

    fn peek(&self, key: u32) -> Option<Resident> {
        self.residents
            .iter()
            .find(|entry| entry.key == key)
            .copied()
    }

    fn get(&mut self, key: u32) -> Option<u32> {
        let Some(entry) = self.take(key) else {
            self.info.misses += 1;
            return None;
        };
        self.info.hits += 1;
        self.residents.push(entry);
        Some(entry.value)
    }

    fn insert(&mut self, key: u32, value: u32, ttl: Option<u64>) {
        self.take(key);
        if self.info.maxsize == Some(0) {
            return;
        }
        let deadline = ttl.and_then(|ttl| self.now.checked_add(ttl));
        self.residents.push(Resident {
            key,
            value,
            deadline,
        });
        self.resize(self.info.maxsize);
    }

    fn remove(&mut self, key: u32) -> Option<u32> {
        let removed = self.take(key)?;
        self.info.invalidations += 1;
        Some(removed.value)
    }

    fn resize(&mut self, maxsize: Option<usize>) {
        self.info.maxsize = maxsize;
        while maxsize.is_some_and(|maxsize| self.residents.len() > maxsize) {
            self.residents.remove(0);
            self.info.evictions += 1;
        }
    }

    fn clear(&mut self) {
        self.residents.clear();
        self.info = CacheInfo {
            maxsize: self.info.maxsize,
            ..CacheInfo::default()
        };
    }
}

/// A key or value that stands for a number.
trait Numbered: Clone + Debug + PartialEq + 'static {
    fn of(number: u32) -> Self;
    fn number(&self) -> u32;
}

impl Numbered for u32 {
    fn of(number: u32) -> Self {
        number
    }

    fn number(&self) -> u32 {
        *self
    }
}

/// A type of a user's, of which many have the same hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clashing(Box<u32>);

impl Hash for Clashing {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(*self.0 % 3);
    }
}

impl Numbered for Clashing {
    fn of(number: u32) -> Self {
        Clashing(Box::new(number))
    }

    fn number(&self) -> u32 {
        *self.0
    }
}

/// A cache and its model, to which the same things are done.
struct Twins<K, V> {
    cache: Cache<K, V>,
    model: Model,
    time: Time,
}

impl<K: Numbered + Hash + Eq, V: Numbered> Twins<K, V> {
    fn new(ttl: Option<u64>) -> Self {
        let time = Time::default();
        let cache = time.builder().maxsize(8).ttl(ttl.map(nanoseconds)).build();
        let info = CacheInfo {
            maxsize: Some(8),
            ..CacheInfo::default()
        };
        let model = Model {
            residents: Vec::new(),
            ttl,
            now: 0,
            info,
        };
        Twins { cache, model, time }
    }

    /// Does something, and compares what comes of it.
    fn act(&mut self, rng: &mut fastrand::Rng, value: u32, context: &str) {
        let Twins { cache, model, time } = self;
        let number = rng.u32(..16);
        let key = K::of(number);
        match rng.u32(..100) {
            0..25 => {
                let expected = model.get(number).unwrap_or_else(|| {
                    model.insert(number, value, model.ttl);
                    value
                });
                let result = cache.get_or_insert_with(&key, || V::of(value));
                assert_eq!(result.number(), expected, "{context}: call of {number}");
            }
            25..35 => {
                let result = cache.get(&key).map(|value| value.number());
                assert_eq!(result, model.get(number), "{context}: get of {number}");
            }
            35..40 => {
                let expected = model.get(number).ok_or("failed");
                let result = cache.try_get_or_insert_with(&key, || Err("failed"));
                let result = result.map(|value| value.number());
                assert_eq!(result, expected, "{context}: failing call of {number}");
            }
            40..50 => {
                let live = model.peek(number);
                let left = live.map(|entry| match entry.deadline {
                    Some(deadline) => nanoseconds(deadline - model.now),
                    None => Duration::MAX,
                });
                let peeked = cache.peek(&key).map(|value| value.number());
                assert_eq!(
                    peeked,
                    live.map(|entry| entry.value),
                    "{context}: peek of {number}"
                );
                assert_eq!(cache.ttl(&key), left, "{context}: ttl of {number}");
                assert_eq!(
                    cache.contains(&key),
                    live.is_some(),
                    "{context}: has {number}"
                );
            }
            50..65 => {
                model.insert(number, value, model.ttl);
                cache.insert(key, V::of(value));
            }
            65..72 => {
                let ttl = rng.u64(..30);
                model.insert(number, value, Some(ttl));
                cache.insert_with_ttl(key, V::of(value), nanoseconds(ttl));
            }
            72 => {
                model.insert(number, value, None);
                cache.insert_with_ttl(key, V::of(value), Duration::MAX);
            }
            73..81 => {
                let result = cache.remove(&key).map(|value| value.number());
                assert_eq!(
                    result,
                    model.remove(number),
                    "{context}: remove of {number}"
                );
            }
            81..84 => {
                let maxsize = [Some(0), Some(1), Some(5), Some(8), Some(12), None][rng.usize(..6)];
                model.resize(maxsize);
                cache.resize(maxsize);
            }
            84 if rng.u8(..10) == 0 => {
                model.clear();
                cache.clear();
            }
            84..95 => {
                let step = rng.u64(..10);
                time.advance(step);
                model.advance(step);
            }
            95 => {
                let held = cache.engine.inspect(|state| state.store.len());
                let expired = held - model.residents.len();
                assert_eq!(cache.purge(), expired, "{context}: purge");
            }
            _ => {
                assert_eq!(cache.info(), model.info, "{context}: info");
                assert_eq!(cache.len(), model.residents.len(), "{context}: len");
                assert_eq!(
                    cache.is_empty(),
                    model.residents.is_empty(),
                    "{context}: is_empty"
                );
            }
        }
        // What was stored with a ttl of zero has expired already.
        model.advance(0);
    }

    /// Compares all that can be seen, and walks the invariants.
    fn compare(&self, context: &str) {
        let Twins { cache, model, .. } = self;
        validate(cache);
        let expected = model.residents.iter().map(|entry| (entry.key, entry.value));
        let expected: Vec<(u32, u32)> = expected.collect();
        let numbers = |(key, value): (K, V)| (key.number(), value.number());
        let entries: Vec<(u32, u32)> = cache.entries().into_iter().map(numbers).collect();
        assert_eq!(entries, expected, "{context}: the residents");
        let oldest = cache.least_recent().map(numbers);
        assert_eq!(
            oldest,
            expected.first().copied(),
            "{context}: the least recent"
        );
        // As `info` would say, but without dropping what has expired.
        let info = cache.engine.inspect(|state| {
            assert_eq!(state.flights.under_way(), 0, "{context}: computations");
            let mut info = state.info();
            info.expirations += (info.currsize - expected.len()) as u64;
            info.currsize = expected.len();
            info
        });
        assert_eq!(info, model.info, "{context}: the counters");
    }
}

fn agrees_with_the_model<K: Numbered + Hash + Eq, V: Numbered>(seed: u64, ttl: Option<u64>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut twins: Twins<K, V> = Twins::new(ttl);
    for step in 0..100_000 {
        let context = format!("seed {seed}, ttl {ttl:?}, step {step}");
        twins.act(&mut rng, step, &context);
        twins.compare(&context);
    }
}

#[test]
fn agrees_with_a_model_where_comparing_is_inert() {
    agrees_with_the_model::<u32, u32>(1, None);
}

#[test]
fn agrees_with_a_model_where_comparing_is_inert_and_entries_expire() {
    agrees_with_the_model::<u32, u32>(2, Some(20));
}

#[test]
fn agrees_with_a_model_where_comparing_is_the_user_s() {
    agrees_with_the_model::<Clashing, Clashing>(3, None);
}

#[test]
fn agrees_with_a_model_where_comparing_is_the_user_s_and_entries_expire() {
    agrees_with_the_model::<Clashing, Clashing>(4, Some(20));
}

#[test]
fn agrees_with_a_model_where_only_the_key_or_only_the_value_is_the_user_s() {
    agrees_with_the_model::<u32, Clashing>(5, Some(20));
    agrees_with_the_model::<Clashing, u32>(6, Some(20));
}

#[test]
fn an_inert_key_can_be_looked_up_by_a_type_of_the_user_s() {
    trait Number {
        fn number(&self) -> u32;
    }
    impl Number for u32 {
        fn number(&self) -> u32 {
            *self
        }
    }
    impl Borrow<dyn Number> for u32 {
        fn borrow(&self) -> &(dyn Number + 'static) {
            self
        }
    }
    impl Hash for dyn Number {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.number().hash(state);
        }
    }
    impl PartialEq for dyn Number {
        fn eq(&self, other: &Self) -> bool {
            self.number() == other.number()
        }
    }
    impl Eq for dyn Number {}

    let cache: Cache<u32, u32> = Cache::default();
    for key in 0..4 {
        cache.insert(key, key * 10);
    }
    let two: &dyn Number = &2;
    assert_eq!(cache.get(two), Some(20));
    assert_eq!(cache.get(&2), Some(20));
    assert_eq!(cache.remove(two), Some(20));
    assert_eq!(cache.get(&2), None);
    assert_eq!(cache.entries(), [(0, 0), (1, 10), (3, 30)]);
    validate(&cache);
}

// --- Bounds and time ---

#[test]
fn nothing_is_allocated_for_the_bound() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(usize::MAX).build();
    assert_eq!(cache.parameters().maxsize, Some(usize::MAX));
    cache.insert(1, 10);
    cache.resize(usize::MAX - 1);
    assert_eq!(cache.entries(), [(1, 10)]);
}

#[test]
fn a_bound_of_zero_stores_nothing_and_counts_misses() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(0).build();
    for n in 0..3 {
        assert_eq!(cache.get_or_insert_with(&1, || n), n);
    }
    cache.insert(1, 10);
    assert_eq!(cache.get(&1), None);
    let expected = CacheInfo {
        misses: 4,
        maxsize: Some(0),
        ..CacheInfo::default()
    };
    assert_eq!(cache.info(), expected);
}

#[test]
fn resizing_to_zero_evicts_all_and_back_again_makes_room() {
    let cache: Cache<u32, u32> = Cache::default();
    for key in 0..100 {
        cache.insert(key, key);
    }
    cache.resize(0);
    validate(&cache);
    assert_eq!((cache.len(), cache.info().evictions), (0, 100));
    cache.resize(None);
    cache.insert(1, 10);
    assert_eq!(cache.entries(), [(1, 10)]);
    assert_eq!(cache.parameters().maxsize, None);
}

#[test]
fn purging_drops_what_has_expired_and_says_how_many() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().build();
    for key in 0..100 {
        cache.insert_with_ttl(key, key, nanoseconds(u64::from(key)));
    }
    cache.insert(100, 100);
    time.advance(49);
    let before = cache.info().expirations;
    assert_eq!(before, 50, "an entry whose age is its ttl has expired");
    time.advance(10);
    assert_eq!(cache.purge(), 10);
    assert_eq!(cache.purge(), 0);
    time.advance(1_000_000);
    assert_eq!(cache.purge(), 40);
    assert_eq!(cache.entries(), [(100, 100)]);
    assert_eq!(cache.info().expirations, 100);
    validate(&cache);
}

#[test]
fn writes_take_what_has_expired_along() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().maxsize(100).build();
    for key in 0..50 {
        cache.insert_with_ttl(key, key, nanoseconds(1));
    }
    time.advance(1);
    for key in 100..150 {
        cache.insert(key, key);
    }
    let held = cache.engine.inspect(|state| state.store.len());
    assert_eq!(held, 50, "what has expired is still there");
    assert_eq!((cache.info().expirations, cache.info().evictions), (50, 0));
}

#[test]
fn an_expired_entry_counts_as_expired_however_it_goes() {
    let ways: [fn(&Cache<u32, u32>); 7] = [
        |cache| {
            _ = cache.info();
        },
        |cache| {
            _ = cache.get(&1);
        },
        |cache| {
            _ = cache.remove(&1);
        },
        |cache| {
            _ = cache.get_or_insert_with(&1, || 11);
        },
        |cache| cache.resize(5),
        |cache| cache.insert(2, 20),
        |cache| cache.insert(1, 11),
    ];
    for (index, way) in ways.iter().enumerate() {
        let time = Time::default();
        let cache: Cache<u32, u32> = time.builder().maxsize(10).build();
        cache.insert_with_ttl(1, 10, nanoseconds(1));
        time.advance(1);
        way(&cache);
        let info = cache.info();
        let counted = (info.expirations, info.evictions, info.invalidations);
        assert_eq!(counted, (1, 0, 0), "way {index}");
    }
}

#[test]
fn an_entry_lives_from_the_end_of_its_computation() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().ttl(nanoseconds(10)).build();
    cache.get_or_insert_with(&1, || {
        time.advance(100);
        1
    });
    assert_eq!(cache.ttl(&1), Some(nanoseconds(10)));
    time.advance(9);
    assert_eq!(cache.ttl(&1), Some(nanoseconds(1)));
    time.advance(1);
    assert_eq!(cache.ttl(&1), None);
}

// --- Invalidation beats computation ---

#[test]
fn what_is_invalidated_while_it_is_computed_is_returned_and_not_stored() {
    type Invalidate = fn(&Cache<u32, u32>);
    let cases: [(Invalidate, &[(u32, u32)]); 7] = [
        (Cache::clear, &[]),
        (
            |cache| {
                _ = cache.remove(&1);
            },
            &[(2, 2)],
        ),
        (|cache| cache.insert(1, 50), &[(2, 2), (1, 50)]),
        (
            |cache| cache.insert_with_ttl(1, 50, Duration::ZERO),
            &[(2, 2)],
        ),
        // A computation of the same key within, which is stored first.
        (
            |cache| {
                _ = cache.get_or_insert_with(&1, || 60);
            },
            &[(2, 2), (1, 60)],
        ),
        // Removed, and computed once more.
        (
            |cache| {
                cache.remove(&1);
                cache.get_or_insert_with(&1, || 70);
            },
            &[(2, 2), (1, 70)],
        ),
        // Another key's removal is no business of this one.
        (
            |cache| {
                _ = cache.remove(&2);
            },
            &[(1, 40)],
        ),
    ];
    for (index, (invalidate, expected)) in cases.into_iter().enumerate() {
        let cache: Cache<u32, u32> = Cache::default();
        cache.insert(2, 2);
        let value = cache.get_or_insert_with(&1, || {
            assert_eq!(under_way(&cache), 1);
            invalidate(&cache);
            40
        });
        assert_eq!(value, 40, "case {index}");
        assert_eq!(cache.entries(), expected, "case {index}");
        assert_eq!(under_way(&cache), 0, "case {index}");
    }
}

/// Polls a future that waits for nothing but itself.
fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_future_stores_what_it_computed_unless_it_is_dropped_or_invalidated() {
    async fn pause() {
        let mut paused = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut paused, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
    let cache: Cache<u32, u32> = Cache::default();
    let compute = |value| {
        let cache = cache.clone();
        Box::pin(async move {
            let compute = || async move {
                pause().await;
                value
            };
            cache.get_or_insert_with_async(&1, compute).await
        })
    };
    let mut dropped = compute(1);
    assert_eq!(poll(dropped.as_mut()), Poll::Pending);
    assert_eq!(under_way(&cache), 1);
    drop(dropped);
    assert_eq!((under_way(&cache), cache.len()), (0, 0));

    let mut invalidated = compute(2);
    assert_eq!(poll(invalidated.as_mut()), Poll::Pending);
    cache.clear();
    assert_eq!(poll(invalidated.as_mut()), Poll::Ready(2));
    assert_eq!((under_way(&cache), cache.len()), (0, 0));

    let mut stored = compute(3);
    assert_eq!(poll(stored.as_mut()), Poll::Pending);
    assert_eq!(poll(stored.as_mut()), Poll::Ready(3));
    assert_eq!(poll(compute(4).as_mut()), Poll::Ready(3));

    let failing = cache.try_get_or_insert_with_async(&2, || async { Err("failed") });
    assert_eq!(poll(Box::pin(failing).as_mut()), Poll::Ready(Err("failed")));
    assert_eq!((under_way(&cache), cache.len()), (0, 1));
}

// --- Code of the user's that panics or calls back ---

/// The moments at which a cache runs code of the user's.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Hash,
    Eq,
    Clone,
    Drop,
    Compute,
}

type Hook = Rc<dyn Fn(Moment)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    static ALIVE: Cell<usize> = const { Cell::new(0) };
}

/// Runs the hook, which hears nothing while it runs and nothing after a panic.
fn happens(moment: Moment) {
    if let Some(hook) = HOOK.take() {
        hook(moment);
        HOOK.set(Some(hook));
    }
}

/// A key or value that tells the hook of whatever is done to it.
struct Nosy(u32);

impl Nosy {
    fn new(number: u32) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Nosy(number)
    }
}

impl Hash for Nosy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        happens(Moment::Hash);
        state.write_u32(self.0 % 2);
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        happens(Moment::Eq);
        self.0 == other.0
    }
}

impl Eq for Nosy {}

impl Clone for Nosy {
    fn clone(&self) -> Self {
        happens(Moment::Clone);
        Nosy::new(self.0)
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        // Whoever panics while unwinding is on their own.
        if !thread::panicking() {
            happens(Moment::Drop);
        }
    }
}

type NosyCache = Cache<Nosy, Nosy>;

/// Something done to a cache, and what to call it.
type Operation = (&'static str, fn(&NosyCache));

fn compute(number: u32) -> impl FnOnce() -> Nosy {
    move || {
        happens(Moment::Compute);
        Nosy::new(number)
    }
}

/// A full cache: 1 and 2 are live, 3 and 5 have expired.
fn nosy_cache() -> NosyCache {
    let time = Time::default();
    let cache: NosyCache = time.builder().maxsize(4).build();
    for key in [1, 2] {
        cache.insert(Nosy::new(key), Nosy::new(key * 10));
    }
    for key in [3, 5] {
        cache.insert_with_ttl(Nosy::new(key), Nosy::new(key * 10), nanoseconds(1));
    }
    time.advance(1);
    cache
}

/// Every operation, on every kind of key. What is handed in or out is made and
/// dropped by the cache's user, so those moments are in here as well.
const OPERATIONS: &[Operation] = &[
    ("get a live one", |cache| drop(cache.get(&Nosy::new(1)))),
    ("get an expired one", |cache| drop(cache.get(&Nosy::new(3)))),
    ("get an absent one", |cache| drop(cache.get(&Nosy::new(7)))),
    ("peek", |cache| drop(cache.peek(&Nosy::new(1)))),
    ("contains", |cache| {
        _ = cache.contains(&Nosy::new(1));
    }),
    ("insert", |cache| cache.insert(Nosy::new(7), Nosy::new(70))),
    ("insert, no room", |cache| {
        cache.resize(2);
        cache.insert(Nosy::new(7), Nosy::new(70));
    }),
    ("insert, no bound but zero", |cache| {
        cache.resize(0);
        cache.insert(Nosy::new(7), Nosy::new(70));
    }),
    ("insert for a live one", |cache| {
        cache.insert(Nosy::new(1), Nosy::new(11));
    }),
    ("insert for an expired one", |cache| {
        cache.insert(Nosy::new(3), Nosy::new(31));
    }),
    ("remove a live one", |cache| {
        drop(cache.remove(&Nosy::new(1)));
    }),
    ("remove an expired one", |cache| {
        drop(cache.remove(&Nosy::new(3)));
    }),
    ("clear", |cache| cache.clear()),
    ("purge", |cache| {
        _ = cache.purge();
    }),
    ("resize", |cache| cache.resize(1)),
    ("info", |cache| {
        _ = cache.info();
    }),
    ("entries", |cache| drop(cache.entries())),
    ("least recent", |cache| drop(cache.least_recent())),
    ("call, a hit", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(1), compute(11)));
    }),
    ("call, a miss", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), compute(70)));
    }),
    ("call, expired", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(3), compute(31)));
    }),
    ("call, failing", |cache| {
        drop(cache.try_get_or_insert_with(&Nosy::new(7), || Err(compute(70)())));
    }),
    ("call, cleared meanwhile", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), || {
            cache.clear();
            compute(70)()
        }));
    }),
    ("call, nested", |cache| {
        drop(cache.get_or_insert_with(&Nosy::new(7), || {
            drop(cache.get_or_insert_with(&Nosy::new(7), compute(71)));
            compute(70)()
        }));
    }),
];

/// Runs every operation once for each moment in it, with `act` at that moment;
/// afterwards the cache is whole, usable, and leaks nothing.
fn at_every_moment(act: impl Fn(&NosyCache, Moment) + Clone + 'static) {
    for (name, operation) in OPERATIONS {
        let mut moments = 0;
        for at in 0.. {
            let cache = nosy_cache();
            let heard = Rc::new(RefCell::new(Vec::new()));
            let (log, inside, act) = (Rc::clone(&heard), cache.clone(), act.clone());
            HOOK.set(Some(Rc::new(move |moment| {
                let before = log
                    .replace_with(|heard| [&heard[..], &[moment]].concat())
                    .len();
                if before == at {
                    act(&inside, moment);
                }
            })));
            let outcome = catch_unwind(AssertUnwindSafe(|| operation(&cache)));
            drop(HOOK.take());
            let heard = heard.take();
            if heard.len() <= at {
                assert!(outcome.is_ok(), "{name} fails by itself");
                break;
            }
            moments += 1;
            let context = format!("{name}: {at} of {heard:?}");

            validate(&cache);
            assert_eq!(under_way(&cache), 0, "{context}: a computation never ends");
            assert!(cache.len() <= 4, "{context}: the bound is exceeded");
            cache.resize(4);
            cache.insert(Nosy::new(9), Nosy::new(90));
            let value = cache.get_or_insert_with(&Nosy::new(9), || unreachable!("{context}"));
            assert_eq!(value.0, 90, "{context}");
            assert_eq!(
                cache.remove(&Nosy::new(9)).map(|value| value.0),
                Some(90),
                "{context}"
            );
            validate(&cache);
            drop((value, cache));
            // Rust itself may leak what a function was about to return.
            let excused = outcome.is_err() && heard[at] == Moment::Drop;
            assert!(
                ALIVE.replace(0) == 0 || excused,
                "{context}: something leaks"
            );
        }
        assert!(moments > 0, "{name}: nothing happens");
    }
}

#[test]
fn a_panic_in_user_code_leaves_the_cache_usable() {
    // Not by `panic!`: it would write hundreds of messages.
    at_every_moment(|_, moment| resume_unwind(Box::new(format!("{moment:?}"))));
}

#[test]
fn user_code_may_read_the_cache_that_runs_it() {
    in_time(|| {
        at_every_moment(|cache, _| {
            assert!(cache.len() <= 4);
            assert_eq!(cache.info().currsize, cache.entries().len());
            for key in 0..8 {
                let key = Nosy::new(key);
                assert_eq!(cache.peek(&key).is_some(), cache.contains(&key));
                drop(cache.get(&key));
            }
            drop(cache.least_recent());
        });
    });
}

#[test]
fn user_code_may_change_the_cache_that_runs_it() {
    let changes: [fn(&NosyCache); 6] = [
        NosyCache::clear,
        |cache| cache.resize(1),
        |cache| cache.insert(Nosy::new(1), Nosy::new(12)),
        |cache| cache.insert(Nosy::new(7), Nosy::new(72)),
        |cache| drop(cache.get_or_insert_with(&Nosy::new(7), || Nosy::new(73))),
        |cache| {
            for key in [1, 2, 3, 7] {
                drop(cache.remove(&Nosy::new(key)));
            }
        },
    ];
    in_time(move || {
        for change in changes {
            at_every_moment(move |cache, _| change(cache));
        }
    });
}

#[test]
fn user_code_may_call_the_cache_every_time_it_runs() {
    in_time(|| {
        for (name, operation) in OPERATIONS {
            let cache = nosy_cache();
            let inside = cache.clone();
            HOOK.set(Some(Rc::new(move |_| {
                drop(inside.get_or_insert_with(&Nosy::new(7), || Nosy::new(70)));
                drop(inside.entries());
            })));
            operation(&cache);
            drop(HOOK.take());
            validate(&cache);
            assert_eq!(under_way(&cache), 0, "{name}");
            drop(cache);
            assert_eq!(ALIVE.get(), 0, "{name}: something leaks");
        }
    });
}

// --- Many threads ---

/// A value that counts its kind, and uses its cache when it goes.
struct Counted {
    key: u32,
    cache: Weak<Engine<Clashing, Counted>>,
    alive: Arc<AtomicUsize>,
}

impl Counted {
    fn new(key: u32, cache: &Cache<Clashing, Counted>, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        let (cache, alive) = (Arc::downgrade(&cache.engine), Arc::clone(alive));
        Counted { key, cache, alive }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Counted {
            key: self.key,
            cache: self.cache.clone(),
            alive: Arc::clone(&self.alive),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
        if let (false, Some(engine)) = (thread::panicking(), self.cache.upgrade()) {
            assert!(Cache { engine }.len() <= 12);
        }
    }
}

/// Works the cache from eight threads. Gives the cache, the number of look-ups
/// that count, and the number of values alive.
fn crowd(clearing: bool) -> (Cache<Clashing, Counted>, u64, Arc<AtomicUsize>) {
    let time = Time::default();
    let cache: Cache<Clashing, Counted> = time.builder().maxsize(12).ttl(nanoseconds(500)).build();
    let alive = Arc::new(AtomicUsize::new(0));
    let work = |seed: u64| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut lookups = 0;
        for _ in 0..2_000 {
            let number = rng.u32(..24);
            let key = Clashing::of(number);
            let new = || Counted::new(number, &cache, &alive);
            let found = match rng.u32(..100) {
                0..50 => {
                    lookups += 1;
                    Some(cache.get_or_insert_with(&key, new))
                }
                50..60 => {
                    lookups += 1;
                    cache.get(&key)
                }
                60..70 => cache.peek(&key),
                70..80 => {
                    cache.insert(key, new());
                    None
                }
                80..85 => {
                    cache.insert_with_ttl(key, new(), nanoseconds(rng.u64(..50)));
                    None
                }
                85..93 => cache.remove(&key),
                93 => {
                    assert!(
                        cache
                            .entries()
                            .iter()
                            .all(|(key, value)| key.number() == value.key)
                    );
                    None
                }
                94 if clearing => {
                    cache.clear();
                    None
                }
                95 => {
                    cache.resize(rng.usize(4..=12));
                    None
                }
                96 => {
                    assert!(cache.info().currsize <= 12, "the bound is exceeded");
                    None
                }
                _ => {
                    time.advance(1);
                    None
                }
            };
            assert!(
                found.is_none_or(|value| value.key == number),
                "another key's value"
            );
        }
        lookups
    };
    let work = &work;
    let lookups = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || work(seed))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no thread fails"))
            .sum()
    });
    (cache, lookups, alive)
}

#[test]
fn from_many_threads_the_counters_add_up_and_nothing_leaks() {
    in_time(|| {
        for clearing in [false, true] {
            let (cache, lookups, alive) = crowd(clearing);
            validate(&cache);
            assert_eq!(under_way(&cache), 0);
            let info = cache.info();
            if !clearing {
                assert_eq!(info.hits + info.misses, lookups);
            }
            assert!(info.hits + info.misses <= lookups);
            assert_eq!(alive.load(Ordering::SeqCst), info.currsize);
            cache.clear();
            assert_eq!(alive.load(Ordering::SeqCst), 0);
        }
    });
}

#[test]
fn all_threads_find_what_one_has_stored() {
    let cache: Cache<Clashing, u32> = Cache::default();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..200 {
                    let value = cache.get_or_insert_with(&Clashing::of(number), || number * 10);
                    assert_eq!(value, number * 10);
                }
            });
        }
    });
    let info = cache.info();
    assert_eq!(
        info.currsize, 200,
        "one of several values for a key is kept"
    );
    assert_eq!(info.hits + info.misses, 8 * 200);
    assert!(info.misses >= 200);
    validate(&cache);
}
