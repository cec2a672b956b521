//! One cache and many threads: every call is counted, capacity is kept,
//! results are right.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use common::{four, watchdog};
use lruheap::{Cache, lru_cache};

#[test]
fn five_threads_with_a_key_each_miss_once_and_hit_ten_times() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 55)]
    fn combine(x: u64, y: u64) -> u64 {
        3 * x + y
    }
    let start = Barrier::new(5);
    thread::scope(|scope| {
        for k in 0..5 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for _ in 0..11 {
                    assert_eq!(combine(k, 0), 3 * k);
                }
            });
        }
    });
    assert_eq!(four(combine::cache_info()), (50, 5, Some(55), 5));
}

#[test]
fn clears_between_rounds_leave_exact_counters() {
    let _watchdog = watchdog();
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[lru_cache(maxsize = 3)]
    fn double(n: u64) -> u64 {
        RUNS.fetch_add(1, Relaxed);
        n * 2
    }
    for round in 0..20 {
        let before = RUNS.load(Relaxed);
        let start = Barrier::new(5);
        thread::scope(|scope| {
            for k in 0..5 {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    for n in 0..11 {
                        let n = (n * (k + 1) + round) % 7;
                        assert_eq!(double(n), n * 2);
                    }
                });
            }
        });
        let info = double::cache_info();
        assert_eq!(info.hits + info.misses, 55);
        assert_eq!(
            info.misses,
            RUNS.load(Relaxed) - before,
            "a miss is a run of the body"
        );
        assert_eq!(info.currsize, 3);
        double::cache_clear();
        assert_eq!(four(double::cache_info()), (0, 0, Some(3), 0));
    }
}

#[test]
fn clears_in_the_middle_never_let_more_than_all_calls_be_counted() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 55)]
    fn combine(x: u64, y: u64) -> u64 {
        3 * x + y
    }
    let start = Barrier::new(6);
    thread::scope(|scope| {
        for k in 0..5 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for n in 0..11 {
                    assert_eq!(combine(k, n % 3), 3 * k + n % 3);
                }
            });
        }
        scope.spawn(|| {
            start.wait();
            for _ in 0..22 {
                combine::cache_clear();
                let info = combine::cache_info();
                assert!(
                    info.hits + info.misses <= 55 && info.currsize <= 15,
                    "{info}"
                );
            }
        });
    });
    let info = combine::cache_info();
    assert!(
        info.hits + info.misses <= 55 && info.currsize <= 15,
        "{info}"
    );
    assert!(
        info.currsize as u64 <= info.misses + 5,
        "an entry is a run: {info}"
    );
}

#[test]
fn fifty_threads_insert_fifty_keys() {
    let _watchdog = watchdog();
    let cache: Cache<u32, u32> = Cache::builder().maxsize(50).build();
    let start = Barrier::new(50);
    thread::scope(|scope| {
        for n in 0..50 {
            let (cache, start) = (cache.clone(), &start);
            scope.spawn(move || {
                start.wait();
                cache.insert(n, n * 2);
            });
        }
    });
    assert_eq!(cache.info().currsize, 50);
    assert!((0..50).all(|n| cache.peek(&n) == Some(n * 2)));
    assert_eq!(cache.info().evictions, 0);
}

#[test]
fn fifty_threads_call_with_fifty_keys() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 50)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let start = Barrier::new(50);
    thread::scope(|scope| {
        for n in 0..50 {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                assert_eq!(double(n), n * 2);
            });
        }
    });
    assert_eq!(four(double::cache_info()), (0, 50, Some(50), 50));
}

#[test]
fn capacity_is_never_exceeded_while_threads_insert() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 7)]
    fn double(n: u32) -> u32 {
        n * 2
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let observer = scope.spawn(|| {
            while !done.load(Relaxed) {
                assert!(double::cache_info().currsize <= 7);
                assert!(double::cache().entries().len() <= 7);
            }
        });
        let workers: Vec<_> = (0..4)
            .map(|seed| {
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(seed);
                    for _ in 0..5000 {
                        let n = random.u32(0..20);
                        assert_eq!(double(n), n * 2);
                    }
                })
            })
            .collect();
        let results: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        done.store(true, Relaxed);
        observer.join().unwrap();
        assert!(results.iter().all(Result::is_ok));
    });
    let info = double::cache_info();
    assert_eq!(info.hits + info.misses, 20_000);
    assert_eq!(info.currsize, 7);
}

#[test]
fn every_control_may_be_used_from_every_thread_at_once() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 10, ttl = 3600)]
    fn text(n: u32) -> String {
        n.to_string()
    }
    thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                for _ in 0..2000 {
                    let n = random.u32(0..15);
                    let expected = n.to_string();
                    match random.u32(0..10) {
                        0 => text::cache_insert(n, expected),
                        1 => assert!(text::cache_remove(n).is_none_or(|value| value == expected)),
                        2 => assert_eq!(text::cache_refresh(n), expected),
                        3 => text::cache_resize(random.usize(8..12)),
                        4 => assert_eq!(text::cache_purge(), 0),
                        5 => assert!(text::cache_peek(n).is_none_or(|value| value == expected)),
                        6 if random.u32(0..50) == 0 => text::cache_clear(),
                        _ => assert_eq!(text(n), expected),
                    }
                    assert!(text::cache_info().currsize <= 11);
                }
            });
        }
    });
    assert!(
        text::cache()
            .entries()
            .iter()
            .all(|((n,), value)| *value == n.to_string())
    );
}

#[test]
fn functions_and_caches_are_send_and_sync() {
    fn shared<T: Send + Sync>(_: &T) {}
    #[lru_cache]
    fn double(n: u32) -> u32 {
        n * 2
    }
    shared(&double);
    shared(double::cache());
    shared(&Cache::<String, Vec<u8>>::default());
    assert_eq!(thread::spawn(|| double(4)).join().unwrap(), 8);
    assert_eq!(double(4), 8);
    assert_eq!(four(double::cache_info()), (1, 1, Some(128), 1));
}
