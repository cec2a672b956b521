//! Concurrent misses on one key run the body once, as threads see it. (Circles of
//! waits are next door.)
//!
//! Whether a thread waits already can't be seen from outside. So callers say that
//! they are about to call, the body goes on when all have, and what is asserted
//! holds for those who come late as well.

#![allow(clippy::items_after_statements)] // functions inside tests
#![allow(clippy::unnecessary_wraps)] // they are examples of signatures

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicIsize, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use common::{four, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// Counts those who come.
struct Crowd {
    here: Mutex<usize>,
    changed: Condvar,
}

impl Crowd {
    const fn new() -> Self {
        Crowd {
            here: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    fn come(&self) {
        *self.here.lock().unwrap() += 1;
        self.changed.notify_all();
    }

    /// Waits until `n` have come, and then lets them get on for a while.
    fn wait_for(&self, n: usize) {
        let here = self.here.lock().unwrap();
        drop(self.changed.wait_while(here, |here| *here < n));
        for _ in 0..100 {
            thread::yield_now();
        }
    }

    fn leave(&self) {
        *self.here.lock().unwrap() = 0;
    }
}

/// What `n` threads that start at once get.
fn together<R: Send>(n: usize, call: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(n);
    thread::scope(|scope| {
        let (start, call) = (&start, &call);
        let caller = |i| {
            scope.spawn(move || {
                start.wait();
                call(i)
            })
        };
        let callers: Vec<_> = (0..n).map(caller).collect();
        callers.into_iter().map(|c| c.join().unwrap()).collect()
    })
}

/// A user's key, all of one hash.
#[derive(Clone, PartialEq, Eq)]
struct Clashing(usize);

impl Hash for Clashing {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// 32 threads that make one call all get the one value that there is.
fn assert_one_value<V: Send + Sync>(callers: &Crowd, call: impl Fn() -> Arc<V> + Sync) {
    callers.leave();
    let values = together(32, |_| {
        callers.come();
        call()
    });
    assert!(values.iter().all(|value| Arc::ptr_eq(value, &values[0])));
}

#[test]
fn thirty_two_threads_with_one_cold_key_run_the_body_once() {
    let _watchdog = watchdog();
    static CALLERS: Crowd = Crowd::new();
    #[lru_cache]
    fn number(n: usize) -> Arc<usize> {
        CALLERS.wait_for(32);
        n.into()
    }
    #[lru_cache]
    fn text(text: &str) -> Arc<String> {
        CALLERS.wait_for(32);
        Arc::new(text.to_owned())
    }
    #[lru_cache]
    fn clashing(key: &Clashing, text: String) -> Arc<(usize, String)> {
        CALLERS.wait_for(32);
        Arc::new((key.0, text))
    }
    #[lru_cache]
    fn fails_never() -> Result<Arc<u8>, Rc<str>> {
        CALLERS.wait_for(32);
        Ok(1.into())
    }
    assert_one_value(&CALLERS, || number(1));
    assert_eq!(four(number::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || text("a"));
    assert_eq!(four(text::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || clashing(&Clashing(3), "a".into()));
    assert_eq!(four(clashing::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || fails_never().unwrap());
    assert_eq!(four(fails_never::cache_info()), (31, 1, Some(128), 1));

    let cache: Cache<String, Arc<usize>> = Cache::default();
    let runs = AtomicUsize::new(0);
    assert_one_value(&CALLERS, || {
        cache.clone().get_or_insert_with("a", || {
            CALLERS.wait_for(32);
            runs.fetch_add(1, Relaxed).into()
        })
    });
    assert_one_value(&CALLERS, || {
        let computed = cache.try_get_or_insert_with("b", || {
            CALLERS.wait_for(32);
            Ok::<_, ()>(runs.fetch_add(1, Relaxed).into())
        });
        computed.unwrap()
    });
    assert_eq!(four(cache.info()), (62, 2, None, 2));
    assert_eq!(runs.into_inner(), 2);
}

#[test]
fn methods_run_once_for_each_instance() {
    let _watchdog = watchdog();
    #[derive(CacheHost)]
    struct Host {
        callers: Crowd,
        both: Arc<Barrier>,
        caches: InstanceCaches,
    }
    impl Host {
        fn wait(&self) -> Arc<usize> {
            self.callers.wait_for(32);
            // No instance waits for another.
            self.both.wait();
            Arc::new(7)
        }
        #[lru_cache]
        fn field(&self, text: &str) -> Arc<usize> {
            assert_eq!(text, "a");
            self.wait()
        }
        #[lru_cache]
        fn pointer(self: Arc<Self>) -> Arc<usize> {
            self.wait()
        }
    }
    let both = Arc::new(Barrier::new(2));
    let hosts = [0; 2].map(|_| {
        Arc::new(Host {
            callers: Crowd::new(),
            both: Arc::clone(&both),
            caches: InstanceCaches::new(),
        })
    });
    let first = &hosts[0];
    together(2, |i| {
        let host = &hosts[i];
        assert_one_value(&host.callers, || host.field("a"));
        assert_one_value(&host.callers, || Arc::clone(host).pointer());
        assert_eq!(four(host.field_cache().cache_info()), (31, 1, Some(128), 1));
        assert_eq!(
            four(host.pointer_cache().cache_info()),
            (31, 1, Some(128), 1)
        );
    });
    assert!(!Arc::ptr_eq(&first.field("a"), &hosts[1].field("a")));
    assert_eq!(Arc::strong_count(first), 1);
}

/// Callers of a slow `Clone` are in it at one time, and the cache is free meanwhile.
#[test]
fn waiters_clone_at_one_time() {
    let _watchdog = watchdog();
    static CALLERS: Crowd = Crowd::new();
    static CLONES: Crowd = Crowd::new();
    thread_local!(static LEADS: Cell<bool> = const { Cell::new(false) });

    struct Slow(usize);
    impl Clone for Slow {
        fn clone(&self) -> Self {
            if !LEADS.get() {
                CLONES.come();
                CLONES.wait_for(2);
                assert!(slow::cache_contains(1));
            }
            Slow(self.0)
        }
    }
    #[lru_cache]
    fn slow(n: usize) -> Slow {
        LEADS.set(true);
        CALLERS.wait_for(32);
        Slow(n)
    }
    let values = together(32, |_| {
        CALLERS.come();
        slow(1).0
    });
    assert_eq!(values, [1; 32]);
    assert_eq!(four(slow::cache_info()), (31, 1, Some(128), 1));
}

#[test]
fn unrelated_keys_with_one_hash_do_not_wait_for_each_other() {
    let _watchdog = watchdog();
    static ALL: Barrier = Barrier::new(8);
    #[lru_cache]
    fn key(key: Clashing) -> usize {
        ALL.wait();
        key.0
    }
    let values = together(16, |i| key(Clashing(i % 8)));
    assert!((0..16).all(|i| values[i] == i % 8));
    assert_eq!(four(key::cache_info()), (8, 8, Some(128), 8));
}

/// In what is waited for in the middle of a computation and what is not.
#[test]
fn a_thousand_keys_leave_nothing_behind() {
    const THREADS: usize = 4;
    let _watchdog = watchdog();
    static ALIVE: AtomicIsize = AtomicIsize::new(0);

    #[derive(PartialEq, Eq, Hash)]
    struct Counted(usize);
    impl Counted {
        fn new(n: usize) -> Self {
            ALIVE.fetch_add(1, Relaxed);
            Counted(n)
        }
    }
    impl Clone for Counted {
        fn clone(&self) -> Self {
            Counted::new(self.0)
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Relaxed);
        }
    }
    #[lru_cache(maxsize = None)]
    fn inner(key: &Counted) -> Counted {
        thread::yield_now();
        key.clone()
    }
    #[lru_cache(maxsize = None)]
    fn outer(key: Counted, caller: usize) -> Counted {
        assert!(caller < THREADS);
        inner(&key)
    }
    let steps = Barrier::new(THREADS);
    let held = together(THREADS, |caller| {
        let round = |keys| {
            for n in keys {
                steps.wait();
                assert_eq!(inner(&Counted::new(n)).0, n);
                steps.wait();
                assert_eq!(outer(Counted::new(n + 5000), caller).0, n + 5000);
            }
            if steps.wait().is_leader() {
                let info = inner::cache_info();
                let (calls, keys) = (info.hits + info.misses, info.currsize as u64);
                assert_eq!((info.misses, calls), (keys, keys * THREADS as u64));
                inner::cache_clear();
                outer::cache_clear();
            }
            steps.wait();
            counting::bytes()
        };
        let before = round(0..100);
        round(100..1100) - before
    });
    let held: isize = held.iter().sum();
    assert!(held < 2000 * 8, "{held} bytes are left of 2000 keys");
    assert_eq!(ALIVE.load(Relaxed), 0);
}

#[test]
fn eight_callers_that_fail_run_one_after_the_other() {
    let _watchdog = watchdog();
    static CALLERS: Crowd = Crowd::new();
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    fn run() -> Result<u64, u64> {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        assert_eq!(INSIDE.fetch_add(1, Relaxed), 0, "two at once");
        CALLERS.wait_for(8);
        INSIDE.fetch_sub(1, Relaxed);
        Err(RUNS.fetch_add(1, Relaxed))
    }
    #[lru_cache]
    fn fails(key: &Clashing) -> Result<u64, u64> {
        assert_eq!(key.0, 1);
        run()
    }
    let eight = |call: &(dyn Fn() -> Result<u64, u64> + Sync)| {
        CALLERS.leave();
        let results = together(8, |_| {
            CALLERS.come();
            call().unwrap_err()
        });
        results.into_iter().collect::<HashSet<_>>()
    };
    assert_eq!(eight(&|| fails(&Clashing(1))), (0..8).collect());
    assert_eq!(four(fails::cache_info()), (0, 8, Some(128), 0));
    let cache: Cache<u64, u64> = Cache::default();
    let call = || cache.try_get_or_insert_with(&1, run);
    assert_eq!(eight(&call), (8..16).collect());
    assert_eq!(four(cache.info()), (0, 8, None, 0));
}

#[test]
fn errors_and_panics_reach_one_caller_each() {
    let _watchdog = watchdog();
    static CALLERS: Crowd = Crowd::new();
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[lru_cache]
    fn mixed(text: &str) -> Result<u64, u64> {
        assert_eq!(text, "a");
        assert_eq!(INSIDE.fetch_add(1, Relaxed), 0, "two at once");
        CALLERS.wait_for(16);
        INSIDE.fetch_sub(1, Relaxed);
        match RUNS.fetch_add(1, Relaxed) {
            run @ (0 | 3) => Err(run),
            run @ (1 | 2) => std::panic::panic_any(run),
            run => Ok(run),
        }
    }
    let results = together(16, |_| {
        CALLERS.come();
        catch_unwind(|| mixed("a")).map_err(|panic| *panic.downcast::<u64>().unwrap())
    });
    let of = |wanted| results.iter().filter(|result| **result == wanted).count();
    assert_eq!([of(Ok(Err(0))), of(Ok(Err(3)))], [1, 1]);
    assert_eq!([of(Err(1)), of(Err(2))], [1, 1]);
    assert_eq!(of(Ok(Ok(4))), 12);
    assert_eq!(four(mixed::cache_info()), (11, 5, Some(128), 1));
}

/// Callers of a function that keeps nothing.
struct Unkept {
    callers: Crowd,
    runs: AtomicU64,
}

impl Unkept {
    const fn new() -> Self {
        Unkept {
            callers: Crowd::new(),
            runs: AtomicU64::new(0),
        }
    }

    fn body(&self) -> u64 {
        self.callers.wait_for(16);
        self.runs.fetch_add(1, Relaxed)
    }

    /// Calls until callers have shared a result, as all do who come in time. How
    /// many calls that took, and how many ran the body.
    fn share(&self, call: impl Fn() + Sync) -> (u64, u64) {
        for round in 1..=50 {
            self.callers.leave();
            let before = self.runs.load(Relaxed);
            together(16, |_| {
                self.callers.come();
                call();
            });
            let runs = self.runs.load(Relaxed);
            if runs - before < 16 {
                return (round * 16, runs);
            }
        }
        panic!("each caller ran the body");
    }
}

#[test]
fn waiters_get_a_value_that_is_not_kept() {
    let _watchdog = watchdog();
    static UNKEPT: [Unkept; 5] = [const { Unkept::new() }; 5];

    #[lru_cache(cache_if = |_: &u64| false)]
    fn refused() -> u64 {
        UNKEPT[0].body()
    }
    let (calls, runs) = UNKEPT[0].share(|| _ = refused());
    assert_eq!(
        four(refused::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    #[lru_cache(cache_none = false)]
    fn none(text: &str) -> Option<String> {
        UNKEPT[1].body();
        text.strip_prefix("b").map(str::to_owned)
    }
    let (calls, runs) = UNKEPT[1].share(|| assert_eq!(none("a"), None));
    assert_eq!(four(none::cache_info()), (calls - runs, runs, Some(128), 0));

    #[lru_cache(ttl_with = |_: &u64| Duration::ZERO)]
    fn expired(key: &Clashing) -> u64 {
        UNKEPT[2].body() * key.0 as u64
    }
    let (calls, runs) = UNKEPT[2].share(|| _ = expired(&Clashing(1)));
    assert_eq!(
        four(expired::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    #[lru_cache(cache_if = |_: &u64| false)]
    fn fallible() -> Result<u64, Rc<str>> {
        Ok(UNKEPT[3].body())
    }
    let (calls, runs) = UNKEPT[3].share(|| _ = fallible());
    assert_eq!(
        four(fallible::cache_info()),
        (calls - runs, runs, Some(128), 0)
    );

    // Evicted at once.
    #[lru_cache(maxsize = 1)]
    fn crowded(n: u64) -> u64 {
        if n == 0 { UNKEPT[4].body() } else { n }
    }
    let is_over = AtomicU64::new(0);
    thread::scope(|scope| {
        let others = scope.spawn(|| {
            let others = (1..).take_while(|_| is_over.load(Relaxed) == 0);
            others.map(crowded).count() as u64
        });
        let (calls, _) = UNKEPT[4].share(|| _ = crowded(0));
        is_over.store(1, Relaxed);
        let info = crowded::cache_info();
        assert!(info.hits + info.misses >= calls && info.currsize <= 1);
        let others = others.join().unwrap();
        let info = crowded::cache_info();
        assert_eq!(info.hits + info.misses, calls + others);
    });
}

/// All bodies are under way at one time.
#[test]
fn nobody_waits_where_calls_are_not_joined() {
    let _watchdog = watchdog();
    static ALL: Barrier = Barrier::new(8);
    #[lru_cache(maxsize = 0)]
    fn nothing(n: u64) -> u64 {
        ALL.wait();
        n
    }
    #[lru_cache(coalesce = false)]
    fn apart(text: &str) -> usize {
        ALL.wait();
        text.len()
    }
    #[lru_cache(scope = thread)]
    fn local(n: u64) -> Rc<u64> {
        ALL.wait();
        n.into()
    }
    struct Pointed;
    impl Pointed {
        #[lru_cache]
        fn rc(self: &Rc<Self>) -> Rc<u64> {
            ALL.wait();
            1.into()
        }
    }
    assert_eq!(together(8, |_| nothing(1)), [1; 8]);
    assert_eq!(four(nothing::cache_info()), (0, 8, Some(0), 0));
    assert_eq!(together(8, |_| apart("a")), [1; 8]);
    assert_eq!(four(apart::cache_info()), (0, 8, Some(128), 1));
    together(8, |_| {
        assert_eq!((*local(1), *local(1)), (1, 1));
        assert_eq!(four(local::cache_info()), (1, 1, Some(128), 1));
        let pointed = Rc::new(Pointed);
        assert_eq!((*pointed.rc(), *pointed.rc()), (1, 1));
        let info = pointed.rc_cache().cache_info();
        assert_eq!(four(info), (1, 1, Some(128), 1));
    });
    for cache in [
        Cache::builder().maxsize(0).build::<Clashing, u64>(),
        Cache::builder().coalesce(false).build(),
    ] {
        together(8, |_| {
            cache.get_or_insert_with(&Clashing(1), || {
                ALL.wait();
                1
            })
        });
        let info = cache.info();
        assert_eq!((info.hits, info.misses), (0, 8));
    }
}

/// A body whose first run waits in its middle, while eight others wait for it and
/// something happens. Each run gives its number.
struct Interruption {
    callers: Crowd,
    started: Barrier,
    go_on: Barrier,
    runs: AtomicU64,
}

/// What the first caller got, those who waited, and one who came afterwards.
#[derive(Debug)]
struct Got {
    first: u64,
    waiters: Vec<u64>,
    after: u64,
}

impl Interruption {
    const fn new() -> Self {
        Interruption {
            callers: Crowd::new(),
            started: Barrier::new(2),
            go_on: Barrier::new(2),
            runs: AtomicU64::new(0),
        }
    }

    fn body(&self) -> u64 {
        let run = self.runs.fetch_add(1, Relaxed);
        if run == 0 {
            self.started.wait();
            self.go_on.wait();
        }
        run
    }

    fn runs(&self) -> u64 {
        self.runs.load(Relaxed)
    }

    /// The caller afterwards comes before the first run has ended. So all who waited
    /// are to be served before it has.
    fn served_before(&self, call: impl Fn() -> u64 + Sync, act: impl FnOnce()) -> Got {
        self.around(&call, act, |waiters| {
            let after = call();
            let waiters = waiters();
            self.go_on.wait();
            (waiters, after)
        })
    }

    /// The same, but those who waited may go on waiting.
    fn not_joined(&self, call: impl Fn() -> u64 + Sync, act: impl FnOnce()) -> Got {
        self.around(&call, act, |waiters| {
            let after = call();
            self.go_on.wait();
            (waiters(), after)
        })
    }

    /// The caller afterwards comes when all others have been served.
    fn served_by_it(&self, call: impl Fn() -> u64 + Sync, act: impl FnOnce()) -> Got {
        self.around(&call, act, |waiters| {
            self.go_on.wait();
            (waiters(), call())
        })
    }

    fn around(
        &self,
        call: &(impl Fn() -> u64 + Sync),
        act: impl FnOnce(),
        end: impl FnOnce(&mut dyn FnMut() -> Vec<u64>) -> (Vec<u64>, u64),
    ) -> Got {
        thread::scope(|scope| {
            let first = scope.spawn(call);
            self.started.wait();
            let waiter = |_| {
                scope.spawn(|| {
                    self.callers.come();
                    call()
                })
            };
            let mut waiters: Vec<_> = (0..8).map(waiter).collect();
            self.callers.wait_for(8);
            act();
            let mut join = || waiters.drain(..).map(|w| w.join().unwrap()).collect();
            let (waiters, after) = end(&mut join);
            let first = first.join().unwrap();
            Got {
                first,
                waiters,
                after,
            }
        })
    }
}

impl Got {
    /// The first run was its caller's alone; all others got what came after.
    fn assert_anew(&self, value: u64) {
        assert_eq!((self.first, self.after), (0, value));
        assert_eq!(self.waiters, [value; 8]);
    }

    /// Those who waited in time got the value of the first run, late ones that of the
    /// next, which is there if there was one.
    fn assert_not_stored(&self, runs: u64) {
        assert_eq!((self.first, self.after), (0, 1));
        assert!(self.waiters.iter().all(|&value| value <= 1), "{self:?}");
        assert_eq!(runs, 2);
    }
}

/// Both the caches of instances and others.
#[derive(CacheHost)]
struct Host {
    test: &'static Interruption,
    caches: InstanceCaches,
}

impl Host {
    fn new(test: &'static Interruption) -> Arc<Self> {
        let caches = InstanceCaches::new();
        Arc::new(Host { test, caches })
    }

    #[lru_cache]
    fn field(&self) -> u64 {
        self.test.body()
    }

    #[lru_cache]
    fn pointer(self: &Arc<Self>, key: Clashing) -> u64 {
        self.test.body() * key.0 as u64
    }

    #[lru_cache]
    fn shared(#[key(skip)] &self) -> u64 {
        self.test.body()
    }

    #[cache_invalidate]
    fn change(&self) {}

    #[cache_invalidate(field, pointer, shared)]
    fn change_named(&self) {}
}

/// What is called, and what is done meanwhile.
type Case = (fn(&Arc<Host>) -> u64, fn(&Arc<Host>));

const CASES: [Case; 5] = [
    (|host| host.field(), |host| host.change()),
    (|host| host.field(), |host| host.change_named()),
    (|host| host.field(), |host| host.field_cache().cache_clear()),
    (|host| host.pointer(Clashing(1)), |host| host.change_named()),
    (|host| host.shared(), |host| host.change_named()),
];

#[test]
fn who_comes_after_an_invalidation_does_not_join_what_began_before() {
    let _watchdog = watchdog();
    static TEST: [Interruption; 4] = [const { Interruption::new() }; 4];
    #[lru_cache]
    fn run(case: usize) -> u64 {
        TEST[case].body()
    }
    #[cache_invalidate(run(case))]
    fn change(case: usize) {
        assert!(!run::cache_contains(case));
    }
    #[cache_invalidate(run)]
    fn change_all() {}

    // The misses of those who are counted then: the first only where it still is.
    let cases: [(fn(usize), u64); 4] = [
        (|case| _ = run::cache_remove(case), 2),
        (change, 2),
        (|_| run::cache_clear(), 1),
        (|_| change_all(), 1),
    ];
    for (case, (invalidate, misses)) in cases.into_iter().enumerate() {
        run::cache_clear();
        let test = &TEST[case];
        let got = test.served_before(|| run(case), || invalidate(case));
        got.assert_anew(1);
        let info = run::cache_info();
        assert_eq!((info.hits, info.misses), (8, misses), "case {case}");
        assert_eq!((run::cache_peek(case), test.runs()), (Some(1), 2));
    }
}

#[test]
fn who_waited_before_an_invalidation_gets_a_value_that_is_not_stored() {
    let _watchdog = watchdog();
    static TEST: [Interruption; 2] = [const { Interruption::new() }; 2];
    let cache: Cache<Clashing, u64> = Cache::default();
    type Invalidate = fn(&Cache<Clashing, u64>);
    let cases: [(Invalidate, u64); 2] = [
        (|cache| _ = cache.remove(&Clashing(1)), 2),
        (|cache| cache.clear(), 1),
    ];
    for (test, (invalidate, misses)) in TEST.iter().zip(cases) {
        cache.clear();
        let call = || cache.get_or_insert_with(&Clashing(1), || test.body());
        let got = test.served_by_it(call, || invalidate(&cache));
        got.assert_not_stored(test.runs());
        // Of ten callers.
        let info = cache.info();
        assert_eq!((info.hits, info.misses), (10 - 2, misses));
    }
}

/// All in one test, as `shared` is the same for all instances.
#[test]
fn the_same_holds_for_methods_that_change_their_instance() {
    let _watchdog = watchdog();
    static TEST: [Interruption; 11] = [const { Interruption::new() }; 11];
    let (before, rest) = TEST.split_at(CASES.len());
    for (test, (call, invalidate)) in before.iter().zip(CASES) {
        let host = Host::new(test);
        let got = test.not_joined(|| call(&host), || invalidate(&host));
        got.assert_not_stored(test.runs());
        assert_eq!((call(&host), test.runs()), (1, 2), "the later is there");
        host.change_named();
    }
    let (after, other) = rest.split_at(CASES.len());
    for (test, (call, invalidate)) in after.iter().zip(CASES) {
        let host = Host::new(test);
        let got = test.served_by_it(|| call(&host), || invalidate(&host));
        got.assert_not_stored(test.runs());
        host.change_named();
    }

    // The computations of another instance are of no concern.
    let (host, apart) = (Host::new(&TEST[0]), Host::new(&other[0]));
    let got = other[0].served_by_it(|| apart.field(), || host.change());
    assert_eq!((got.first, got.after, other[0].runs()), (0, 0, 1));
    assert_eq!(got.waiters, [0; 8]);
}

#[test]
fn an_inserted_value_serves_those_who_wait_at_once() {
    let _watchdog = watchdog();
    static TEST: Interruption = Interruption::new();
    #[lru_cache]
    fn run(text: &str) -> u64 {
        TEST.body() + text.len() as u64
    }
    let got = TEST.served_before(|| run(""), || run::cache_insert("", 77));
    got.assert_anew(77);
    assert_eq!(run::cache_peek(""), Some(77));
    assert_eq!(four(run::cache_info()), (9, 1, Some(128), 1));
    assert_eq!(TEST.runs(), 1);
}

#[test]
fn a_resize_keeps_what_is_being_computed_if_there_is_room() {
    let _watchdog = watchdog();
    static TEST: [Interruption; 2] = [const { Interruption::new() }; 2];
    #[lru_cache]
    fn run(n: usize) -> u64 {
        TEST[n].body()
    }
    let got = TEST[0].served_by_it(|| run(0), || run::cache_resize(1));
    assert_eq!((got.first, got.after), (0, 0));
    assert_eq!(got.waiters, [0; 8]);
    assert_eq!(four(run::cache_info()), (9, 1, Some(1), 1));

    // With no room for anything, nobody waits any more.
    run::cache_clear();
    let got = TEST[1].not_joined(|| run(1), || run::cache_resize(0));
    assert!(got.first == 0 && got.after > 0);
    let runs = TEST[1].runs();
    let late = got.waiters.iter().filter(|&&value| value > 0).count() as u64;
    assert_eq!(runs, 2 + late);
    assert_eq!(four(run::cache_info()), (10 - runs, runs, Some(0), 0));
}

#[test]
fn misses_join_a_refresh() {
    let _watchdog = watchdog();
    static TEST: [Interruption; 3] = [const { Interruption::new() }; 3];
    #[lru_cache]
    fn run(n: usize) -> u64 {
        TEST[n].body()
    }
    // Of an entry that is not there: the first to call is the refresh.
    let is_first = AtomicU64::new(0);
    let call = || match is_first.fetch_add(1, Relaxed) {
        0 => run::cache_refresh(0),
        _ => run(0),
    };
    let got = TEST[0].served_by_it(call, || {});
    assert_eq!((got.first, got.after), (0, 0));
    assert_eq!(got.waiters, [0; 8]);
    assert_eq!(four(run::cache_info()), (9, 0, Some(128), 1));

    // Of one that is: it is answered with until there is a new one.
    run::cache_clear();
    run::cache_insert(1, 77);
    is_first.store(0, Relaxed);
    let call = || match is_first.fetch_add(1, Relaxed) {
        0 => run::cache_refresh(1),
        _ => run(1),
    };
    TEST[1].served_before(call, || {}).assert_anew(77);
    assert_eq!(four(run::cache_info()), (9, 0, Some(128), 1));
    assert_eq!(run::cache_peek(1), Some(0));

    // While a miss is computed: who waits for that has the newer value at once.
    run::cache_clear();
    let refresh = || assert_eq!(run::cache_refresh(2), 1);
    TEST[2].served_before(|| run(2), refresh).assert_anew(1);
    assert_eq!(four(run::cache_info()), (9, 1, Some(128), 1));
    assert_eq!((run::cache_peek(2), TEST[2].runs()), (Some(1), 2));
}

/// Whoever waits for a refresh that fails computes, one of them.
#[test]
fn a_refresh_that_fails_hands_over() {
    let _watchdog = watchdog();
    static TEST: Interruption = Interruption::new();
    #[lru_cache]
    fn run(fails: &str) -> Result<u64, String> {
        match TEST.body() {
            0 if fails == "panics" => panic!("as told"),
            0 => Err("as told".into()),
            run => Ok(run),
        }
    }
    let is_first = AtomicU64::new(0);
    let call = || match is_first.fetch_add(1, Relaxed) {
        0 => {
            let refreshed = catch_unwind(|| run::cache_refresh("panics"));
            u64::from(refreshed.is_ok())
        }
        _ => run("panics").unwrap(),
    };
    TEST.served_by_it(call, || {}).assert_anew(1);
    assert_eq!(four(run::cache_info()), (8, 1, Some(128), 1));
}
