//! Calls and invalidations from many threads at once.

use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::{YieldNow, block_on, watchdog};
use lruheap::{CacheHost, InstanceCaches, invalidate_tag, lru_cache};

const KEYS: usize = 8;

/// What is written, and the last of it whose invalidation is done.
static WRITTEN: [AtomicU32; KEYS] = [const { AtomicU32::new(0) }; KEYS];
static DONE: [AtomicU32; KEYS] = [const { AtomicU32::new(0) }; KEYS];

fn read(id: usize) -> u32 {
    let value = WRITTEN[id].load(SeqCst);
    if value % 3 == 0 {
        thread::yield_now();
    }
    value
}

#[lru_cache(maxsize = 5, tags(format!("crowd:{id}"), "crowd"))]
fn plain(id: usize) -> u32 {
    read(id)
}

#[lru_cache(tags(format!("crowd:{id}"), "crowd"), coalesce = false)]
fn generic<T: Hash + Eq + Clone + Send + Sync + 'static>(id: usize, _of: T) -> Arc<u32> {
    Arc::new(read(id))
}

#[derive(CacheHost, Default)]
struct Host {
    caches: InstanceCaches,
}

impl Host {
    #[lru_cache(tags(format!("crowd:{id}"), "crowd"))]
    fn own(&self, id: usize) -> u32 {
        read(id)
    }

    #[lru_cache(tags(format!("crowd:{id}"), "crowd"))]
    fn tracked(self: &Arc<Self>, id: usize) -> u32 {
        read(id)
    }

    #[lru_cache(ttl = 3600, stale = 10, tags(format!("crowd:{id}"), "crowd"))]
    async fn later(#[key(skip)] &self, id: usize) -> u32 {
        let value = read(id);
        YieldNow::default().await;
        value
    }
}

fn call(host: &Arc<Host>, way: usize, id: usize) -> u32 {
    match way {
        0 => plain(id),
        1 => *generic(id, 'x'),
        2 => *generic(id, 1_u8),
        3 => host.own(id),
        4 => host.tracked(id),
        5 => block_on(host.later(id)),
        _ => plain::cache_refresh(id),
    }
}

const WAYS: usize = 7;

#[test]
fn nothing_is_stale_after_an_invalidation() {
    let _turn = clock_stands();
    let _watchdog = watchdog();
    let hosts: [Arc<Host>; 2] = Default::default();
    // So that every cache is known before the crowd comes.
    for host in &hosts {
        (0..WAYS).for_each(|way| _ = call(host, way, 0));
    }
    let work = |seed: u64| {
        let mut rng = fastrand::Rng::with_seed(seed);
        for _ in 0..3_000 {
            let (id, host) = (rng.usize(..KEYS), &hosts[rng.usize(..2)]);
            if rng.u32(..6) == 0 {
                let new = WRITTEN[id].fetch_add(1, SeqCst) + 1;
                if rng.u32(..8) == 0 {
                    invalidate_tag("crowd");
                } else {
                    invalidate_tag(&format!("crowd:{id}"));
                }
                DONE[id].fetch_max(new, SeqCst);
            } else {
                let done = DONE[id].load(SeqCst);
                let way = rng.usize(..WAYS);
                let value = call(host, way, id);
                assert!(value >= done, "way {way} of {id}: {value}, and not {done}");
            }
        }
    };
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || work(seed))).collect();
        for thread in threads {
            thread.join().expect("nothing is stale");
        }
    });
    for (id, written) in WRITTEN.iter().enumerate() {
        for host in &hosts {
            for way in 0..WAYS {
                assert_eq!(call(host, way, id), written.load(SeqCst), "way {way}");
            }
        }
    }
    let held = plain::cache_info().currsize
        + generic::<char>::cache_info().currsize
        + generic::<u8>::cache_info().currsize
        + Host::own_caches().cache_info().currsize
        + Host::tracked_caches().cache_info().currsize
        + hosts[0].later_cache().cache_info().currsize;
    assert_eq!(invalidate_tag("crowd"), held);
    assert_eq!(invalidate_tag("crowd"), 0);
    assert_eq!(plain::cache_info().currsize, 0);
}

#[test]
fn invalidations_at_once_count_each_entry_once() {
    let _turn = clock_stands();
    #[lru_cache(maxsize = None, tags("once", format!("once:{}", n % 4)))]
    fn same(n: u32) -> u32 {
        n
    }

    let _watchdog = watchdog();
    for round in 0..20 {
        (0..100).for_each(|n| _ = same(n));
        let start = Barrier::new(8);
        let removed: usize = thread::scope(|scope| {
            let invalidate = |tag: String| {
                start.wait();
                invalidate_tag(&tag)
            };
            let tag = |n: u32| {
                if n < 4 {
                    format!("once:{n}")
                } else {
                    "once".into()
                }
            };
            let threads: Vec<_> = (0..8)
                .map(|n| scope.spawn(move || invalidate(tag(n))))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .sum()
        });
        assert_eq!(removed, 100);
        assert_eq!(same::cache_info().invalidations, 100 * (round + 1));
    }
}
