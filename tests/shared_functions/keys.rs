//! Which arguments are one key, and which are not.

use std::sync::atomic::Ordering::SeqCst;

use lruheap::lru_cache;
use serde::Serialize;

use crate::Runs;
use crate::connected;

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
    #[allow(clippy::option_option)] // the case in question
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
fn the_expression_of_a_key_may_borrow_from_the_argument() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(shared)]
    fn f(#[key(name.trim())] name: &str, #[key((&id[..1], 1))] id: &str) -> usize {
        RUNS.run();
        name.trim().len() + id.len()
    }
    connected();
    for name in ["a", " a", "a "] {
        assert_eq!(f(&String::from(name), "x"), 2);
        forget!(f);
    }
    assert_eq!(f::cache_remove("  a", "x"), Some(2));
    RUNS.are(1);
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
    fn width<T>(of: T) -> usize
    where
        T: Serialize + Clone + Eq + std::hash::Hash + Send + Sync + 'static,
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
