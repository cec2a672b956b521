//! One of them runs the body, and the others have its value.

use std::cell::Cell;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::threads::{Crowd, together};
use crate::common::{Clashing, four, watchdog};
use crate::counting;
use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};

/// 32 threads that make one call all get the one value that there is.
fn assert_one_value<V: Send + Sync>(callers: &Crowd, call: impl Fn() -> Arc<V> + Sync) {
    callers.leave();
    let values = together(32, |_| {
        callers.come();
        call()
    });
    assert!(values.iter().all(|value| Arc::ptr_eq(value, &values[0])));
}

#[test]
fn thirty_two_threads_with_one_cold_key_run_the_body_once() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CALLERS: Crowd = Crowd::new();
    #[lru_cache]
    fn number(n: usize) -> Arc<usize> {
        CALLERS.wait_for(32);
        n.into()
    }
    #[lru_cache]
    fn text(text: &str) -> Arc<String> {
        CALLERS.wait_for(32);
        Arc::new(text.to_owned())
    }
    #[lru_cache]
    fn clashing(key: &Clashing, text: String) -> Arc<(u64, String)> {
        CALLERS.wait_for(32);
        Arc::new((key.0, text))
    }
    #[lru_cache]
    fn fails_never() -> Result<Arc<u8>, Rc<str>> {
        CALLERS.wait_for(32);
        Ok(1.into())
    }
    assert_one_value(&CALLERS, || number(1));
    assert_eq!(four(number::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || text("a"));
    assert_eq!(four(text::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || clashing(&Clashing(3), "a".into()));
    assert_eq!(four(clashing::cache_info()), (31, 1, Some(128), 1));
    assert_one_value(&CALLERS, || fails_never().unwrap());
    assert_eq!(four(fails_never::cache_info()), (31, 1, Some(128), 1));

    let cache: Cache<String, Arc<usize>> = Cache::default();
    let runs = AtomicUsize::new(0);
    assert_one_value(&CALLERS, || {
        cache.clone().get_or_insert_with("a", || {
            CALLERS.wait_for(32);
            runs.fetch_add(1, Relaxed).into()
        })
    });
    assert_one_value(&CALLERS, || {
        let computed = cache.try_get_or_insert_with("b", || {
            CALLERS.wait_for(32);
            Ok::<_, ()>(runs.fetch_add(1, Relaxed).into())
        });
        computed.unwrap()
    });
    assert_eq!(four(cache.info()), (62, 2, None, 2));
    assert_eq!(runs.into_inner(), 2);
}

#[test]
fn methods_run_once_for_each_instance() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    #[derive(CacheHost)]
    struct Host {
        callers: Crowd,
        both: Arc<Barrier>,
        caches: InstanceCaches,
    }
    impl Host {
        fn wait(&self) -> Arc<usize> {
            self.callers.wait_for(32);
            // No instance waits for another.
            self.both.wait();
            Arc::new(7)
        }
        #[lru_cache]
        fn field(&self, text: &str) -> Arc<usize> {
            assert_eq!(text, "a");
            self.wait()
        }
        #[lru_cache]
        fn pointer(self: Arc<Self>) -> Arc<usize> {
            self.wait()
        }
    }
    let both = Arc::new(Barrier::new(2));
    let hosts = [0; 2].map(|_| {
        Arc::new(Host {
            callers: Crowd::new(),
            both: Arc::clone(&both),
            caches: InstanceCaches::new(),
        })
    });
    let first = &hosts[0];
    together(2, |i| {
        let host = &hosts[i];
        assert_one_value(&host.callers, || host.field("a"));
        assert_one_value(&host.callers, || Arc::clone(host).pointer());
        assert_eq!(four(host.field_cache().cache_info()), (31, 1, Some(128), 1));
        assert_eq!(
            four(host.pointer_cache().cache_info()),
            (31, 1, Some(128), 1)
        );
    });
    assert!(!Arc::ptr_eq(&first.field("a"), &hosts[1].field("a")));
    assert_eq!(Arc::strong_count(first), 1);
}

/// Callers of a slow `Clone` are in it at one time, and the cache is free meanwhile.
#[test]
fn waiters_clone_at_one_time() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static CALLERS: Crowd = Crowd::new();
    static CLONES: Crowd = Crowd::new();
    thread_local!(static LEADS: Cell<bool> = const { Cell::new(false) });

    struct Slow(usize);
    impl Clone for Slow {
        fn clone(&self) -> Self {
            if !LEADS.get() {
                CLONES.come();
                CLONES.wait_for(2);
                assert!(slow::cache_contains(1));
            }
            Slow(self.0)
        }
    }
    #[lru_cache]
    fn slow(n: usize) -> Slow {
        LEADS.set(true);
        CALLERS.wait_for(32);
        Slow(n)
    }
    let values = together(32, |_| {
        CALLERS.come();
        slow(1).0
    });
    assert_eq!(values, [1; 32]);
    assert_eq!(four(slow::cache_info()), (31, 1, Some(128), 1));
}

#[test]
fn unrelated_keys_with_one_hash_do_not_wait_for_each_other() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static ALL: Barrier = Barrier::new(8);
    #[lru_cache]
    fn key(key: Clashing) -> u64 {
        ALL.wait();
        key.0
    }
    let values = together(16, |i| key(Clashing(i as u64 % 8)));
    assert!((0..).zip(values).all(|(i, value)| value == i % 8));
    assert_eq!(four(key::cache_info()), (8, 8, Some(128), 8));
}

/// In what is waited for in the middle of a computation and what is not.
#[test]
fn a_thousand_keys_leave_nothing_behind() {
    const THREADS: usize = 4;
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static ALIVE: AtomicIsize = AtomicIsize::new(0);

    #[derive(PartialEq, Eq, Hash)]
    struct Counted(usize);
    impl Counted {
        fn new(n: usize) -> Self {
            ALIVE.fetch_add(1, Relaxed);
            Counted(n)
        }
    }
    impl Clone for Counted {
        fn clone(&self) -> Self {
            Counted::new(self.0)
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Relaxed);
        }
    }
    #[lru_cache(maxsize = None)]
    fn inner(key: &Counted) -> Counted {
        thread::yield_now();
        key.clone()
    }
    #[lru_cache(maxsize = None)]
    fn outer(key: Counted, caller: usize) -> Counted {
        assert!(caller < THREADS);
        inner(&key)
    }
    let steps = Barrier::new(THREADS);
    let held = together(THREADS, |caller| {
        let round = |keys| {
            for n in keys {
                steps.wait();
                assert_eq!(inner(&Counted::new(n)).0, n);
                steps.wait();
                assert_eq!(outer(Counted::new(n + 5000), caller).0, n + 5000);
            }
            if steps.wait().is_leader() {
                let info = inner::cache_info();
                let (calls, keys) = (info.hits + info.misses, info.currsize as u64);
                assert_eq!((info.misses, calls), (keys, keys * THREADS as u64));
                inner::cache_clear();
                outer::cache_clear();
            }
            steps.wait();
            counting::bytes()
        };
        let before = round(0..100);
        round(100..1100) - before
    });
    let held: isize = held.iter().sum();
    assert!(held < 2000 * 8, "{held} bytes are left of 2000 keys");
    assert_eq!(ALIVE.load(Relaxed), 0);
}

/// All bodies are under way at one time.
#[test]
fn nobody_waits_where_calls_are_not_joined() {
    let (_clock, _watchdog) = (clock_stands(), watchdog());
    static ALL: Barrier = Barrier::new(8);
    #[lru_cache(maxsize = 0)]
    fn nothing(n: u64) -> u64 {
        ALL.wait();
        n
    }
    #[lru_cache(coalesce = false)]
    fn apart(text: &str) -> usize {
        ALL.wait();
        text.len()
    }
    #[lru_cache(scope = thread)]
    fn local(n: u64) -> Rc<u64> {
        ALL.wait();
        n.into()
    }
    struct Pointed;
    impl Pointed {
        #[lru_cache]
        fn rc(self: &Rc<Self>) -> Rc<u64> {
            ALL.wait();
            1.into()
        }
    }
    assert_eq!(together(8, |_| nothing(1)), [1; 8]);
    assert_eq!(four(nothing::cache_info()), (0, 8, Some(0), 0));
    assert_eq!(together(8, |_| apart("a")), [1; 8]);
    assert_eq!(four(apart::cache_info()), (0, 8, Some(128), 1));
    together(8, |_| {
        assert_eq!((*local(1), *local(1)), (1, 1));
        assert_eq!(four(local::cache_info()), (1, 1, Some(128), 1));
        let pointed = Rc::new(Pointed);
        assert_eq!((*pointed.rc(), *pointed.rc()), (1, 1));
        let info = pointed.rc_cache().cache_info();
        assert_eq!(four(info), (1, 1, Some(128), 1));
    });
    for cache in [
        Cache::builder().maxsize(0).build::<Clashing, u64>(),
        Cache::builder().coalesce(false).build(),
    ] {
        together(8, |_| {
            cache.get_or_insert_with(&Clashing(1), || {
                ALL.wait();
                1
            })
        });
        let info = cache.info();
        assert_eq!((info.hits, info.misses), (0, 8));
    }
}
