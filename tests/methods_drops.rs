//! What the `Drop` of cached values may do while caches are cleared: panic, drop other
//! instances. All that was to be cleared is.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use common::watchdog;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// Panics when it is dropped, once for each time that it was armed.
struct Bomb(Arc<AtomicBool>);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.0.swap(false, Relaxed), "the bomb");
    }
}

/// Each test has a type of its own.
#[derive(CacheHost, Default)]
struct Host<const TEST: usize> {
    data: u32,
    armed: Arc<AtomicBool>,
    caches: InstanceCaches,
}

impl<const TEST: usize> Host<TEST> {
    #[lru_cache]
    fn before(&self) -> u32 {
        self.data
    }

    #[lru_cache]
    fn bomb(&self) -> Arc<Bomb> {
        Bomb(Arc::clone(&self.armed)).into()
    }

    #[lru_cache]
    fn after(&self) -> u32 {
        self.data
    }

    #[cache_invalidate]
    fn set(&mut self, data: u32) {
        self.data = data;
    }

    #[cache_invalidate(bomb, before, after)]
    fn set_named(&mut self, data: u32) {
        self.data = data;
    }

    #[cache_invalidate]
    fn set_and_panic(&mut self, data: u32) {
        self.data = data;
        panic!("the body");
    }

    /// Fills all caches, and sees to it that the bomb goes off.
    fn arm(&self) {
        let _ = (self.before(), self.bomb(), self.after());
        self.armed.store(true, Relaxed);
    }

    /// The two other caches' values, and whether the bomb is still there.
    fn values(&self) -> (u32, u32, bool) {
        (
            self.before(),
            self.after(),
            self.bomb_cache().cache_contains(()),
        )
    }
}

/// What the panic in `run` says.
fn panic_of(run: impl FnOnce()) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("nothing panicked");
    panic.downcast_ref::<&str>().copied().unwrap_or("formatted")
}

#[test]
fn a_panic_in_one_cache_leaves_no_other_one_stale() {
    let mut host = Host::<0>::default();
    host.arm();
    assert_eq!(panic_of(|| host.set(1)), "the bomb");
    assert_eq!(host.values(), (1, 1, false));
    host.arm();
    assert_eq!(panic_of(|| host.set_named(2)), "the bomb");
    assert_eq!(host.values(), (2, 2, false));
    // The first panic goes on.
    host.arm();
    assert_eq!(panic_of(|| host.set_and_panic(3)), "the body");
    assert_eq!(host.values(), (3, 3, false));
    assert!(!host.armed.load(Relaxed));
}

#[test]
fn a_panic_in_one_cache_leaves_the_others_of_the_instance_cleared() {
    let mut host = Host::<1>::default();
    host.arm();
    host.data = 1;
    assert_eq!(panic_of(|| host.caches.clear()), "the bomb");
    assert_eq!(host.values(), (1, 1, false));
}

#[test]
fn a_panic_in_one_instance_leaves_no_other_one_filled() {
    let hosts: [Host<2>; 5] = Default::default();
    let armed = [0, 2, 4];
    for round in 0..3 {
        for host in &hosts {
            host.bomb();
        }
        for &index in &armed[..=round] {
            hosts[index].armed.store(true, Relaxed);
        }
        let all = Host::<2>::bomb_caches();
        assert_eq!(all.cache_info().currsize, 5);
        assert_eq!(panic_of(|| all.cache_clear()), "the bomb");
        assert_eq!((all.instances(), all.cache_info().currsize), (5, 0));
        assert!(hosts.iter().all(|host| !host.armed.load(Relaxed)));
    }
}

/// May own another, which goes into its cache.
#[derive(CacheHost, Default)]
struct Holder<const TEST: usize> {
    owned: Mutex<Option<Box<Holder<TEST>>>>,
    caches: InstanceCaches,
}

impl<const TEST: usize> Holder<TEST> {
    fn of(owned: Holder<TEST>) -> Self {
        Holder {
            owned: Mutex::new(Some(owned.into())),
            ..Holder::default()
        }
    }

    #[lru_cache]
    fn owned(&self) -> Arc<Option<Box<Holder<TEST>>>> {
        self.owned.lock().unwrap().take().into()
    }
}

#[test]
fn instances_that_die_in_a_clear_hide_no_others() {
    let _watchdog = watchdog();
    // In which order of the table the holders and the owned stand.
    type Fill = fn(&[Holder<0>]);
    fn fill_owned(holder: &Holder<0>) {
        let owned = holder.owned.lock().unwrap();
        if let Some(owned) = &*owned {
            fill_owned(owned);
            owned.owned();
        }
    }
    let fills: [Fill; 3] = [
        |holders| {
            for holder in holders {
                fill_owned(holder);
                holder.owned();
            }
        },
        |holders| {
            holders.iter().for_each(fill_owned);
            holders.iter().rev().for_each(|holder| drop(holder.owned()));
        },
        |holders| {
            for holder in holders {
                let owned = holder.owned();
                (*owned).iter().for_each(|owned| fill_owned(owned));
                (*owned).iter().for_each(|owned| drop(owned.owned()));
            }
        },
    ];
    for (index, fill) in fills.into_iter().enumerate() {
        let holders: Vec<Holder<0>> = (0..10)
            .map(|n| match n % 3 {
                0 => Holder::default(),
                1 => Holder::of(Holder::default()),
                _ => Holder::of(Holder::of(Holder::of(Holder::default()))),
            })
            .collect();
        fill(&holders);
        let all = Holder::<0>::owned_caches();
        assert_eq!(all.instances(), 10 + 3 + 9, "order {index}");
        all.cache_clear();
        assert_eq!(
            (all.instances(), all.cache_info().currsize),
            (10, 0),
            "order {index}"
        );
        let kept = |holder: &Holder<0>| holder.owned_cache().cache_contains(());
        assert!(!holders.iter().any(kept), "order {index}");
    }
}

#[test]
fn instances_that_come_and_go_on_other_threads_hide_no_others() {
    let _watchdog = watchdog();
    let holders: Vec<Holder<1>> = (0..20).map(|_| Holder::default()).collect();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let short: [Holder<1>; 3] = Default::default();
                    for holder in &short {
                        holder.owned();
                    }
                }
            });
        }
        let all = Holder::<1>::owned_caches();
        for round in 0..100 {
            for holder in &holders {
                holder.owned();
            }
            all.cache_clear();
            let kept = |holder: &Holder<1>| holder.owned_cache().cache_contains(());
            let left = holders.iter().filter(|holder| kept(holder)).count();
            assert_eq!(left, 0, "round {round}");
        }
    });
    assert_eq!(Holder::<1>::owned_caches().instances(), 20);
}
