//! What a miss costs, beside the peers, in one run: capacity 1024, and keys that come
//! round again long after they were evicted, on one thread and on two with keys of their
//! own. The body is next to nothing, so this is what a cache adds: the look-up, the
//! computation that others could join, the new entry and an eviction. Rounds are
//! interleaved, so that whatever else the machine does falls on all alike; the medians
//! and their ratios to ours are printed. `cargo bench --bench misses`.

// The times are well within an `f64`.
#![allow(clippy::cast_precision_loss)]

mod common;

use std::hint::black_box;
use std::sync::{Barrier, LazyLock};
use std::time::Instant;

use common::{Subject, compare, slowest};

/// Of each thread: they come round after so many calls.
const KEYS: u64 = 1 << 20;
/// Of a round: few, so that most rounds are not interrupted.
const CALLS: u64 = 10_000;
const ROUNDS: u64 = 151;

mod functions {
    #[lruheap::lru_cache(maxsize = 1024)]
    pub(crate) fn ours(x: u64) -> u64 {
        x + 1
    }

    #[lruheap::lru_cache(maxsize = 1024, coalesce = false)]
    pub(crate) fn ours_apart(x: u64) -> u64 {
        x + 1
    }
}

static MOKA: LazyLock<moka::sync::Cache<u64, u64>> = LazyLock::new(|| moka::sync::Cache::new(1024));
static QUICK: LazyLock<quick_cache::sync::Cache<u64, u64>> =
    LazyLock::new(|| quick_cache::sync::Cache::new(1024));

fn moka(x: u64) -> u64 {
    MOKA.get_with(x, || x + 1)
}

fn quick(x: u64) -> u64 {
    QUICK
        .get_or_insert_with(&x, || Ok::<_, std::convert::Infallible>(x + 1))
        .unwrap_or(0)
}

const SUBJECTS: [Subject; 4] = [
    ("lruheap", functions::ours),
    ("lruheap, coalesce = false", functions::ours_apart),
    ("quick_cache", quick),
    ("moka", moka),
];

/// Nanoseconds a call, on each of `threads` threads.
fn round(call: fn(u64) -> u64, threads: u64, round: u64) -> f64 {
    let barrier = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let barrier = &barrier;
    let work = move |thread: u64| {
        let key = |n: u64| thread * KEYS + (round * CALLS + n) % KEYS;
        barrier.wait();
        let start = Instant::now();
        for n in 0..CALLS {
            black_box(call(black_box(key(n))));
        }
        start.elapsed().as_nanos() as f64 / CALLS as f64
    };
    slowest(threads, work)
}

fn main() {
    for threads in [1, 2] {
        println!("\n{threads} thread(s), median of {ROUNDS} rounds of {CALLS} misses");
        compare(&SUBJECTS, ROUNDS, "miss", |call, n| round(call, threads, n));
    }
    for info in [
        functions::ours::cache_info(),
        functions::ours_apart::cache_info(),
    ] {
        assert_eq!(info.hits, 0, "each call is a miss: {info}");
    }
}
