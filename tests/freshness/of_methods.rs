//! The same of methods.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::{advance, counted, from_threads, my_turn};
use crate::common::{YieldNow, block_on, poll_once};
use lruheap::{CacheHost, InstanceCaches, lru_cache};

#[derive(CacheHost, Default)]
struct Shop {
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Shop {
    fn run(&self) -> u32 {
        self.runs.fetch_add(1, SeqCst)
    }

    #[lru_cache(ttl = 10, stale = 5)]
    fn own(&self, n: u32) -> u32 {
        let run = self.run();
        if run % 10 == 1 {
            assert_eq!(from_threads(|| self.own(n)), [run - 1; 8]);
        }
        run
    }

    #[lru_cache(ttl = 10, stale = 5)]
    fn tracked(self: &Arc<Self>, n: u32) -> u32 {
        let run = self.run();
        if run % 10 == 1 {
            assert_eq!(from_threads(|| self.tracked(n)), [run - 1; 8]);
        }
        run
    }

    #[lru_cache(ttl = 10, stale = 5)]
    fn shared(#[key(skip)] &self, n: u32) -> u32 {
        let run = self.run();
        if run % 10 == 1 {
            assert_eq!(from_threads(|| self.shared(n)), [run - 1; 8]);
        }
        run
    }

    #[lru_cache(ttl = 10, stale_if_error = 5)]
    fn fallible(&self, n: u32) -> Result<u32, u32> {
        match self.run() {
            0 => Ok(n),
            run => Err(run),
        }
    }

    #[lru_cache(ttl = 10, stale = 5)]
    async fn later(&self, n: u32) -> u32 {
        let run = self.run();
        YieldNow::default().await;
        n + run
    }

    #[lru_cache(ttl = 100, xfetch = 1e30)]
    fn early(&self) -> u32 {
        advance(1);
        self.run()
    }
}

#[test]
fn each_instance_renews_its_own() {
    let _turn = my_turn();
    type Call = fn(&Arc<Shop>) -> u32;
    let calls: [Call; 3] = [
        |shop| shop.own(1),
        |shop| shop.tracked(1),
        |shop| shop.shared(1),
    ];
    for (way, call) in calls.into_iter().enumerate() {
        let (shop, other) = (Arc::new(Shop::default()), Arc::new(Shop::default()));
        other.runs.store(10, SeqCst);
        assert_eq!(call(&shop), 0);
        if way < 2 {
            assert_eq!(call(&other), 10);
        }
        advance(10);
        assert_eq!([call(&shop), call(&shop)], [1, 1], "way {way}");
        if way < 2 {
            assert_eq!([call(&other), call(&other)], [11, 11], "way {way}");
        }
        let info = match way {
            0 => shop.own_cache().cache_info(),
            1 => shop.tracked_cache().cache_info(),
            _ => shop.shared_cache().cache_info(),
        };
        assert_eq!(counted(info), (9, 2, 8));
    }
}

#[test]
fn all_instances_together_count_it_as_well() {
    let _turn = my_turn();
    let shop = Shop::default();
    assert_eq!(shop.fallible(7), Ok(7));
    advance(10);
    assert_eq!(shop.fallible(7), Ok(7));
    assert_eq!(shop.fallible_cache().cache_info().stale, 1);
    assert_eq!(Shop::fallible_caches().cache_info().stale, 1);
}

#[test]
fn errors_futures_and_early_ones() {
    let _turn = my_turn();
    let shop = Shop::default();
    assert_eq!(shop.fallible(7), Ok(7));
    advance(10);
    assert_eq!(shop.fallible(7), Ok(7));
    assert_eq!(counted(shop.fallible_cache().cache_info()), (0, 2, 1));
    assert_eq!(shop.fallible_cache().cache_peek((7,)), None);
    advance(5);
    assert_eq!(shop.fallible(7), Err(2));

    let shop = Shop::default();
    assert_eq!(block_on(shop.later(0)), 0);
    advance(10);
    let mut renews = Box::pin(shop.later(0));
    assert!(poll_once(&mut renews).is_pending());
    assert_eq!(block_on(shop.later(0)), 0);
    assert_eq!(block_on(renews), 1);

    let shop = Shop::default();
    assert_eq!([shop.early(), shop.early(), shop.early()], [0, 1, 2]);
}
