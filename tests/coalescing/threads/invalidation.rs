//! What happens to a key while some wait for it: invalidations, values by hand, refreshes.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::threads::Crowd;
use crate::common::{Clashing, four, watchdog};
use lruheap::{Cache, CacheHost, InstanceCaches, cache_invalidate, lru_cache};

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
        self.test.body() * key.0
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
    let (_clock, _watchdog) = (clock_stands(), watchdog());
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
