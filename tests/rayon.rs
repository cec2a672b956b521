//! Memoized functions in a work-stealing pool: a worker that waits for its other half
//! takes on, in the middle of one computation, whatever else there is to do.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use lruheap::lru_cache;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder, join};

/// Runs `body` in a pool of four threads, and aborts the process if that takes longer
/// than two minutes.
fn in_pool(body: impl FnOnce(&ThreadPool)) {
    let (alive, owner) = channel::<()>();
    let test = thread::current().name().unwrap_or("a test").to_owned();
    thread::spawn(move || {
        if owner.recv_timeout(Duration::from_secs(120)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{test} hangs");
            std::process::abort();
        }
    });
    let pool = ThreadPoolBuilder::new().num_threads(4).build();
    body(&pool.expect("threads can be had"));
    drop(alive);
}

/// Fibonacci's numbers.
fn fibonacci(n: u64) -> u64 {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

#[test]
fn a_recursive_function_under_join_a_thousand_times() {
    #[lru_cache(maxsize = None)]
    fn forked(n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (a, b) = join(|| forked(n - 1), || forked(n - 2));
        a + b
    }
    in_pool(|pool| {
        for round in 0..1000 {
            let n = 20 + round % 20;
            assert_eq!(pool.install(|| forked(n)), fibonacci(n));
            assert_eq!(forked::cache_info().currsize as u64, n + 1);
            forked::cache_clear();
        }
    });
}

#[test]
fn bodies_that_fork_without_a_call_in_between() {
    /// The sum of the numbers below `n`, in halves: no worker that has a part of it is
    /// seen to be in the middle of anything.
    fn sum(from: u64, to: u64) -> u64 {
        if to - from < 4 {
            return (from..to).sum();
        }
        let middle = from.midpoint(to);
        let (a, b) = join(|| sum(from, middle), || sum(middle, to));
        a + b
    }

    #[lru_cache(maxsize = None)]
    fn triangle(n: u64) -> u64 {
        sum(0, n + 1)
    }

    in_pool(|pool| {
        for _ in 0..1000 {
            let total: u64 = pool.install(|| {
                let calls = (0..256).into_par_iter();
                calls.map(|call| triangle(64 + call % 8)).sum()
            });
            let once: u64 = (64..72).map(|n| n * (n + 1) / 2).sum();
            assert_eq!(total, once * 32);
            triangle::cache_clear();
        }
    });
}

#[test]
fn workers_that_compute_what_the_others_wait_for() {
    static RUNS: AtomicU64 = AtomicU64::new(0);

    /// Each number asks for the next few in a circle, less one step; the steps end.
    #[lru_cache(maxsize = None)]
    fn step(n: u64, steps: u64) -> u64 {
        RUNS.fetch_add(1, Relaxed);
        if steps == 0 {
            return n;
        }
        let next = (0..4_u64).into_par_iter();
        next.map(|k| step((n + k) % 4, steps - 1))
            .reduce(|| 0, u64::max)
    }

    in_pool(|pool| {
        for _ in 0..1000 {
            let (a, b) = pool.install(|| join(|| step(0, 6), || step(1, 6)));
            assert_eq!((a, b), (3, 3));
            let info = step::cache_info();
            assert_eq!(info.currsize, 2 + 4 * 6);
            assert_eq!(info.misses, RUNS.swap(0, Relaxed));
            step::cache_clear();
        }
    });
}
