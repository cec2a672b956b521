//! The controls of memoized methods, of one instance and of all together; the options
//! and the names of the controls.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use common::four;
use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

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

    #[lru_cache]
    fn property(&self) -> u32 {
        self.run()
    }

    #[lru_cache(ttl = 60)]
    fn expiring(&self) -> u32 {
        self.run()
    }
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
    let _ = (host.expiring(), other.expiring());
    let left = host.expiring_cache().cache_ttl(()).unwrap();
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60));
    assert_eq!(host.expiring_cache().cache_purge(), 0);
    lruheap_core::testing::advance(Duration::from_secs(60));
    assert_eq!(host.expiring_cache().cache_purge(), 1);
    assert_eq!(
        host.expiring_cache().cache_parameters().ttl,
        Some(Duration::from_secs(60))
    );
    assert_eq!((host.expiring(), other.expiring()), (2, 2));
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
