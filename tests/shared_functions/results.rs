//! Which results are shared, and how long they live.

use std::collections::BTreeMap;
use std::time::Duration;

use lruheap::lru_cache;
use serde::Deserialize;
use serde::Serialize;

use crate::Runs;
use crate::connected;

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
