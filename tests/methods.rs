//! Memoized methods with `&self`: each instance has its own cache, which recursion
//! and panics leave in order.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::{four, watchdog};
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost)]
struct Analyzer {
    data: Vec<i64>,
    caches: InstanceCaches,
}

impl Analyzer {
    #[lru_cache(maxsize = 128)]
    fn analyze(&self, threshold: i64) -> Vec<i64> {
        let above = self.data.iter().copied().filter(|&x| x > threshold);
        above.collect()
    }
}

#[test]
fn each_instance_has_its_own_cache() {
    let analyzer = |data: [i64; 5]| Analyzer {
        data: data.to_vec(),
        caches: InstanceCaches::new(),
    };
    let a1 = analyzer([1, 2, 3, 4, 5]);
    let a2 = analyzer([10, 20, 30, 40, 50]);
    assert_eq!(a1.analyze(3), [4, 5]);
    assert_eq!(a2.analyze(3), [10, 20, 30, 40, 50]);
    assert_eq!(a1.analyze(3), [4, 5]);
    let info = |a: &Analyzer| four(a.analyze_cache().cache_info());
    assert_eq!(info(&a1), (1, 1, Some(128), 1));
    assert_eq!(info(&a2), (0, 1, Some(128), 1));
}

/// A statistician's data: figures are kept until the data changes.
#[derive(CacheHost)]
struct Dataset {
    values: Vec<f64>,
    sorts: AtomicU32,
    caches: InstanceCaches,
}

impl Dataset {
    #[lru_cache]
    fn sorted(&self) -> Vec<f64> {
        self.sorts.fetch_add(1, Relaxed);
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    #[lru_cache]
    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / f64::from(u32::try_from(self.values.len()).unwrap())
    }

    #[lru_cache]
    fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        }
    }

    #[cache_invalidate]
    fn append(&mut self, value: f64) {
        self.values.push(value);
    }
}

#[test]
fn figures_are_computed_once_between_two_changes() {
    let mut data = Dataset {
        values: vec![3.0, 1.0, 4.0, 1.0, 5.0],
        sorts: AtomicU32::new(0),
        caches: InstanceCaches::new(),
    };
    let about = |figure: f64, expected: f64| assert!((figure - expected).abs() < 1e-9, "{figure}");
    for _ in 0..3 {
        about(data.mean(), 2.8);
        about(data.median(), 3.0);
        assert_eq!(data.sorted(), [1.0, 1.0, 3.0, 4.0, 5.0]);
    }
    assert_eq!(data.sorts.load(Relaxed), 1);
    data.append(9.0);
    about(data.mean(), 23.0 / 6.0);
    about(data.median(), 3.5);
    assert_eq!(data.sorted().len(), 6);
    assert_eq!(data.sorts.load(Relaxed), 2);
}

/// Counts the runs of its bodies.
#[derive(CacheHost, Default)]
struct Host {
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Host {
    /// The number of the run.
    fn run(&self) -> u32 {
        self.runs.fetch_add(1, Relaxed) + 1
    }

    #[lru_cache(maxsize = None)]
    fn fibonacci(&self, n: u64) -> u64 {
        self.run();
        if n < 2 {
            n
        } else {
            self.fibonacci(n - 1) + self.fibonacci(n - 2)
        }
    }

    #[lru_cache(maxsize = 1)]
    fn thrashing(&self, n: u64) -> u64 {
        if n < 2 {
            n
        } else {
            self.thrashing(n - 1) + self.thrashing(n - 2)
        }
    }

    #[lru_cache]
    fn panics(&self, n: u32) -> u32 {
        assert!(self.run() > 1, "the first time");
        n
    }
}

#[test]
fn recursion_through_one_instance() {
    let _watchdog = watchdog();
    let o = Host::default();
    assert_eq!(o.fibonacci(80), 23_416_728_348_467_685);
    assert_eq!(four(o.fibonacci_cache().cache_info()), (78, 81, None, 81));
    assert_eq!(o.thrashing(20), 6765); // evicts its own callers
    assert!(o.thrashing_cache().cache_info().currsize <= 1);
}

#[test]
fn a_panic_is_not_kept() {
    let o = Host::default();
    assert!(catch_unwind(|| o.panics(3)).is_err());
    assert_eq!((o.panics(3), o.panics(3)), (3, 3));
    assert_eq!(four(o.panics_cache().cache_info()), (1, 2, Some(128), 1));
}

#[test]
fn cached_values_may_call_the_method_that_keeps_them() {
    /// In a static, since hosts may be.
    static HOST: Values = Values(InstanceCaches::new());
    #[derive(CacheHost)]
    struct Values(InstanceCaches);
    struct Value(u32);
    impl Values {
        #[lru_cache(maxsize = 2)]
        fn value(&self, n: u32) -> Value {
            Value(n)
        }
        #[lru_cache(maxsize = 1)]
        fn other(&self, n: u32) -> u32 {
            n
        }
    }
    impl Clone for Value {
        fn clone(&self) -> Self {
            if self.0 > 0 {
                assert_eq!(HOST.value(self.0 - 1).0, self.0 - 1);
            }
            Value(HOST.other(self.0))
        }
    }
    impl Drop for Value {
        fn drop(&mut self) {
            HOST.other(self.0);
            HOST.value_cache().cache_contains((self.0,));
        }
    }
    let _watchdog = watchdog();
    for n in [1, 3, 5, 3, 1, 0, 5] {
        assert_eq!(HOST.value(n).0, n);
    }
    assert!(HOST.value_cache().cache_info().currsize <= 2);
    HOST.0.clear();
    assert_eq!(HOST.value_cache().cache_info().currsize, 0);
}

#[test]
fn a_panic_in_a_clone_of_a_value_leaves_the_cache_usable() {
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    struct Bomb(u32);
    static ARMED: AtomicU32 = AtomicU32::new(1);
    impl Clone for Bomb {
        fn clone(&self) -> Self {
            assert!(ARMED.load(Relaxed) == 0, "armed");
            Bomb(self.0)
        }
    }
    impl Own {
        #[lru_cache]
        fn bomb(&self) -> Bomb {
            Bomb(7)
        }
    }
    let _watchdog = watchdog();
    let own = Own::default();
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| own.bomb().0)).is_err());
    }
    ARMED.store(0, Relaxed);
    assert_eq!((own.bomb().0, own.bomb().0), (7, 7));
}
