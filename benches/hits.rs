//! What a hit costs, beside the peers, in one run: 256 hot keys, capacity 1024,
//! on one thread and on two. Rounds are interleaved, so that whatever else the
//! machine does falls on all alike; the medians and their ratios to ours are
//! printed. `cargo bench --bench hits`.

// `cached` asks for an owned key; the times are well within an `f64`.
#![allow(clippy::needless_pass_by_value, clippy::cast_precision_loss)]

mod common;

use std::hint::black_box;
use std::sync::{Barrier, LazyLock};
use std::time::Instant;

use common::{Subject, compare, slowest};

const KEYS: u64 = 256;
const CALLS: u64 = 200_000;
const ROUNDS: u64 = 15;

mod functions {
    #[lruheap::lru_cache(maxsize = 1024)]
    pub(crate) fn ours(x: u64) -> u64 {
        x + 1
    }

    #[lruheap::lru_cache(maxsize = 1024, ttl = 60)]
    pub(crate) fn ours_ttl(x: u64) -> u64 {
        x + 1
    }

    #[lruheap::lru_cache(maxsize = 1024, tti = 60)]
    pub(crate) fn ours_tti(x: u64) -> u64 {
        x + 1
    }

    #[lruheap::lru_cache(maxsize = 1024, scope = thread)]
    pub(crate) fn ours_thread(x: u64) -> u64 {
        x + 1
    }

    #[lruheap::lru_cache(maxsize = 1024)]
    pub(crate) fn ours_text(x: &str) -> u64 {
        x.len() as u64
    }

    #[cached::macros::cached(max_size = 1024)]
    pub(crate) fn cached(x: u64) -> u64 {
        x + 1
    }

    #[cached::macros::cached(max_size = 1024)]
    pub(crate) fn cached_text(x: String) -> u64 {
        x.len() as u64
    }

    #[memoize::memoize(Capacity: 1024)]
    pub(crate) fn memoized(x: u64) -> u64 {
        x + 1
    }
}

static MOKA: LazyLock<moka::sync::Cache<u64, u64>> = LazyLock::new(|| moka::sync::Cache::new(1024));
static QUICK: LazyLock<quick_cache::sync::Cache<u64, u64>> =
    LazyLock::new(|| quick_cache::sync::Cache::new(1024));
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..KEYS)
        .map(|n| format!("a-key-of-25-bytes-{n:07}"))
        .collect()
});

fn moka(x: u64) -> u64 {
    MOKA.get_with(x, || x + 1)
}

fn quick(x: u64) -> u64 {
    QUICK
        .get_or_insert_with(&x, || Ok::<_, std::convert::Infallible>(x + 1))
        .unwrap_or(0)
}

fn text(x: u64) -> &'static str {
    &TEXTS[usize::try_from(x).unwrap_or(0)]
}

const NUMBERS: [Subject; 8] = [
    ("lruheap", functions::ours),
    ("lruheap, ttl", functions::ours_ttl),
    ("lruheap, tti", functions::ours_tti),
    ("lruheap, scope = thread", functions::ours_thread),
    ("cached", functions::cached),
    ("memoize (a cache per thread)", functions::memoized),
    ("quick_cache", quick),
    ("moka", moka),
];

const STRINGS: [Subject; 2] = [
    ("lruheap, &str", |x| functions::ours_text(text(x))),
    ("cached, String", |x| {
        functions::cached_text(text(x).to_string())
    }),
];

/// Nanoseconds a call, on each of `threads` threads.
fn round(call: fn(u64) -> u64, threads: u64) -> f64 {
    let barrier = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let barrier = &barrier;
    let work = move |_| {
        for key in 0..KEYS {
            black_box(call(key));
        }
        barrier.wait();
        let start = Instant::now();
        for n in 0..CALLS {
            black_box(call(black_box(n % KEYS)));
        }
        start.elapsed().as_nanos() as f64 / CALLS as f64
    };
    slowest(threads, work)
}

fn main() {
    for threads in [1, 2] {
        for subjects in [&NUMBERS[..], &STRINGS[..]] {
            println!("\n{threads} thread(s), median of {ROUNDS} rounds of {CALLS} hits");
            compare(subjects, ROUNDS, "hit", |call, _| round(call, threads));
        }
    }
}
