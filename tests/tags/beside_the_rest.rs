//! Tags beside `cache_invalidate`, the controls and the counters.

use std::sync::{Mutex, PoisonError};

use crate::common::clock::clock_stands;
use crate::common::four;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, invalidate_tag, lru_cache};

#[test]
fn cache_invalidate_and_tags() {
    let _turn = clock_stands();
    static PRICES: Mutex<[u32; 3]> = Mutex::new([10, 20, 30]);

    fn read(id: usize) -> u32 {
        PRICES.lock().unwrap_or_else(PoisonError::into_inner)[id]
    }

    #[lru_cache(tags(format!("price:{id}")))]
    fn price(id: usize) -> u32 {
        read(id)
    }

    #[lru_cache(tags(format!("price:{a}"), format!("price:{b}")))]
    fn both(a: usize, b: usize) -> u32 {
        read(a) + read(b)
    }

    #[cache_invalidate(price(id))]
    fn set(id: usize, to: u32) -> Result<usize, usize> {
        if to == 0 {
            return Err(id);
        }
        PRICES.lock().unwrap_or_else(PoisonError::into_inner)[id] = to;
        Ok(invalidate_tag(&format!("price:{id}")))
    }

    let fill = || {
        [
            price(0),
            price(1),
            both(0, 1),
            both(1, 2),
            both(0, 2),
            both(1, 1),
        ]
    };
    assert_eq!(fill(), [10, 20, 30, 50, 40, 40]);
    assert_eq!(set(0, 0), Err(0));
    assert_eq!(
        (price::cache_info().currsize, both::cache_info().currsize),
        (2, 4)
    );
    assert_eq!(set(1, 25), Ok(4));
    assert_eq!(
        (price::cache_info().currsize, both::cache_info().currsize),
        (1, 1)
    );
    assert_eq!(fill(), [10, 25, 35, 55, 40, 50]);
    assert_eq!(set(0, 11), Ok(3));
    assert_eq!(fill(), [11, 25, 36, 55, 41, 50]);
    assert_eq!(counted!(price), (4, 2));
    assert_eq!(counted!(both), (9, 5));
}

#[test]
fn by_hand_through_the_controls() {
    let _turn = clock_stands();
    #[lru_cache(tags("by hand", format!("by hand:{n}")))]
    fn same(n: u32) -> u32 {
        n
    }

    #[derive(CacheHost, Default)]
    struct Host {
        name: String,
        caches: InstanceCaches,
    }

    impl Host {
        #[lru_cache(tags(self.name, format!("by hand:{n}")))]
        fn own(&self, n: u32) -> u32 {
            n
        }
    }

    let host = Host {
        name: "by hand".into(),
        ..Host::default()
    };
    same::cache_insert(1, 10);
    host.own_cache().cache_insert((1,), 10);
    assert_eq!((same(1), host.own(1)), (10, 10));
    assert_eq!(invalidate_tag("by hand:1"), 2);
    same::cache_refresh(2);
    host.own_cache().cache_refresh((2,));
    assert_eq!(invalidate_tag("by hand"), 2);
    same::cache_insert(3, 30);
    same::cache_remove(3);
    host.own_cache().cache_insert((3,), 30);
    host.own_cache().cache_clear();
    assert_eq!(invalidate_tag("by hand"), 0);
    assert_eq!(same::uncached(4) + host.own_uncached(4), 8);
    assert_eq!(invalidate_tag("by hand:4"), 0);
}

#[test]
fn counters_say_what_went_by_tag() {
    let _turn = clock_stands();
    #[lru_cache(maxsize = 3, tags("figures", format!("figures:{}", n % 2)))]
    fn same(n: u32) -> u32 {
        n
    }

    (0..4).for_each(|n| _ = same(n));
    same(3);
    assert_eq!(invalidate_tag("figures:1"), 2);
    assert_eq!(same::cache_remove(2), Some(2));
    assert_eq!(invalidate_tag("figures"), 0);
    let info = same::cache_info();
    assert_eq!(four(info), (1, 4, Some(3), 0));
    assert_eq!(
        (info.evictions, info.invalidations, info.expirations),
        (1, 3, 0)
    );
}
