//! What calls cost as a cache grows from 100 to 10,000,000 entries, beside the peers: a miss (an
//! insertion into a cache without a bound), a hit, and the slowest single insertion among those that
//! fill the last nine tenths. One cache at a time. `cargo bench --bench growth`.

// The figures are well within an `f64`.
#![allow(clippy::cast_precision_loss)]

mod common;

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use lruheap::Cache;
use parking_lot::Mutex;
use quick_cache::{DefaultHashBuilder, UnitWeighter, sync::DefaultLifecycle};

use common::Role;
use common::by_hand::{ByHand, Ours, Quick, schnellru};
use common::report::{Cell, Figure, Report};
use common::rounds::{median, nanoseconds, rounds};

const SIZES: [u64; 6] = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Of a round.
const HITS: u64 = 20_000;
const ROUNDS: u64 = 15;
/// Small caches are filled again and again, until so many entries were inserted.
const INSERTIONS: u64 = 100_000;
/// No cache is filled where less is free.
const FREE: u64 = 2 << 30;

/// Nanoseconds.
struct Growth {
    miss: f64,
    slowest: f64,
    hit: f64,
}

fn grow<C: ByHand<u64, u64>>(size: u64, make: impl Fn() -> C) -> Growth {
    let (misses, slowest) = (0..rounds(INSERTIONS / size).max(1))
        .map(|_| (miss(size, &make()), slowest(size, &make())))
        .unzip();
    let cache = make();
    fill(&cache, 0, size);
    Growth {
        miss: median(misses),
        slowest: median(slowest),
        hit: hit(size, &cache),
    }
}

fn fill(cache: &impl ByHand<u64, u64>, from: u64, to: u64) {
    for key in from..to {
        if black_box(cache.get(&key)).is_none() {
            cache.insert(&key, key);
        }
    }
}

fn miss(size: u64, cache: &impl ByHand<u64, u64>) -> f64 {
    fill(cache, 0, size / 10);
    let start = Instant::now();
    fill(cache, size / 10, size);
    nanoseconds(start) / (size - size / 10) as f64
}

fn slowest(size: u64, cache: &impl ByHand<u64, u64>) -> f64 {
    fill(cache, 0, size / 10);
    let time = |key| {
        let start = Instant::now();
        cache.insert(&key, key);
        nanoseconds(start)
    };
    (size / 10..size).map(time).fold(0.0, f64::max)
}

fn hit(size: u64, cache: &impl ByHand<u64, u64>) -> f64 {
    // A large odd factor: neighbours in time are not neighbours in memory.
    let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size;
    let round = |round| {
        let start = Instant::now();
        for n in 0..HITS {
            black_box(cache.get(&key(round * HITS + n)));
        }
        nanoseconds(start) / HITS as f64
    };
    median((0..rounds(ROUNDS)).map(round).collect())
}

fn ours() -> Ours<u64, u64> {
    Cache::builder().maxsize(None).build()
}

/// Its capacity is beyond all sizes, and it sets aside room for a few.
fn quick() -> Quick<u64, u64> {
    let (hashes, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
    Quick::<u64, u64>::with(16, 1 << 32, UnitWeighter, hashes, lifecycle)
}

/// What is free, where the system says so.
fn free() -> Option<u64> {
    let report = fs::read_to_string("/proc/meminfo").ok()?;
    let line = report
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

fn main() {
    let report = Report::new("growth");
    for size in SIZES {
        if size * 200 > FREE / 2 && free().is_some_and(|free| free < FREE) {
            println!("\n{size} entries are left out: less than 2 GiB are free");
            continue;
        }
        let growths = [
            ("lruheap", Role::Ours, grow(size, ours)),
            ("quick_cache", Role::Peer, grow(size, quick)),
            (
                "lru",
                Role::Peer,
                grow(size, || Mutex::new(lru::LruCache::unbounded())),
            ),
            (
                "schnellru",
                Role::Peer,
                grow(size, || schnellru(u32::MAX as usize)),
            ),
        ];
        let add = |what: &str, unit, figure: fn(&Growth) -> f64| {
            let figures: Vec<Figure> = growths
                .iter()
                .map(|(name, role, growth)| (*name, *role, figure(growth)))
                .collect();
            let name = format!("{what} at {size}");
            report.add(Cell::new(&name, 1, unit), &figures);
        };
        add("a miss", "ns", |growth| growth.miss);
        add("a hit", "ns", |growth| growth.hit);
        add("the slowest miss", "µs", |growth| growth.slowest / 1_000.0);
    }
}
