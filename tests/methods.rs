//! Memoized methods with `&self`: each instance has its own cache. The controls of
//! one and of all of them, the options, and what a host may look like.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use common::{four, watchdog};
use lruheap::{CacheHost, InstanceCaches, cache, cache_invalidate, lru_cache};

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

    #[lru_cache(maxsize = 2)]
    fn number(&self, n: u32) -> (u32, u32) {
        (n, self.run())
    }

    #[lru_cache]
    fn text(&self, text: &str, bytes: &[u8], optional: Option<&str>) -> String {
        self.run();
        format!("{text} {bytes:?} {optional:?}")
    }

    #[lru_cache(ttl = 60)]
    fn property(&self) -> u32 {
        self.run()
    }
}

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

#[test]
fn a_method_without_arguments_is_a_cached_property() {
    let host = Host::default();
    assert_eq!([host.property(), host.property(), host.property()], [1; 3]);
    assert_eq!(
        four(host.property_cache().cache_info()),
        (2, 1, Some(128), 1)
    );
    assert_eq!(host.property_cache().cache_peek(()), Some(1));
    assert_eq!(host.property_cache().cache_refresh(()), 2);
    assert_eq!(host.property_cache().cache_remove(()), Some(2));
    host.property_cache().cache_insert((), 7);
    assert_eq!(host.property(), 7);
}

#[test]
fn the_controls_are_those_of_one_instance() {
    let (host, other) = (Host::default(), Host::default());
    other.number(1);
    let cache = host.number_cache();
    assert_eq!(cache.cache_parameters().maxsize, Some(2));
    assert_eq!(cache.cache_peek((1,)), None);
    assert!(!cache.cache_contains((1,)));
    assert_eq!(cache.cache_ttl((1,)), None);
    assert_eq!(host.number(1), (1, 1));
    assert_eq!(cache.cache_peek((1,)), Some((1, 1)));
    assert!(cache.cache_contains((1,)));
    assert_eq!(cache.cache_ttl((1,)), Some(Duration::MAX));
    assert_eq!(four(cache.cache_info()), (0, 1, Some(2), 1));

    cache.cache_insert((2,), (2, 20));
    assert_eq!(host.number(2), (2, 20));
    assert_eq!(cache.cache_refresh((2,)), (2, 2));
    assert_eq!(host.number(2), (2, 2));
    assert_eq!(cache.cache_remove((2,)), Some((2, 2)));
    assert_eq!(cache.cache_remove((2,)), None);
    assert_eq!(host.number_uncached(1), (1, 3)); // the body ran, and nothing was kept
    assert_eq!(four(cache.cache_info()), (2, 1, Some(2), 1));

    cache.cache_resize(1);
    cache.cache_insert((3,), (3, 30));
    assert_eq!(
        (cache.cache_contains((1,)), cache.cache_info().maxsize),
        (false, Some(1))
    );
    cache.cache_resize(None);
    assert_eq!(cache.cache_info().maxsize, None);
    assert!(format!("{cache:?}").contains("hits: 2"), "{cache:?}");
    cache.cache_clear();
    assert_eq!(four(cache.cache_info()), (0, 0, None, 0));
    // The other instance saw nothing of all this.
    assert_eq!(four(other.number_cache().cache_info()), (0, 1, Some(2), 1));
}

#[test]
fn what_has_expired_is_purged_of_one_instance() {
    let (host, other) = (Host::default(), Host::default());
    let _ = (host.property(), other.property());
    let left = host.property_cache().cache_ttl(()).unwrap();
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    assert_eq!(host.property_cache().cache_purge(), 0);
    lruheap_core::testing::advance(Duration::from_secs(60));
    assert_eq!(host.property_cache().cache_purge(), 1);
    assert_eq!(
        host.property_cache().cache_parameters().ttl,
        Some(Duration::from_secs(60))
    );
    assert_eq!((host.property(), other.property()), (2, 2));
}

#[test]
fn arguments_in_the_tuple_are_borrowed_as_in_a_call() {
    let host = Host::default();
    let cache = host.text_cache(); // outlives the strings that it is asked with
    {
        let (text, bytes) = (String::from("a"), vec![1, 2]);
        let optional = Some(text.as_str());
        assert_eq!(host.text(&text, &bytes, optional), "a [1, 2] Some(\"a\")");
        assert!(cache.cache_contains((&text, &bytes, optional)));
        cache.cache_insert((&text, &bytes[..1], None), "by hand".into());
    }
    {
        let text = String::from("a");
        assert_eq!(cache.cache_peek((&text, &[1], None)).unwrap(), "by hand");
        assert_eq!(
            cache
                .cache_remove((text.as_str(), &[1, 2], Some(&text)))
                .unwrap()
                .len(),
            18
        );
    }
    assert_eq!(cache.cache_refresh(("b", &[], None)), "b [] None");
    assert_eq!(host.text("b", &[], None), "b [] None");
    assert_eq!(four(cache.cache_info()), (1, 1, Some(128), 2));
}

#[test]
fn all_live_instances_together() {
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    impl Own {
        #[lru_cache(maxsize = 4, ttl = 3600)]
        fn number(&self, n: u32) -> u32 {
            n
        }
    }
    let all = Own::number_caches();
    assert_eq!(
        (all.instances(), four(all.cache_info())),
        (0, (0, 0, Some(4), 0))
    );
    let hosts: [Own; 3] = Default::default();
    assert_eq!(all.instances(), 0); // none was called
    for (n, host) in (1..).zip(&hosts) {
        (0..n).for_each(|n| assert_eq!(host.number(n), n));
        assert_eq!(host.number(0), 0);
    }
    assert_eq!(
        (all.instances(), four(all.cache_info())),
        (3, (3, 6, Some(4), 6))
    );
    let [first, second, third] = hosts;
    drop(third);
    assert_eq!(
        (all.instances(), four(all.cache_info())),
        (2, (2, 3, Some(4), 3))
    );
    assert_eq!(all.cache_parameters().maxsize, Some(4));
    assert!(format!("{all:?}").contains("instances: 2"), "{all:?}");
    assert_eq!(all.cache_purge(), 0);
    all.cache_clear();
    assert_eq!(
        (all.instances(), four(all.cache_info())),
        (2, (0, 0, Some(4), 0))
    );
    assert!(
        !first.number_cache().cache_contains((0,)) && !second.number_cache().cache_contains((0,))
    );
}

/// The options that functions have.
#[derive(CacheHost, Default)]
struct Options {
    host: Host,
    caches: InstanceCaches,
}

impl Options {
    #[lru_cache]
    fn result(&self, n: u32) -> Result<u32, String> {
        let run = self.host.run();
        if n == 0 {
            Err(format!("error {run}"))
        } else {
            Ok(run)
        }
    }

    #[lru_cache(cache_err = true)]
    fn error(&self) -> Result<u32, String> {
        Err(self.host.run().to_string())
    }

    #[lru_cache(cache_none = false)]
    fn some(&self, n: u32) -> Option<u32> {
        let run = self.host.run();
        (n > 0).then_some(run)
    }

    #[lru_cache(cache_if = |run| *run > 1)]
    fn later(&self) -> u32 {
        self.host.run()
    }

    #[cache(name = "shop::price", companion = priced)]
    fn price(&self, #[key(amount.to_bits())] amount: f64, #[key(skip)] log: &mut Vec<f64>) -> u64 {
        log.push(amount);
        amount.to_bits()
    }

    // Its controls would be named like this one's.
    #[lru_cache(companion = none)]
    fn bare(&self) -> u32 {
        self.host.run()
    }

    #[allow(clippy::unused_self)]
    fn bare_cache(&self) -> &'static str {
        "mine"
    }

    #[lru_cache(maxsize = None)]
    fn fibonacci(&self, n: u64) -> u64 {
        self.host.run();
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
        assert!(self.host.run() > 1, "the first time");
        n
    }
}

#[test]
fn options_mean_what_they_mean_on_functions() {
    let o = Options::default();
    assert_eq!(
        (o.result(0), o.result(0)),
        (Err("error 1".into()), Err("error 2".into()))
    );
    assert_eq!((o.result(1), o.result(1)), (Ok(3), Ok(3)));
    assert_eq!(o.result_cache().cache_peek((1,)), Some(3)); // what `Ok` holds
    assert_eq!(o.result_cache().cache_refresh((1,)), Ok(4));
    assert_eq!((o.error(), o.error()), (Err("5".into()), Err("5".into())));
    assert_eq!(
        (o.some(0), o.some(0), o.some(1), o.some(1)),
        (None, None, Some(8), Some(8))
    );

    let o = Options::default();
    assert_eq!([o.later(), o.later(), o.later()], [1, 2, 2]);
    assert_eq!([o.bare(), o.bare()], [3, 3]);
    assert_eq!(o.bare_cache(), "mine");

    let mut log = Vec::new();
    assert_eq!(o.price(1.5, &mut log), o.price(1.5, &mut log));
    assert_eq!(log, [1.5]);
    assert!(o.priced_cache().cache_contains((1.5, &mut log)));
    assert_eq!(o.priced_uncached(2.5, &mut log), 2.5_f64.to_bits());
    assert_eq!(Options::priced_caches().instances(), 1);
}

#[test]
fn recursion_through_one_instance() {
    let _watchdog = watchdog();
    let o = Options::default();
    assert_eq!(o.fibonacci(80), 23_416_728_348_467_685);
    assert_eq!(four(o.fibonacci_cache().cache_info()), (78, 81, None, 81));
    assert_eq!(o.thrashing(20), 6765); // evicts its own callers
    assert!(o.thrashing_cache().cache_info().currsize <= 1);
}

#[test]
fn a_panic_is_not_kept() {
    let o = Options::default();
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
fn clear_forgets_all_methods_of_one_instance() {
    let (host, other) = (Host::default(), Host::default());
    for host in [&host, &other] {
        host.caches.clear(); // nothing yet
        host.number(1);
        host.property();
    }
    host.caches.clear();
    assert_eq!(four(host.number_cache().cache_info()), (0, 0, Some(2), 0));
    assert_eq!(
        four(host.property_cache().cache_info()),
        (0, 0, Some(128), 0)
    );
    assert_eq!((host.number(1), host.property()), ((1, 3), 4));
    assert_eq!((other.number(1), other.property()), ((1, 1), 2));
}

#[test]
fn hosts_derive_as_if_the_field_were_not_there() {
    #[derive(CacheHost, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Derived {
        id: u32,
        caches: InstanceCaches,
    }
    impl Derived {
        #[lru_cache]
        fn twice(&self) -> u32 {
            self.id * 2
        }
    }
    assert_eq!(size_of::<InstanceCaches>(), size_of::<usize>());
    let host = Derived {
        id: 4,
        ..Derived::default()
    };
    assert_eq!(host.twice(), 8);
    let mut copy = host.clone();
    assert_eq!(copy, host);
    assert_eq!(four(copy.twice_cache().cache_info()), (0, 0, Some(128), 0));
    assert_eq!(copy.twice(), 8);
    assert_eq!(
        (
            HashSet::from([host.clone(), copy.clone()]).len(),
            BTreeSet::from([&host, &copy]).len()
        ),
        (1, 1)
    );
    copy.id = 5;
    assert!(copy > host && format!("{copy:?}").starts_with("Derived { id: 5"));
    // `clone_from` brings the data of another, and so must not keep the caches.
    copy.caches.clear();
    copy.twice();
    copy.clone_from(&host);
    assert_eq!(copy.twice(), 8);
}

#[test]
fn hosts_of_many_shapes() {
    type Hidden = InstanceCaches;
    #[derive(CacheHost)]
    struct Tuple(u32, InstanceCaches);
    impl Tuple {
        #[lru_cache]
        fn get(&self) -> u32 {
            self.0
        }
    }
    #[derive(CacheHost)]
    struct Grid<T: 'static, const N: usize>
    where
        T: Copy,
    {
        cells: [T; N],
        caches: InstanceCaches,
    }
    impl<T: Copy + Send + Sync + 'static, const N: usize> Grid<T, N> {
        #[lru_cache]
        fn cell(&self, index: usize) -> Option<T> {
            self.cells.get(index).copied()
        }
    }
    #[derive(CacheHost)]
    struct Lines<'a, T: ?Sized + 'static> {
        text: &'a str,
        _marker: Box<T>,
        #[cache_host]
        memo: Hidden,
    }
    impl<T: ?Sized> Lines<'_, T> {
        #[lru_cache]
        fn count(&self, word: &str) -> usize {
            self.text.matches(word).count()
        }
    }
    assert_eq!(Tuple(3, InstanceCaches::new()).get(), 3);
    let grid = Grid {
        cells: [1, 2, 3],
        caches: InstanceCaches::new(),
    };
    assert_eq!(
        (grid.cell(2), grid.cell(2), grid.cell(3)),
        (Some(3), Some(3), None)
    );
    let text = String::from("a b a");
    let lines = Lines {
        text: &text,
        _marker: Box::new([()]),
        memo: Hidden::new(),
    } as Lines<'_, [(); 1]>;
    assert_eq!(
        (lines.count("a"), lines.count("a"), lines.count("b")),
        (2, 2, 1)
    );
    assert_eq!(four(lines.count_cache().cache_info()), (1, 2, Some(128), 2));
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
