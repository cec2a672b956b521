//! `lruheap::caches()`, `report()` and `purge()`: what they list, and that they may
//! be asked from anywhere.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{four, watchdog};
use lruheap::{CacheHost, CacheKind, CacheReport, InstanceCaches, lru_cache};

/// What is listed under names that end so.
fn listed(end: &str) -> Vec<CacheReport> {
    let mut reports = lruheap::caches();
    reports.retain(|report| report.name.ends_with(end));
    reports
}

fn one(end: &str) -> CacheReport {
    let mut reports = listed(end);
    assert_eq!(reports.len(), 1, "{end}: {reports:?}");
    reports.remove(0)
}

/// The registry and the clock are one for all tests here: one at a time.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[lru_cache(maxsize = 7)]
fn plain(n: u32) -> u32 {
    n
}

#[lru_cache(name = "my name", typed = true, ttl = "2h")]
fn named<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> T {
    value
}

#[test]
fn a_function_is_listed_once_it_was_called() {
    let _turn = turn();
    assert_eq!(listed("::plain"), []);
    plain(1);
    plain(1);
    let report = one("::plain");
    assert_eq!(report.name, "registry::plain");
    assert_eq!((report.kind, report.instances), (CacheKind::Function, 1));
    assert_eq!(report.parameters, plain::cache_parameters());
    assert_eq!(four(report.info), (1, 1, Some(7), 1));
    plain::cache_clear();
    assert_eq!(four(one("::plain").info), (0, 0, Some(7), 0));
}

#[test]
fn by_the_name_that_it_was_given() {
    let _turn = turn();
    named(1_u8);
    named("a");
    named("a");
    let reports = listed("my name"); // one for each instantiation
    assert_eq!(
        reports
            .iter()
            .map(|report| four(report.info))
            .collect::<Vec<_>>(),
        [(0, 1, Some(128), 1), (1, 1, Some(128), 1)]
    );
    assert_eq!(reports[0].parameters.typed, Some(true));
    assert_eq!(reports[0].parameters.ttl, Some(Duration::from_secs(7200)));
}

#[derive(CacheHost, Default)]
struct Host {
    caches: InstanceCaches,
}

impl Host {
    #[lru_cache(maxsize = 3)]
    fn number(&self, n: u32) -> u32 {
        n
    }

    #[lru_cache(name = "shop::price")]
    fn price(&self, n: u32) -> u32 {
        n
    }

    #[lru_cache]
    fn shared(#[key(skip)] &self, n: u32) -> u32 {
        n
    }

    #[lru_cache]
    fn counted(self: &Arc<Self>, n: u32) -> u32 {
        n
    }

    #[lru_cache]
    fn local(self: &Rc<Self>, n: u32) -> Rc<u32> {
        n.into()
    }
}

#[lru_cache]
impl Host {
    #[lru_cache]
    fn associated(n: u32) -> u32 {
        n
    }
}

#[test]
fn a_method_is_one_item_while_an_instance_lives() {
    let _turn = turn();
    let (first, second) = (Host::default(), Host::default());
    assert_eq!(listed("number"), []);
    let _ = (
        first.number(1),
        first.number(1),
        second.number(1),
        second.price(1),
    );
    let report = one("number");
    assert_eq!(report.name, "registry::Host::number");
    assert_eq!((report.kind, report.instances), (CacheKind::Method, 2));
    assert_eq!(report.parameters, first.number_cache().cache_parameters());
    assert_eq!(four(report.info), (1, 2, Some(3), 2));
    assert_eq!(
        (one("shop::price").instances, one("shop::price").kind),
        (1, CacheKind::Method)
    );
    drop(first);
    assert_eq!(
        (one("number").instances, four(one("number").info)),
        (1, (0, 1, Some(3), 1))
    );
    drop(second);
    assert_eq!((listed("number"), listed("shop::price")), (vec![], vec![]));
    let third = Host::default();
    third.number(1);
    assert_eq!(one("number").instances, 1);
}

#[test]
fn a_method_of_arc_or_rc_is_gone_with_the_last_instance() {
    let _turn = turn();
    let (arc, rc) = (Arc::new(Host::default()), Rc::new(Host::default()));
    let _ = (arc.counted(1), rc.local(1));
    assert_eq!(
        (one("Host::counted").instances, one("Host::local").instances),
        (1, 1)
    );
    assert_eq!(
        (one("Host::counted").kind, one("Host::local").kind),
        (CacheKind::Method, CacheKind::Method)
    );
    thread::spawn(|| {
        assert_eq!(
            (listed("Host::local").len(), listed("Host::counted").len()),
            (0, 1)
        );
    })
    .join()
    .unwrap();
    drop((arc, rc));
    assert_eq!(
        (listed("Host::counted"), listed("Host::local")),
        (vec![], vec![])
    );
}

#[test]
fn what_all_instances_share_stays() {
    let _turn = turn();
    Host::default().shared(1);
    Host::associated(1);
    let report = one("Host::shared"); // though no instance lives
    assert_eq!(
        (report.kind, report.instances, report.info.misses),
        (CacheKind::Method, 1, 1)
    );
    assert_eq!(one("Host::associated").name, "registry::Host::associated");
}

#[test]
fn a_cache_of_a_thread_is_listed_in_that_thread() {
    let _turn = turn();
    #[lru_cache(scope = thread)]
    fn of_thread(n: u32) -> Rc<u32> {
        n.into()
    }
    of_thread(1);
    assert_eq!(one("::of_thread").info.misses, 1);
    thread::spawn(|| {
        assert_eq!(listed("::of_thread"), []);
        of_thread(1);
        of_thread(1);
        assert_eq!(four(one("::of_thread").info), (1, 1, Some(128), 1));
    })
    .join()
    .unwrap();
    assert_eq!(four(one("::of_thread").info), (0, 1, Some(128), 1));
}

#[test]
fn in_the_order_of_their_first_calls() {
    let _turn = turn();
    #[lru_cache]
    fn first_of_order() {}
    #[lru_cache]
    fn second_of_order() {}
    second_of_order();
    first_of_order();
    let names = listed("_of_order").into_iter().map(|report| report.name);
    let names: Vec<_> = names
        .map(|name| name.rsplit("::").next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["second_of_order", "first_of_order"]);
}

#[test]
fn caches_by_hand_are_not_listed() {
    let _turn = turn();
    let cache: lruheap::Cache<u32, u32> = lruheap::Cache::builder().name("by hand").build();
    cache.insert(1, 1);
    assert_eq!(listed("by hand"), []);
}

#[test]
fn purge_drops_what_has_expired() {
    let _turn = turn();
    #[lru_cache(ttl = 30)]
    fn expiring(n: u32) -> u32 {
        n
    }
    #[lru_cache(ttl = 30, scope = thread)]
    fn expiring_of_thread(n: u32) -> u32 {
        n
    }
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    impl Own {
        #[lru_cache(ttl = 30)]
        fn expiring_method(&self, n: u32) -> Arc<u32> {
            n.into()
        }
    }
    let own = Own::default();
    let value = own.expiring_method(1);
    let _ = (expiring(1), expiring(2), expiring_of_thread(1));
    assert_eq!(Arc::strong_count(&value), 2);
    lruheap_core::testing::advance(Duration::from_secs(29));
    expiring(3);
    lruheap_core::testing::advance(Duration::from_secs(1));
    assert!(lruheap::purge() >= 4);
    assert_eq!(Arc::strong_count(&value), 1); // dropped, though nobody asked for it
    assert_eq!(
        (
            one("::expiring").info.currsize,
            one("::expiring").info.expirations
        ),
        (1, 2)
    );
    assert_eq!(one("::expiring_of_thread").info.currsize, 0);
    assert_eq!(one("::expiring_method").info.currsize, 0);
}

#[test]
fn the_report_is_printed() {
    let _turn = turn();
    let host = Host::default();
    host.price(1);
    Host::associated(2);
    lruheap::report();
}

#[test]
fn it_may_be_asked_from_a_body_and_from_drop() {
    let _turn = turn();
    #[derive(Clone)]
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            lruheap::caches();
            lruheap::purge();
        }
    }
    #[lru_cache(maxsize = 1)]
    fn asks(n: u32) -> Arc<Asks> {
        assert_eq!(one("::asks").info.misses, u64::from(n) + 1);
        lruheap::purge();
        if n < 3 { asks(n + 1) } else { Arc::new(Asks) }
    }
    #[lru_cache(scope = thread, maxsize = 1)]
    fn asks_in_thread(n: u32) -> Rc<Asks> {
        lruheap::caches();
        lruheap::purge();
        if n < 3 {
            asks_in_thread(n + 1)
        } else {
            Rc::new(Asks)
        }
    }
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    impl Own {
        #[lru_cache(maxsize = 1)]
        fn asks_in_method(&self, n: u32) -> Arc<Asks> {
            assert_eq!(one("::asks_in_method").instances, 1);
            if n < 3 {
                self.asks_in_method(n + 1)
            } else {
                Arc::new(Asks)
            }
        }
        #[lru_cache(maxsize = 1)]
        fn asks_in_arc(self: &Arc<Self>, n: u32) -> Arc<Asks> {
            lruheap::caches();
            lruheap::purge();
            if n < 3 {
                self.asks_in_arc(n + 1)
            } else {
                Arc::new(Asks)
            }
        }
    }
    let _watchdog = watchdog();
    asks(0);
    asks_in_thread(0);
    asks_in_thread::cache_clear();
    asks::cache_clear(); // drops the last of them
    let own = Arc::new(Own::default());
    let _ = (own.asks_in_method(0), own.asks_in_arc(0));
    own.0.clear();
    own.asks_in_method(0);
    drop(own);
    lruheap::purge();
    assert_eq!(listed("::asks_in_arc"), []);
}

#[test]
fn it_may_be_asked_while_other_threads_come_and_go() {
    let _turn = turn();
    let _watchdog = watchdog();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..300 {
                    let (host, arc) = (Host::default(), Arc::new(Host::default()));
                    assert_eq!((host.price(n), arc.counted(n)), (n, n));
                }
            });
        }
        for _ in 0..100 {
            lruheap::caches();
            lruheap::purge();
        }
    });
}
