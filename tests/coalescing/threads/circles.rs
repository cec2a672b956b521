//! Threads that wait in the middle of a computation: for one that all of them need,
//! and round in circles, which a call is computed to break.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::clock::clock_stands;
use crate::common::threads::{Crowd, together};
use crate::common::{Clashing, four, watchdog};
use lruheap::{Cache, CacheHost, CacheInfo, InstanceCaches, lru_cache};

/// Hits and misses of all of these.
fn counted<const N: usize>(infos: [CacheInfo; N]) -> (u64, u64) {
    let hits = infos.iter().map(|info| info.hits).sum();
    (hits, infos.iter().map(|info| info.misses).sum())
}

/// Functions each of which calls the next, and the last the first. Their first runs
/// meet before they go on, so that each is led by another thread.
struct Circle {
    meet: Barrier,
    begun: Mutex<BTreeSet<(char, u64)>>,
}

impl Circle {
    const fn of(n: usize) -> Self {
        Circle {
            meet: Barrier::new(n),
            begun: Mutex::new(BTreeSet::new()),
        }
    }

    /// The body of `name` for `key`: whether it is to go round.
    fn goes_round(&self, name: char, key: u64) -> bool {
        let is_first = self.begun.lock().unwrap().insert((name, key));
        if is_first {
            self.meet.wait();
        }
        is_first
    }

    /// 100 for what breaks the circle, and 1 more for each step.
    fn step(&self, name: char, key: u64, next: impl FnOnce() -> u64) -> u64 {
        if self.goes_round(name, key) {
            next() + 1
        } else {
            100
        }
    }
}

#[test]
fn what_sixteen_computations_need_is_computed_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static ALL: Barrier = Barrier::new(16);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[lru_cache]
    fn inner(text: &str) -> u64 {
        thread::yield_now();
        RUNS.fetch_add(1, Relaxed) + text.len() as u64
    }
    #[lru_cache]
    fn outer(k: u64) -> u64 {
        ALL.wait();
        k + inner("a")
    }
    let values = together(16, |k| outer(k as u64));
    assert!((1..).zip(values).all(|(expected, value)| value == expected));
    assert_eq!(four(inner::cache_info()), (15, 1, Some(128), 1));
    assert_eq!(four(outer::cache_info()), (0, 16, Some(128), 16));
}

#[test]
fn a_recursion_in_many_threads_computes_each_step_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    #[lru_cache(maxsize = None)]
    fn fibonacci(n: u64) -> u64 {
        if n < 2 {
            n
        } else {
            fibonacci(n - 1) + fibonacci(n - 2)
        }
    }
    for _ in 0..50 {
        fibonacci::cache_clear();
        let values = together(8, |i| fibonacci(60 - i as u64 % 4));
        assert_eq!(values[0], 1_548_008_755_920);
        assert_eq!(values[..4], values[4..]);
        // A call for each thread, and two in each run of the body but two.
        assert_eq!(four(fibonacci::cache_info()), (65, 61, None, 61));
    }
}

#[test]
fn two_threads_that_compute_what_the_other_waits_for() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(2);
    #[lru_cache(maxsize = None)]
    fn f(n: u64) -> u64 {
        CIRCLE.step('f', n, || g(n))
    }
    #[lru_cache(maxsize = None)]
    fn g(n: u64) -> u64 {
        CIRCLE.step('g', n, || f(n))
    }
    for n in 0..200 {
        let values = together(2, |i| [f, g][i](n));
        // Whoever would have closed the circle computes what the other computes.
        assert!(values == [102, 101] || values == [101, 102], "{values:?}");
        let kept = [f::cache_peek(n), g::cache_peek(n)];
        let kept = kept.map(Option::unwrap);
        assert!(kept == [100, 101] || kept == [101, 100], "{kept:?}");
        let infos = [f::cache_info(), g::cache_info()];
        assert_eq!(counted(infos), (n + 1, 3 * (n + 1)));
    }
}

#[test]
fn two_keys_of_one_function() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(2);
    #[lru_cache(maxsize = None)]
    fn f(key: Clashing) -> u64 {
        let n = key.0;
        CIRCLE.step('f', n, || f(Clashing(n ^ 1)))
    }
    for n in 0..50 {
        f::cache_clear();
        let values = together(2, |i| f(Clashing(2 * n + i as u64)));
        assert!(values == [102, 101] || values == [101, 102], "{values:?}");
        assert_eq!(four(f::cache_info()), (1, 3, None, 2));
    }
}

/// A function, a method and a cache; and threads that only wait.
#[test]
fn a_circle_of_three_caches_and_those_who_wait_for_them() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(3);
    static HOST: LazyLock<Host> = LazyLock::new(Host::default);
    static CACHE: LazyLock<Cache<String, u64>> = LazyLock::new(Cache::default);

    #[derive(CacheHost, Default)]
    struct Host {
        caches: InstanceCaches,
    }
    impl Host {
        #[lru_cache(maxsize = None)]
        fn method(&self, key: Clashing) -> u64 {
            CIRCLE.step('m', key.0, || cache(key.0))
        }
    }
    #[lru_cache(maxsize = None)]
    fn function(n: u64) -> u64 {
        CIRCLE.step('f', n, || HOST.method(Clashing(n)))
    }
    fn cache(n: u64) -> u64 {
        let compute = || CIRCLE.step('c', n, || function(n));
        CACHE.get_or_insert_with(n.to_string().as_str(), compute)
    }
    let calls = [function, |n| HOST.method(Clashing(n)), cache];
    for n in 0..50 {
        let values = together(12, |i| calls[i % 3](n));
        assert!(values.iter().all(|value| (100..104).contains(value)));
        let infos = [
            function::cache_info(),
            HOST.method_cache().cache_info(),
            CACHE.info(),
        ];
        // Four bodies run, one of them to break the circle; three make a call.
        assert_eq!(counted(infos), (11 * (n + 1), 4 * (n + 1)));
    }
}

#[test]
fn a_call_that_would_wait_for_itself() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(1);
    #[lru_cache]
    fn number(n: u64) -> u64 {
        CIRCLE.step('n', n, || number(n))
    }
    #[lru_cache]
    fn clashing(key: &Clashing) -> u64 {
        CIRCLE.step('k', key.0, || clashing(key))
    }
    #[lru_cache(scope = thread)]
    fn local(n: u64) -> Rc<u64> {
        CIRCLE.step('l', n, || *local(n)).into()
    }
    #[lru_cache]
    fn even(n: u64) -> u64 {
        CIRCLE.step('e', n, || odd(n))
    }
    #[lru_cache]
    fn odd(n: u64) -> u64 {
        CIRCLE.step('o', n, || even(n))
    }
    let cache: Cache<u64, u64> = Cache::default();
    let compute = || cache.get_or_insert_with(&1, || 100) + 1;
    assert_eq!(cache.get_or_insert_with(&1, compute), 101);
    assert_eq!(four(cache.info()), (0, 2, None, 1));

    assert_eq!([number(1), number(1)], [101, 100]);
    assert_eq!(four(number::cache_info()), (1, 2, Some(128), 1));
    let key = &Clashing(1);
    assert_eq!([clashing(key), clashing(key)], [101, 100]);
    assert_eq!(four(clashing::cache_info()), (1, 2, Some(128), 1));
    assert_eq!([*local(1), *local(1)], [101, 100]);
    assert_eq!(four(local::cache_info()), (1, 2, Some(128), 1));
    assert_eq!((even(1), odd(1)), (102, 101));
    let infos = [even::cache_info(), odd::cache_info()];
    assert_eq!(counted(infos), (1, 3));

    // Others that wait have the value of the inner call, which is what is kept.
    for n in 2..100 {
        let mut values = together(8, |_| number(n));
        values.sort_unstable();
        assert_eq!(values, [100, 100, 100, 100, 100, 100, 100, 101]);
    }
    assert_eq!(four(number::cache_info()), (687, 198, Some(128), 99));
}

/// Whoever waits for what fails to break the circle runs it again.
#[test]
fn a_circle_that_ends_in_an_error_or_a_panic() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(2);
    type Outcome = Result<u64, &'static str>;

    fn step(name: char, n: u64, next: fn(u64) -> Outcome) -> Outcome {
        if CIRCLE.goes_round(name, n) {
            return next(n);
        }
        assert!(n % 2 == 0, "it does for each odd number");
        Err("round")
    }
    #[lru_cache]
    fn f(n: u64) -> Outcome {
        step('f', n, g)
    }
    #[lru_cache]
    fn g(n: u64) -> Outcome {
        step('g', n, f)
    }
    for n in 0..20 {
        let ends = together(2, |i| catch_unwind(|| [f, g][i](n)).ok());
        let expected = (n % 2 == 0).then_some(Err("round"));
        assert_eq!(ends, [expected; 2]);
        let infos = [f::cache_info(), g::cache_info()];
        assert_eq!(counted(infos), (0, 4 * (n + 1)));
    }
    assert_eq!([f::cache_info().currsize, g::cache_info().currsize], [0, 0]);
}

/// What a circle hangs on may be out of sight: here the first run of `f` waits for the
/// end of `g`, of which no cache knows. Whoever waits in such a circle runs out of
/// patience; that takes a second of real time, once.
#[test]
fn a_circle_that_can_not_be_seen_is_broken_by_patience() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CIRCLE: Circle = Circle::of(3);
    static GO_ON: Barrier = Barrier::new(2);
    #[lru_cache(cache_if = |value: &u64| *value < 200)]
    fn f(n: u64) -> u64 {
        if CIRCLE.goes_round('f', n) {
            GO_ON.wait();
            return 100 * n + 2;
        }
        100 * n
    }
    #[lru_cache]
    fn g(n: u64) -> u64 {
        CIRCLE.step('g', n, || f(n))
    }
    let kept = [(1, Some(100)), (2, None)];
    for (n, kept) in kept {
        thread::scope(|scope| {
            let first = scope.spawn(move || f(n));
            let breaks = scope.spawn(move || g(n));
            let only_waits = scope.spawn(move || {
                CIRCLE.meet.wait();
                f(n)
            });
            assert_eq!(breaks.join().unwrap(), 100 * n + 1);
            // Others have that value as well, whether it is kept or not.
            assert_eq!(only_waits.join().unwrap(), 100 * n);
            GO_ON.wait();
            assert_eq!(first.join().unwrap(), 100 * n + 2);
        });
        assert_eq!(
            (f::cache_peek(n), g::cache_peek(n)),
            (kept, Some(100 * n + 1))
        );
        let info = f::cache_info();
        assert_eq!(info.hits + info.misses, 3 * n);
    }
    assert_eq!(four(g::cache_info()), (0, 2, Some(128), 2));
}

/// Who computes in the place of another is waited for twice as long. That takes three
/// seconds of real time: what is asserted is that it takes no less than that.
#[test]
fn a_slow_body_that_many_threads_need_is_waited_for_longer_each_time() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static BEGUN: Mutex<Vec<Instant>> = Mutex::new(Vec::new());
    static RUNNING: Crowd = Crowd::new();
    #[lru_cache]
    fn slow(n: u64) -> u64 {
        BEGUN.lock().unwrap().push(Instant::now());
        RUNNING.come();
        RUNNING.wait_for(3);
        n
    }
    #[lru_cache]
    fn outer(n: u64) -> u64 {
        slow(0) + n
    }
    assert_eq!(together(4, |i| outer(i as u64)), [0, 1, 2, 3]);
    let begun = BEGUN.lock().unwrap();
    let waited: Vec<_> = begun.windows(2).map(|two| two[1] - two[0]).collect();
    // Two seconds, from a moment before the body begins.
    assert!(waited[1] >= Duration::from_millis(1500), "{waited:?}");
    assert_eq!(counted([slow::cache_info()]), (1, 3));
}
