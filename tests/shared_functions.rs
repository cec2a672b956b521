//! Functions with `shared`: what comes from the body, what from memory and what from the
//! store, for functions of all kinds.
//!
//! What another process would find is asked for by emptying this one's memory, and nothing
//! but that: `f::cache().clear()`.

#![cfg(feature = "shared")]

mod common;

use std::collections::BTreeMap;
use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Barrier, Once};
use std::thread;
use std::time::{Duration, Instant};

use common::tasks::{Permits, Task, run_to_end};
use common::{YieldNow, block_on, watchdog};
use lruheap::{CacheInfo, lru_cache};
use serde::{Deserialize, Serialize};

/// The store of this process.
fn connected() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| lruheap::shared::connect("memory:").expect("nobody has connected before"));
}

/// Whatever comes next looks in the store first.
macro_rules! forget {
    ($($f:tt)*) => { $($f)*::cache().clear() };
}

/// How often a body has run.
struct Runs(AtomicU32);

impl Runs {
    const fn none() -> Self {
        Runs(AtomicU32::new(0))
    }

    fn run(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    #[track_caller]
    fn are(&self, expected: u32) {
        assert_eq!(self.0.load(SeqCst), expected, "runs of the body");
    }
}

fn shared_four(info: CacheInfo) -> (u64, u64, u64, u64) {
    (info.hits, info.misses, info.shared_hits, info.shared_misses)
}

#[test]
fn what_memory_has_lost_comes_from_the_store() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u64) -> u64 {
        RUNS.run();
        n * 2
    }
    connected();
    assert_eq!((f(1), f(1), f(2)), (2, 2, 4));
    RUNS.are(2);
    forget!(f);
    assert_eq!((f(1), f(2), f(1)), (2, 4, 2));
    RUNS.are(2);
    assert_eq!(f(3), 6);
    RUNS.are(3);
}

#[test]
fn functions_of_the_same_name_in_different_functions_share_nothing() {
    fn one() -> u64 {
        #[lru_cache(shared)]
        fn f(n: u64) -> u64 {
            n + 1
        }
        f(7)
    }
    fn two() -> u64 {
        #[lru_cache(shared)]
        fn f(n: u64) -> u64 {
            n + 2
        }
        f(7)
    }
    connected();
    assert_eq!((one(), two()), (8, 9));
}

#[test]
fn a_function_without_arguments_has_one_result() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared(ttl = 300))]
    fn f() -> String {
        RUNS.run();
        "all".into()
    }
    connected();
    assert_eq!((f(), f()), ("all".into(), "all".into()));
    forget!(f);
    assert_eq!(f(), "all");
    RUNS.are(1);
}

#[test]
fn a_function_without_a_result_runs_once() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(_n: u8) {
        RUNS.run();
    }
    connected();
    f(1);
    forget!(f);
    f(1);
    RUNS.are(1);
}

#[test]
fn each_of_many_arguments_is_part_of_the_key() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    #[allow(clippy::too_many_arguments)]
    fn f(
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: &str,
        m: &[u8],
        n: Option<&str>,
    ) -> Vec<u8> {
        RUNS.run();
        let mut all = vec![a, b, c, d, e, f, g, h, i, j, k];
        all.extend(l.bytes().chain(m.iter().copied()));
        all.extend(n.unwrap_or("-").bytes());
        all
    }
    connected();
    let last = |m: &[u8], n: Option<&str>| f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "a", m, n);
    for _ in 0..2 {
        assert_eq!(
            last(b"b", Some("c")),
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0babc"
        );
        assert_eq!(
            last(b"b", None),
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0bab-"
        );
        assert_eq!(
            last(b"", Some("bc")),
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0babc"
        );
        let first = f(2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "a", b"b", None);
        assert_eq!(first[0], 2);
        forget!(f);
    }
    RUNS.are(4);
}

#[test]
fn borrowed_arguments_are_found_by_what_they_hold() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(text: &str, bytes: &[u8], list: &[&str], pair: (u8, &str)) -> usize {
        RUNS.run();
        text.len() + bytes.len() + list.len() + usize::from(pair.0) + pair.1.len()
    }
    connected();
    for _ in 0..2 {
        let (text, word) = (String::from("text"), String::from("x"));
        assert_eq!(
            f(&text, &[1, 2], &[&word, "y"], (1, &word)),
            4 + 2 + 2 + 1 + 1
        );
        forget!(f);
    }
    RUNS.are(1);
}

#[test]
fn keys_that_look_alike_are_different_ones() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn texts(a: &str, b: &str) -> String {
        RUNS.run();
        format!("{a}|{b}")
    }
    #[lru_cache(shared)]
    fn lists(a: Vec<Vec<u8>>) -> String {
        RUNS.run();
        format!("{a:?}")
    }
    #[lru_cache(shared)]
    fn options(a: Option<Option<u8>>, b: Option<()>) -> String {
        RUNS.run();
        format!("{a:?} {b:?}")
    }
    connected();
    for _ in 0..2 {
        assert_eq!(texts("ab", "c"), "ab|c");
        assert_eq!(texts("a", "bc"), "a|bc");
        assert_eq!(texts("", "abc"), "|abc");
        assert_eq!(lists(vec![]), "[]");
        assert_eq!(lists(vec![vec![]]), "[[]]");
        assert_eq!(lists(vec![vec![1], vec![2]]), "[[1], [2]]");
        assert_eq!(lists(vec![vec![1, 2]]), "[[1, 2]]");
        assert_eq!(options(None, None), "None None");
        assert_eq!(options(Some(None), None), "Some(None) None");
        assert_eq!(options(Some(Some(0)), None), "Some(Some(0)) None");
        assert_eq!(options(None, Some(())), "None Some(())");
        forget!(texts);
        forget!(lists);
        forget!(options);
    }
    RUNS.are(3 + 4 + 4);
}

#[test]
fn what_key_says_is_the_key() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(
        #[key(x.to_bits())] x: f64,
        #[key(name.to_lowercase())] name: &str,
        #[key(skip)] log: &mut_log::Log,
    ) -> String {
        RUNS.run();
        log.note();
        format!("{x} {}", name.to_lowercase())
    }
    mod mut_log {
        pub(super) struct Log(pub(super) std::sync::atomic::AtomicU32);
        impl Log {
            pub(super) fn note(&self) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    }
    connected();
    let (one, two) = (mut_log::Log(0.into()), mut_log::Log(0.into()));
    assert_eq!(f(1.5, "A", &one), "1.5 a");
    assert_eq!(f(1.5, "a", &two), "1.5 a");
    forget!(f);
    assert_eq!(f(1.5, "a", &two), "1.5 a");
    assert_eq!(f(0.0, "a", &two), "0 a");
    assert_eq!(f(-0.0, "a", &two), "-0 a");
    RUNS.are(3);
    assert_eq!((one.0.load(SeqCst), two.0.load(SeqCst)), (1, 2));
}

#[test]
fn the_expression_of_a_key_runs_once_a_call() {
    static KEYS: Runs = Runs::none();
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared, tags("the expression of a key"))]
    fn f(#[key({ KEYS.run(); x % 10 })] x: u32) -> u32 {
        RUNS.run();
        x % 10
    }
    connected();
    assert_eq!((f(12), f(22)), (2, 2));
    KEYS.are(2);
    f::cache_insert(32, 2);
    assert_eq!(f::cache_refresh(42), 2);
    assert_eq!(f::cache_remove(52), Some(2));
    KEYS.are(5);
    RUNS.are(2);
}

#[test]
fn each_instantiation_has_results_of_its_own() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn width<T: Default + ToString + Serialize>(of: T) -> usize
    where
        T: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
    {
        RUNS.run();
        size_of_val(&of)
    }
    #[lru_cache(shared)]
    fn times<const N: usize>(n: usize) -> usize {
        RUNS.run();
        n * N
    }
    connected();
    for _ in 0..2 {
        assert_eq!((width(1_u8), width(1_u64)), (1, 8));
        assert_eq!((times::<2>(3), times::<5>(3)), (6, 15));
        forget!(width::<u8>);
        forget!(width::<u64>);
        forget!(times::<2>);
        forget!(times::<5>);
    }
    RUNS.are(4);
}

#[test]
fn instantiations_of_a_named_function_as_well() {
    #[lru_cache(shared, name = "named and generic")]
    fn times<const N: usize>(n: usize) -> usize {
        n * N
    }
    connected();
    assert_eq!((times::<2>(3), times::<5>(3)), (6, 15));
}

#[test]
fn only_an_ok_is_shared() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> Result<u8, String> {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| "too small".into())
    }
    connected();
    for _ in 0..2 {
        assert_eq!(f(1), Ok(0));
        assert_eq!(f(0), Err("too small".into()));
        forget!(f);
    }
    RUNS.are(3);
}

#[test]
fn a_result_behind_an_alias_is_shared_all_the_same() {
    type Answer<T> = Result<T, String>;
    type Number = Answer<u8>;
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn one(n: u8) -> Answer<u8> {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| "too small".into())
    }
    #[lru_cache(shared)]
    fn two(n: u8) -> Number {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| "too small".into())
    }
    connected();
    for _ in 0..2 {
        assert_eq!((one(1), two(1)), (Ok(0), Ok(0)));
        assert_eq!(one(0), Err("too small".into()));
        forget!(one);
        forget!(two);
    }
    RUNS.are(4);
}

#[test]
fn an_err_is_shared_where_it_is_kept() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(cache_err = true, shared)]
    fn f(n: u8) -> Result<u8, String> {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| "too small".into())
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(0)), (Ok(0), Err("too small".into())));
        forget!(f);
    }
    RUNS.are(2);
}

#[test]
fn a_none_is_not_shared_where_it_is_not_kept() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(cache_none = false, shared)]
    fn f(n: u8) -> Option<u8> {
        RUNS.run();
        n.checked_sub(1)
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(0)), (Some(0), None));
        forget!(f);
    }
    f::cache_insert(0, None);
    assert_eq!(f(0), None);
    RUNS.are(4);
}

#[test]
fn a_none_that_is_kept_is_shared() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> Option<u8> {
        RUNS.run();
        n.checked_sub(1)
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(0)), (Some(0), None));
        forget!(f);
    }
    RUNS.are(2);
}

#[test]
fn what_cache_if_does_not_want_is_not_shared() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(cache_if = |n| *n > 10, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(11)), (1, 11));
        forget!(f);
    }
    RUNS.are(3);
    // Who inserts is not asked.
    f::cache_insert(2, 2);
    assert_eq!(f(2), 2);
    forget!(f);
    assert_eq!(f(2), 2);
    RUNS.are(3);
}

#[test]
fn memory_keeps_nothing_longer_than_the_store() {
    #[lru_cache(ttl = 60, shared(ttl = 1))]
    fn shorter(n: u8) -> u8 {
        n
    }
    #[lru_cache(ttl = 1, shared(ttl = 60))]
    fn longer(n: u8) -> u8 {
        n
    }
    #[lru_cache(shared(ttl = 5))]
    fn only(n: u8) -> u8 {
        n
    }
    #[lru_cache(ttl_with = |n| Duration::from_secs(u64::from(*n)), shared(ttl = 50))]
    fn each(n: u8) -> u8 {
        n
    }
    connected();
    let seconds = Duration::from_secs;
    for _ in 0..2 {
        assert_eq!(
            (shorter(1), longer(1), only(1), each(10), each(100)),
            (1, 1, 1, 10, 100)
        );
        assert!(shorter::cache_ttl(1).expect("it is there") <= seconds(1));
        assert!(longer::cache_ttl(1).expect("it is there") <= seconds(1));
        assert!(only::cache_ttl(1).expect("it is there") <= seconds(5));
        assert!(each::cache_ttl(10).expect("it is there") <= seconds(10));
        assert!(each::cache_ttl(100).expect("it is there") <= seconds(50));
        forget!(shorter);
        forget!(longer);
        forget!(only);
        forget!(each);
    }
    assert_eq!(only::cache_refresh(1), 1);
    assert!(only::cache_ttl(1).expect("it is there") <= seconds(5));
    only::cache_insert(2, 2);
    assert!(only::cache_ttl(2).expect("it is there") <= seconds(5));
    shorter::cache_insert(2, 2);
    assert!(shorter::cache_ttl(2).expect("it is there") <= seconds(1));
    longer::cache_insert(2, 2);
    assert!(longer::cache_ttl(2).expect("it is there") <= seconds(1));
    each::cache_insert(3, 3);
    assert!(each::cache_ttl(3).expect("it is there") <= seconds(3));
}

#[test]
fn without_memory_the_store_answers() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = 0, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1), f(1)), (1, 1, 1));
    RUNS.are(1);
    assert_eq!(shared_four(f::cache_info()), (2, 1, 2, 1));
}

#[test]
fn a_function_without_controls_shares_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = 0, companion = none, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1)), (1, 1));
    RUNS.are(1);
}

#[test]
fn unsafe_and_foreign_functions_share_as_well() {
    static RUNS: Runs = Runs::none();
    /// # Safety
    ///
    /// None is needed.
    #[allow(unsafe_code)]
    #[lru_cache(shared)]
    unsafe fn careful(n: u8) -> u8 {
        RUNS.run();
        n
    }
    #[lru_cache(shared)]
    extern "C" fn foreign(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    for _ in 0..2 {
        // SAFETY: nothing is asked for.
        #[allow(unsafe_code)]
        let careful = unsafe { careful(1) };
        assert_eq!((careful, foreign(1)), (1, 1));
        forget!(careful);
        forget!(foreign);
    }
    RUNS.are(2);
}

#[test]
fn functions_of_one_name_share_what_they_compute() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(name = "one name", shared)]
    fn one(n: u64) -> u64 {
        RUNS.run();
        n
    }
    #[lru_cache(name = "one name", shared)]
    fn two(n: u64) -> u64 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((one(1), two(1)), (1, 1));
    RUNS.are(1);
}

#[test]
fn another_version_or_namespace_shares_nothing() {
    #[lru_cache(name = "in versions", shared)]
    fn none(_n: u8) -> u8 {
        0
    }
    #[lru_cache(name = "in versions", shared(version = 1))]
    fn one(_n: u8) -> u8 {
        1
    }
    const NEXT: u64 = 2;
    #[lru_cache(name = "in versions", shared(version = NEXT))]
    fn two(_n: u8) -> u8 {
        2
    }
    #[lru_cache(name = "in versions", shared(namespace = "shop"))]
    fn shop(_n: u8) -> u8 {
        3
    }
    #[lru_cache(name = "in versions", shared(namespace = format!("shop {}", 2)))]
    fn second_shop(_n: u8) -> u8 {
        4
    }
    #[lru_cache(name = "in versions", shared(namespace = "shop", version = 1))]
    fn shop_one(_n: u8) -> u8 {
        5
    }
    connected();
    assert_eq!((none(1), one(1), two(1)), (0, 1, 2));
    assert_eq!((shop(1), second_shop(1), shop_one(1)), (3, 4, 5));
}

mod before {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct Course {
        pub(super) id: u32,
        pub(super) places: u32,
    }
}

mod after {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct Course {
        pub(super) places: u32,
        pub(super) id: u32,
    }
}

#[test]
fn another_type_under_the_same_name_is_not_mistaken() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(name = "courses", shared)]
    fn old(id: u32) -> before::Course {
        RUNS.run();
        before::Course { id, places: 9 }
    }
    #[lru_cache(name = "courses", shared)]
    fn new(id: u32) -> after::Course {
        RUNS.run();
        after::Course { id, places: 9 }
    }
    #[lru_cache(name = "courses", shared)]
    fn other(id: u32) -> (u32, u32) {
        RUNS.run();
        (id, 9)
    }
    connected();
    assert_eq!(old(1), before::Course { id: 1, places: 9 });
    assert_eq!(new(1), after::Course { id: 1, places: 9 });
    assert_eq!(other(1), (1, 9));
    RUNS.are(3);
    forget!(old);
    assert_eq!(old(1), before::Course { id: 1, places: 9 });
    RUNS.are(4);
}

#[test]
fn values_of_all_kinds_come_back_as_they_were() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        One,
        Two(u8, String),
        Three {
            list: Vec<Kind>,
            map: BTreeMap<String, f64>,
        },
    }
    /// With fields that are written only where there is something to write.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Gaps {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<u8>,
        id: u32,
    }
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn kind(n: u8) -> Kind {
        RUNS.run();
        match n {
            0 => Kind::One,
            1 => Kind::Two(1, "two".into()),
            _ => Kind::Three {
                list: vec![kind(0), kind(1)],
                map: BTreeMap::from([("x".into(), 0.5)]),
            },
        }
    }
    #[lru_cache(shared)]
    fn gaps(name: Option<String>, tags: Vec<u8>) -> Gaps {
        RUNS.run();
        Gaps { name, tags, id: 3 }
    }
    connected();
    let all = [kind(0), kind(1), kind(2)];
    let each = || {
        [
            gaps(None, vec![]),
            gaps(Some("x".into()), vec![]),
            gaps(None, vec![1]),
            gaps(Some("x".into()), vec![1]),
        ]
    };
    let before = each();
    RUNS.are(7);
    forget!(kind);
    forget!(gaps);
    assert_eq!([kind(0), kind(1), kind(2)], all);
    assert_eq!(each(), before);
    RUNS.are(7);
}

#[test]
fn a_panic_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        assert!(RUNS.0.load(SeqCst) > 1, "the first");
        n
    }
    let _watchdog = watchdog();
    connected();
    assert!(catch_unwind(|| f(1)).is_err());
    assert_eq!((f(1), f(1)), (1, 1));
    RUNS.are(2);
    forget!(f);
    assert_eq!(f(1), 1);
    RUNS.are(2);
}

#[test]
fn a_function_that_calls_itself_computes_each_once() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(maxsize = None, shared)]
    fn fib(n: u64) -> u64 {
        RUNS.run();
        if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(fib(80), 23_416_728_348_467_685);
    RUNS.are(81);
    forget!(fib);
    assert_eq!(fib(81), 37_889_062_373_143_906);
    RUNS.are(82);
}

#[test]
fn a_function_that_asks_itself_for_what_it_computes_waits_for_nobody() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8, #[key(skip)] depth: u8) -> u8 {
        RUNS.run();
        if depth == 0 { n } else { f(n, depth - 1) }
    }
    #[lru_cache(shared)]
    async fn later(n: u8, #[key(skip)] depth: u8) -> u8 {
        RUNS.run();
        YieldNow::default().await;
        if depth == 0 {
            n
        } else {
            Box::pin(later(n, depth - 1)).await
        }
    }
    #[lru_cache(shared(once = at_most_once))]
    fn once(n: u8, #[key(skip)] depth: u8) -> Result<u8, Gone> {
        RUNS.run();
        if depth == 0 {
            Ok(n)
        } else {
            once(n, depth - 1)
        }
    }
    let _watchdog = watchdog();
    connected();
    let begin = Instant::now();
    assert_eq!((f(1, 1), block_on(later(1, 1))), (1, 1));
    RUNS.are(4);
    assert!(once(1, 1).is_err(), "a second run would be one too many");
    RUNS.are(5);
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "it has waited for itself"
    );
}

#[test]
fn who_finds_another_computing_has_its_result() {
    static RUNS: Runs = Runs::none();
    static BEGUN: Barrier = Barrier::new(2);
    /// What another process is, as far as the store can tell.
    mod elsewhere {
        #[lruheap::lru_cache(name = "who computes", shared)]
        pub(super) fn f(n: u8) -> u8 {
            super::RUNS_ELSEWHERE.run();
            n
        }
        #[lruheap::lru_cache(name = "who computes, later", shared)]
        pub(super) async fn later(n: u8) -> u8 {
            super::RUNS_ELSEWHERE.run();
            n
        }
    }
    #[lru_cache(name = "who computes", shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        BEGUN.wait();
        n + 1
    }
    #[lru_cache(name = "who computes, later", shared)]
    async fn later(n: u8) -> u8 {
        RUNS.run();
        BEGUN.wait();
        YieldNow::default().await;
        n + 1
    }
    let _watchdog = watchdog();
    connected();
    thread::scope(|scope| {
        let first = scope.spawn(|| f(1));
        BEGUN.wait();
        assert_eq!(elsewhere::f(1), 2);
        assert_eq!(first.join().expect("nobody panics"), 2);
        let first = scope.spawn(|| block_on(later(1)));
        BEGUN.wait();
        assert_eq!(block_on(elsewhere::later(1)), 2);
        assert_eq!(first.join().expect("nobody panics"), 2);
    });
    RUNS.are(2);
    RUNS_ELSEWHERE.are(0);
}

static RUNS_ELSEWHERE: Runs = Runs::none();

#[test]
fn what_was_removed_while_it_was_computed_is_kept_nowhere() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn removed(n: u8) -> u8 {
        RUNS.run();
        assert_eq!(removed::cache_remove(n), None);
        n
    }
    #[lru_cache(shared)]
    fn cleared(n: u8) -> u8 {
        RUNS.run();
        cleared::cache_clear();
        n
    }
    #[lru_cache(shared, tags(format!("under way: {n}")))]
    fn tagged(n: u8) -> u8 {
        RUNS.run();
        lruheap::invalidate_tag(&format!("under way: {n}"));
        n
    }
    let _watchdog = watchdog();
    connected();
    for round in 1..=3 {
        assert_eq!((removed(1), cleared(1), tagged(1)), (1, 1, 1));
        assert!(!removed::cache_contains(1) && !cleared::cache_contains(1));
        assert!(!tagged::cache_contains(1));
        forget!(removed);
        forget!(cleared);
        forget!(tagged);
        RUNS.are(3 * round);
    }
}

#[test]
fn what_was_inserted_while_it_was_computed_stays() {
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        f::cache_insert(n, 100);
        n
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(f(1), 1);
    assert_eq!(f(1), 100);
    forget!(f);
    assert_eq!(f(1), 100);
}

#[test]
fn an_inserted_value_is_everyone_s() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    f::cache_insert(1, 10);
    assert_eq!((f::cache_peek(1), f(1)), (Some(10), 10));
    forget!(f);
    assert_eq!(f::cache_peek(1), None, "this asks memory alone");
    assert_eq!(f(1), 10);
    RUNS.are(0);
    f::cache_insert(1, 11);
    forget!(f);
    assert_eq!(f(1), 11);
    RUNS.are(0);
}

#[test]
fn a_removed_value_is_gone_for_everyone() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!(f::cache_remove(1), None);
    assert_eq!((f(1), f(2)), (1, 2));
    assert_eq!(f::cache_remove(1), Some(1));
    assert_eq!(f::cache_remove(1), None);
    assert!(f::cache_contains(2), "the others stay");
    forget!(f);
    assert_eq!(f(2), 2);
    RUNS.are(2);
    assert_eq!(f(1), 1);
    RUNS.are(3);
    forget!(f);
    assert_eq!(f::cache_remove(1), Some(1), "the store had it");
    assert_eq!(f(1), 1);
    RUNS.are(4);
}

#[test]
fn a_refresh_is_everyone_s() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u32) -> u32 {
        RUNS.run();
        n + RUNS.0.load(SeqCst)
    }
    connected();
    assert_eq!((f(0), f(0)), (1, 1));
    assert_eq!(f::cache_refresh(0), 2);
    assert_eq!(f(0), 2);
    forget!(f);
    assert_eq!(f(0), 2);
    RUNS.are(2);
}

#[test]
fn a_clear_empties_both() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(2)), (1, 2));
    f::cache_clear();
    assert_eq!(shared_four(f::cache_info()), (0, 0, 0, 0));
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(4);
}

#[test]
fn hits_and_misses_together_are_the_calls() {
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        n
    }
    connected();
    assert_eq!((f(1), f(1), f(2)), (1, 1, 2));
    assert_eq!(shared_four(f::cache_info()), (1, 2, 0, 2));
    // All that is known of them is forgotten.
    f::cache_clear();
    assert_eq!((f(1), f(1)), (1, 1));
    assert_eq!(shared_four(f::cache_info()), (1, 1, 0, 1));
    // One that memory alone forgets.
    f::cache_resize(0);
    f::cache_resize(8);
    assert_eq!((f(1), f(1), f(3)), (1, 1, 3));
    let info = f::cache_info();
    assert_eq!(shared_four(info), (3, 2, 1, 2));
    assert_eq!((info.shared_errors, info.shared_skips), (0, 0));
}

#[test]
fn tags_reach_memory_and_the_store() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared, tags("reach: all", format!("reach: {n}")))]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(2)), (1, 2));
    forget!(f);
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(2);
    assert_eq!(lruheap::invalidate_tag("reach: 1"), 1);
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(3);
    forget!(f);
    assert_eq!(lruheap::invalidate_tag("reach: 2"), 0, "memory has none");
    assert_eq!((f(1), f(2)), (1, 2));
    RUNS.are(4);
    f::cache_insert(3, 30);
    forget!(f);
    assert_eq!(f(3), 30);
    lruheap::invalidate_tag("reach: all");
    assert_eq!((f(1), f(2), f(3)), (1, 2, 3));
    RUNS.are(7);
    assert_eq!(f::cache_refresh(3), 3);
    assert_eq!(f::cache_remove(3), Some(3));
    lruheap::invalidate_tag("reach: all");
    assert_eq!(f::cache_remove(3), None);
}

#[test]
fn callers_that_do_not_wait_share_results_all_the_same() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(coalesce = false, shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f(1), f(1)), (1, 1));
    forget!(f);
    assert_eq!(f(1), 1);
    RUNS.are(1);
}

#[derive(Clone, Debug, PartialEq)]
struct Gone(String);

impl From<lruheap::shared::Error> for Gone {
    fn from(error: lruheap::shared::Error) -> Self {
        Gone(error.to_string())
    }
}

#[test]
fn at_most_once_gives_the_result_where_there_is_one() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared(once = at_most_once))]
    fn f(n: u8) -> Result<u8, Gone> {
        RUNS.run();
        n.checked_sub(1).ok_or_else(|| Gone("too small".into()))
    }
    #[lru_cache(shared(once = at_most_once))]
    async fn later(n: u8) -> Result<u8, Gone> {
        RUNS.run();
        YieldNow::default().await;
        n.checked_sub(1).ok_or_else(|| Gone("too small".into()))
    }
    connected();
    for _ in 0..2 {
        assert_eq!((f(1), f(1)), (Ok(0), Ok(0)));
        assert_eq!(block_on(later(1)), Ok(0));
        forget!(f);
        forget!(later);
    }
    RUNS.are(2);
    assert_eq!(f(0), Err(Gone("too small".into())));
    assert_eq!(f(0), Err(Gone("too small".into())));
    assert_eq!(block_on(later(0)), Err(Gone("too small".into())));
    RUNS.are(5);
    assert_eq!(
        (f::cache_refresh(1), block_on(later::cache_refresh(1))),
        (Ok(0), Ok(0))
    );
    RUNS.are(7);
}

#[test]
fn tasks_share_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    async fn f(text: &str) -> String {
        RUNS.run();
        YieldNow::default().await;
        text.to_uppercase()
    }
    let _watchdog = watchdog();
    connected();
    let tasks = (0..5).map(|_| Task::new(f("a"))).collect();
    assert_eq!(run_to_end(tasks), ["A"; 5]);
    RUNS.are(1);
    forget!(f);
    assert_eq!(block_on(f("a")), "A");
    RUNS.are(1);
    assert_eq!(shared_four(f::cache_info()), (1, 0, 1, 1));
}

#[test]
fn a_cancelled_task_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    static PERMITS: Permits = Permits::none();
    #[lru_cache(shared)]
    async fn f(n: u8) -> u8 {
        RUNS.run();
        PERMITS.take().await;
        n
    }
    let _watchdog = watchdog();
    connected();
    let mut task = Task::new(f(1));
    assert_eq!(task.poll(), None);
    while RUNS.0.load(SeqCst) == 0 {
        task.await_wake();
        task.poll();
    }
    task.cancel();
    PERMITS.allow(1);
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
    forget!(f);
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
}

#[test]
fn tasks_with_tags_and_their_refresh_as_well() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(ttl = 60, shared(ttl = 300), tags("tasks: all", format!("tasks: {id}")))]
    async fn f(id: &str, #[key(x.to_bits())] x: f64) -> Result<String, String> {
        RUNS.run();
        ready(()).await;
        if id.is_empty() {
            Err("no id".into())
        } else {
            Ok(format!("{id} {x} {}", RUNS.0.load(SeqCst)))
        }
    }
    let _watchdog = watchdog();
    connected();
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 1".into()));
    assert_eq!(block_on(f("", 0.5)), Err("no id".into()));
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 1".into()));
    assert_eq!(lruheap::invalidate_tag("tasks: a"), 1);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 3".into()));
    assert_eq!(block_on(f::cache_refresh("a", 0.5)), Ok("a 0.5 4".into()));
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 4".into()));
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 4".into()));
    lruheap::invalidate_tag("tasks: all");
    assert_eq!(block_on(f("a", 0.5)), Ok("a 0.5 5".into()));
    assert_eq!(f::cache_remove("a", 0.5), Some("a 0.5 5".into()));
    f::cache_insert("a", 0.5, "mine".into());
    forget!(f);
    assert_eq!(block_on(f("a", 0.5)), Ok("mine".into()));
    RUNS.are(5);
}

#[test]
fn a_future_that_panics_leaves_nothing_behind() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    async fn f(n: u8) -> u8 {
        RUNS.run();
        YieldNow::default().await;
        assert!(RUNS.0.load(SeqCst) > 1, "the first");
        n
    }
    let _watchdog = watchdog();
    connected();
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(f(1)))).is_err());
    assert_eq!(block_on(f(1)), 1);
    RUNS.are(2);
}

#[test]
fn the_body_alone_asks_nobody() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(n: u8) -> u8 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((f::uncached(1), f::uncached(1)), (1, 1));
    assert_eq!(f(1), 1);
    RUNS.are(3);
    assert_eq!(shared_four(f::cache_info()), (0, 1, 0, 1));
}
