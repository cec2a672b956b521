//! Computations under way, under every interleaving of those who lead and those who wait.

use std::sync::atomic::AtomicU32;
use std::task::Wake;

use loom::sync::{Condvar, Mutex};
use loom::thread::{JoinHandle, spawn};

use super::*;
use crate::cache::gate::Nobody;
use crate::leading;

/// Threads of a model.
enum Modelled {}

struct Locked<T>(Mutex<T>);

impl<T> Gate<T> for Locked<T> {
    type Reader<'a>
        = Nobody
    where
        Self: 'a;
    type Holder<'a>
        = Nobody
    where
        Self: 'a;

    fn new(state: T, _leans: bool) -> Self {
        Locked(Mutex::new(state))
    }

    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R {
        let mut state = self.0.lock().expect("nothing panics in the gate");
        f(&mut state, false)
    }

    fn is_open(&self) -> bool {
        false
    }

    fn read(&self) -> Option<Nobody> {
        None
    }

    fn read_at_once(&self) -> Option<Nobody> {
        None
    }

    fn hold_at_once(&self) -> Option<Nobody> {
        None
    }
}

impl Scope for Modelled {
    type Gate<T: Logged> = Locked<T>;
    type Setup = Setup;
    const IS_SHARED: bool = true;
    const IS_SMALL: bool = false;
}

/// A cache of such threads.
struct Shared<K> {
    engine: Engine<K, u32, Modelled>,
    runs: AtomicU32,
    inner_calls: AtomicU32,
}

/// A handle to it.
struct Handle<K>(Arc<Shared<K>>);

impl<K> Clone for Handle<K> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

impl<K> Home for Handle<K> {
    type Key = K;
    type Value = u32;
    type Scope = Modelled;

    fn engine(&self) -> &Engine<K, u32, Modelled> {
        &self.0.engine
    }
}

impl<K: Numbered + Hash + Eq> Handle<K> {
    fn new() -> Self {
        let shared = Shared {
            engine: Cache::builder().engine(),
            runs: AtomicU32::new(0),
            inner_calls: AtomicU32::new(0),
        };
        // Of tasks: no timer of the system's is to go off in a model.
        shared.engine.patience().set(Duration::from_secs(600));
        Handle(Arc::new(shared))
    }

    /// Calls with a body that gives a value, or fails; also says how often the body had
    /// run before.
    fn call(&self, key: u32, body: impl FnOnce(u32) -> Option<u32>) -> Option<u32> {
        let key = K::of(key);
        match Flight::board(self.clone(), Asked::NOTHING, &Query::new(&key), &Clones) {
            Given::Flight(mut flight) => {
                let value = body(self.0.runs.fetch_add(1, Ordering::Relaxed))?;
                flight.land(value, &Clones);
                Some(value)
            }
            mut found => Some(found.take()),
        }
    }

    /// The same as a task.
    async fn call_as_task(&self, key: u32, body: impl FnOnce(u32) -> Option<u32>) -> Option<u32> {
        let key = K::of(key);
        let boarding = Flight::begin(self.clone(), &Query::new(&key), &Clones);
        let mut flight = match boarding.wait(&Clones).await {
            Ok(value) => return Some(value),
            Err(flight) => flight,
        };
        let value = body(self.0.runs.fetch_add(1, Ordering::Relaxed))?;
        flight.land(value, &Clones);
        Some(value)
    }

    fn insert(&self, key: u32, value: u32) {
        let engine = self.engine();
        engine.set_owned(K::of(key), value, &Clones, None);
    }

    fn refresh(&self, key: u32, body: impl FnOnce() -> u32) {
        let mut flight = Flight::anew(self.clone(), &Query::new(&K::of(key)), false);
        let value = body();
        flight.land(value, &Clones);
    }

    fn peek(&self, key: u32) -> Option<u32> {
        self.engine().peek(&Query::new(&K::of(key)), &Clones)
    }

    fn runs(&self) -> u32 {
        self.0.runs.load(Ordering::Relaxed)
    }

    /// All calls have ended: these are the hits and the misses, and nothing is left.
    fn ends_with(&self, hits: u64, misses: u64) {
        let info = self.engine().info();
        assert_eq!((info.hits, info.misses), (hits, misses));
        self.is_at_rest();
    }

    fn is_at_rest(&self) {
        assert_eq!(
            self.engine().inspect(|state| state.flights.under_way()),
            0,
            "a computation is left under way"
        );
        assert!(!leading::leads());
    }
}

/// Checks all interleavings of two threads, and of more those with a few preemptions.
fn check(threads: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    if threads > 2 {
        builder.preemption_bound.get_or_insert(4);
    }
    builder.check(model);
}

/// Another thread that makes a call.
fn calling<K: Numbered + Hash + Eq + Send + Sync>(
    cache: &Handle<K>,
    key: u32,
    body: impl FnOnce(u32) -> Option<u32> + 'static,
) -> JoinHandle<Option<u32>> {
    let cache = cache.clone();
    spawn(move || cache.call(key, body))
}

fn ended<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("it does not panic")
}

/// An executor of one task.
fn block_on<F: Future>(future: F) -> F::Output {
    #[derive(Default)]
    struct Woken {
        is: Mutex<bool>,
        changed: Condvar,
    }

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            *self.is.lock().expect("nothing panics in here") = true;
            self.changed.notify_one();
        }
    }

    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let mut is = woken.is.lock().expect("nothing panics in here");
        while !*is {
            is = woken.changed.wait(is).expect("nothing panics in here");
        }
        *is = false;
    }
}

fn all_get_what_one_computes<K: Numbered + Hash + Eq + Send + Sync>(threads: usize) {
    check(threads, move || {
        let cache = Handle::<K>::new();
        let others: Vec<_> = (1..threads)
            .map(|_| calling(&cache, 1, |_| Some(10)))
            .collect();
        let hits = others.len() as u64;
        assert_eq!(cache.call(1, |_| Some(10)), Some(10));
        assert!(others.into_iter().all(|other| ended(other) == Some(10)));
        assert_eq!(cache.runs(), 1);
        cache.ends_with(hits, 1);
    });
}

#[test]
fn loom_two_threads_get_what_one_of_them_computes() {
    all_get_what_one_computes::<u32>(2);
    all_get_what_one_computes::<Clashing>(2);
}

#[test]
fn loom_three_threads_get_what_one_of_them_computes() {
    all_get_what_one_computes::<u32>(3);
    all_get_what_one_computes::<Clashing>(3);
}

fn who_waits_for_a_failure_computes<K: Numbered + Hash + Eq + Send + Sync>(threads: usize) {
    check(threads, move || {
        let cache = Handle::<K>::new();
        let body = |before| (before > 0).then_some(10);
        let others: Vec<_> = (1..threads).map(|_| calling(&cache, 1, body)).collect();
        let hits = others.len() as u64 - 1;
        let mut results = vec![cache.call(1, body)];
        results.extend(others.into_iter().map(ended));
        let failed = results.iter().filter(|result| result.is_none()).count();
        assert_eq!(failed, 1, "the failure is one caller's");
        assert_eq!(cache.runs(), 2);
        cache.ends_with(hits, 2);
    });
}

#[test]
fn loom_who_waits_for_a_failure_computes() {
    who_waits_for_a_failure_computes::<u32>(2);
    who_waits_for_a_failure_computes::<Clashing>(2);
}

#[test]
fn loom_one_of_two_who_wait_for_a_failure_computes() {
    who_waits_for_a_failure_computes::<u32>(3);
    who_waits_for_a_failure_computes::<Clashing>(3);
}

#[test]
fn loom_what_was_begun_before_a_clear_is_not_stored_and_not_joined_after_it() {
    check(3, || {
        let cache = Handle::<u32>::new();
        let source = Arc::new(loom::sync::atomic::AtomicU32::new(1));
        let read = {
            let source = Arc::clone(&source);
            move |_| Some(source.load(Ordering::SeqCst))
        };
        let others = [(); 2].map(|()| calling(&cache, 1, read.clone()));
        source.store(2, Ordering::SeqCst);
        cache.engine().clear();
        assert_eq!(cache.call(1, read), Some(2));
        for other in others {
            assert!(ended(other).is_some());
        }
        assert_eq!(cache.peek(1), Some(2));
        cache.is_at_rest();
    });
}

#[test]
fn loom_an_insert_beats_what_is_being_computed() {
    check(3, || {
        let cache = Handle::<u32>::new();
        let others = [(); 2].map(|()| calling(&cache, 1, |_| Some(10)));
        cache.insert(1, 30);
        assert_eq!(cache.call(1, |_| Some(10)), Some(30));
        for other in others {
            assert!(matches!(ended(other), Some(10 | 30)));
        }
        assert_eq!(cache.peek(1), Some(30));
        cache.is_at_rest();
    });
}

#[test]
fn loom_the_later_of_two_refreshes_stays() {
    check(2, || {
        let cache = Handle::<u32>::new();
        let source = Arc::new(loom::sync::atomic::AtomicU32::new(1));
        let refresh = {
            let (cache, source) = (cache.clone(), Arc::clone(&source));
            move || cache.refresh(1, || source.load(Ordering::SeqCst))
        };
        let other = spawn(refresh.clone());
        source.store(2, Ordering::SeqCst);
        refresh();
        ended(other);
        assert_eq!(cache.peek(1), Some(2));
        cache.is_at_rest();
    });
}

/// So many threads lead a key each, and call that of the next one.
fn all_in_a_circle_end<K: Numbered + Hash + Eq + Send + Sync>(threads: u32) {
    check(threads as usize, move || {
        let cache = Handle::<K>::new();
        let call = move |cache: Handle<K>, own: u32| {
            let inner = cache.clone();
            let result = cache.call(own, move |_| {
                let next = (own + 1) % threads;
                assert_eq!(inner.call(next, |_| Some(next * 10)), Some(next * 10));
                inner.0.inner_calls.fetch_add(1, Ordering::Relaxed);
                Some(own * 10)
            });
            assert_eq!(result, Some(own * 10));
        };
        let others: Vec<_> = (1..threads)
            .map(|own| {
                let cache = cache.clone();
                spawn(move || call(cache, own))
            })
            .collect();
        call(cache.clone(), 0);
        others.into_iter().for_each(ended);
        assert!((0..threads).all(|key| cache.peek(key) == Some(key * 10)));
        assert!(cache.runs() <= threads + 1, "one of them computes, at most");
        let calls = u64::from(threads + cache.0.inner_calls.load(Ordering::Relaxed));
        let misses = cache.runs().into();
        cache.ends_with(calls - misses, misses);
    });
}

#[test]
fn loom_two_who_call_each_others_keys_both_end() {
    all_in_a_circle_end::<u32>(2);
    all_in_a_circle_end::<Clashing>(2);
}

#[test]
fn loom_three_in_a_circle_all_end() {
    all_in_a_circle_end::<u32>(3);
}

#[test]
fn loom_who_runs_out_of_patience_computes_and_nobody_is_left_behind() {
    for threads in [2, 3] {
        check(threads, move || {
            let cache = Handle::<u32>::new();
            cache.engine().patience().set(Duration::ZERO);
            let others: Vec<_> = (1..threads)
                .map(|_| calling(&cache, 1, |_| Some(10)))
                .collect();
            let calls = others.len() as u64 + 1;
            assert_eq!(cache.call(1, |_| Some(10)), Some(10));
            assert!(others.into_iter().all(|other| ended(other) == Some(10)));
            assert_eq!(cache.peek(1), Some(10));
            let misses = cache.runs().into();
            cache.ends_with(calls - misses, misses);
        });
    }
}

#[test]
fn loom_who_runs_out_of_patience_with_a_failure_computes() {
    check(3, || {
        let cache = Handle::<u32>::new();
        cache.engine().patience().set(Duration::ZERO);
        let body = |before| (before > 0).then_some(10);
        let others = [(); 2].map(|()| calling(&cache, 1, body));
        let mut results = vec![cache.call(1, body)];
        results.extend(others.map(ended));
        let failed = results.iter().filter(|result| result.is_none()).count();
        assert_eq!(failed, 1, "the failure is one caller's");
        let misses = cache.runs().into();
        cache.ends_with(3 - misses, misses);
    });
}

/// What a work-stealing pool comes to: a worker with a part of a body calls what that
/// body is for, and leads nothing by which it could be seen.
#[test]
fn loom_a_body_that_waits_for_calls_of_its_own_key_ends() {
    check(3, || {
        let cache = Handle::<u32>::new();
        let result = cache.call(1, |_| {
            let patient = calling(&cache, 1, |_| Some(10));
            cache.engine().patience().set(Duration::ZERO);
            let impatient = calling(&cache, 1, |_| Some(10));
            assert_eq!(ended(impatient), Some(10));
            assert_eq!(ended(patient), Some(10));
            Some(10)
        });
        assert_eq!(result, Some(10));
        assert_eq!(cache.peek(1), Some(10));
        let misses = cache.runs().into();
        cache.ends_with(3 - misses, misses);
    });
}

#[test]
fn loom_a_cancelled_task_hands_over() {
    check(2, || {
        let cache = Handle::<u32>::new();
        let other = {
            let cache = cache.clone();
            spawn(move || {
                let key = 1;
                // Begun, and cancelled before its body has come to anything.
                drop(Flight::begin(cache, &Query::<u32, u32>::new(&key), &Clones));
            })
        };
        let result = block_on(cache.call_as_task(1, |_| Some(10)));
        assert_eq!(result, Some(10));
        ended(other);
        assert_eq!(cache.peek(1), Some(10));
        cache.is_at_rest();
    });
}

#[test]
fn loom_tasks_get_what_one_of_them_computes() {
    check(2, || {
        let cache = Handle::<u32>::new();
        let other = {
            let cache = cache.clone();
            spawn(move || block_on(cache.call_as_task(1, |_| Some(10))))
        };
        let result = block_on(cache.call_as_task(1, |_| Some(10)));
        assert_eq!(result, Some(10));
        assert_eq!(ended(other), Some(10));
        assert_eq!(cache.runs(), 1);
        cache.ends_with(1, 1);
    });
}

#[test]
fn loom_a_thread_waits_for_no_task_and_a_task_for_a_thread() {
    check(2, || {
        let cache = Handle::<u32>::new();
        let other = {
            let cache = cache.clone();
            spawn(move || block_on(cache.call_as_task(1, |_| Some(10))))
        };
        assert_eq!(cache.call(1, |_| Some(10)), Some(10));
        assert_eq!(ended(other), Some(10));
        let misses = cache.runs().into();
        cache.ends_with(2 - misses, misses);
    });
}
