//! What a cache costs in memory, beside the peers: the bytes of an entry `u64 → u64` beyond its key
//! and its value when 100,000 are held, those of a cache without entries, and how often a hit
//! allocates. Counted by an allocator of the bench's own. `cargo bench --bench memory`.

// The figures are well within an `f64`.
#![allow(clippy::cast_precision_loss)]

mod common;
#[path = "../tests/common/counting.rs"]
mod counting;

use std::hint::black_box;

use cached::macros::cached;
use lruheap::{Cache, lru_cache};
use memoize::memoize;

use common::by_hand::{ByHand, Moka, Ours, Quick, lru, schnellru};
use common::functions::{body, numbers, ours};
use common::keys::HOT;
use common::report::{Cell, Figure, Report};
use common::texts::texts;
use common::{Call, Role, Subject};

const ENTRIES: u32 = 100_000;
const CAPACITY: usize = 100_000;
const HITS: u32 = 1_000;

#[lru_cache(maxsize = 100_000)]
fn of_ours(x: u64) -> u64 {
    body(x)
}

#[cached(max_size = 100_000)]
fn of_cached(x: u64) -> u64 {
    body(x)
}

#[memoize(Capacity: 100_000)]
fn of_memoize(x: u64) -> u64 {
    body(x)
}

/// A subject's name, its role, and what it costs.
struct Cost {
    subject: (&'static str, Role),
    empty: f64,
    entry: f64,
    held: u32,
}

impl Cost {
    fn new(subject: (&'static str, Role), empty: isize, full: isize, held: u32) -> Self {
        let key_and_value = 16.0;
        Self {
            subject,
            empty: empty as f64,
            entry: full as f64 / f64::from(held) - key_and_value,
            held,
        }
    }
}

/// The bytes that this thread holds more than it held `before`.
fn since(before: isize) -> isize {
    counting::bytes() - before
}

fn by_hand<C: ByHand<u64, u64>>(name: &'static str, role: Role, make: impl Fn() -> C) -> Cost {
    // Whatever all caches of a kind share is made once.
    drop(make());
    let before = counting::bytes();
    let cache = make();
    let empty = since(before);
    for key in 0..ENTRIES {
        cache.insert(&key.into(), key.into());
    }
    cache.settle();
    let full = since(before);
    let is_held = |key: &u32| cache.get(&u64::from(*key)).is_some();
    let held = (0..ENTRIES).filter(is_held).count();
    Cost::new(
        (name, role),
        empty,
        full,
        held.try_into().unwrap_or(ENTRIES),
    )
}

/// Its cache is a static, which nobody has called or asked for anything before.
fn function(name: &'static str, role: Role, call: fn(u64) -> u64) -> Cost {
    let before = counting::bytes();
    black_box(call);
    let empty = since(before);
    for key in 0..ENTRIES {
        call(key.into());
    }
    Cost::new((name, role), empty, since(before), ENTRIES)
}

fn add_costs(report: &Report) {
    let of_functions = [
        function("lruheap", Role::Ours, of_ours),
        function("cached", Role::Peer, of_cached),
        function("memoize", Role::Peer, of_memoize),
    ];
    let of_objects = [
        by_hand("lruheap", Role::Ours, || -> Ours<u64, u64> {
            Cache::builder().maxsize(CAPACITY).build()
        }),
        by_hand("moka", Role::Peer, || {
            Moka::<u64, u64>::new(CAPACITY as u64)
        }),
        by_hand("quick_cache", Role::Peer, || {
            Quick::<u64, u64>::new(CAPACITY)
        }),
        by_hand("lru", Role::Peer, || lru(CAPACITY)),
        by_hand("schnellru", Role::Peer, || schnellru(CAPACITY)),
    ];
    let column = |costs: &[Cost], figure: fn(&Cost) -> f64| -> Vec<Figure> {
        let figures = costs
            .iter()
            .map(|cost| (cost.subject.0, cost.subject.1, figure(cost)));
        figures.collect()
    };
    for (what, costs) in [("function", &of_functions[..]), ("object", &of_objects)] {
        let add = |name: &str, unit, figure| {
            let name = format!("{what}: {name}");
            report.add(Cell::new(&name, 1, unit), &column(costs, figure));
        };
        add("an entry beyond key and value", "bytes", |cost| cost.entry);
        add("held of 100,000", "entries", |cost| cost.held.into());
        add("before any entry", "bytes", |cost| cost.empty);
    }
}

/// How often a hit allocates, once the thread has what it keeps for all that follow.
fn add_allocations(report: &Report, cell: &str, subjects: &[Subject]) {
    let allocations = |call: &Call| {
        for n in 0..4 * HOT {
            black_box(call(n % HOT));
        }
        let before = counting::allocations();
        for n in 0..HITS {
            black_box(call(u64::from(n) % HOT));
        }
        (counting::allocations() - before) as f64 / f64::from(HITS)
    };
    let figures: Vec<Figure> = subjects
        .iter()
        .map(|subject| (subject.name, subject.role, allocations(&subject.call)))
        .collect();
    report.add(Cell::new(cell, 1, "allocations"), &figures);
    for (name, role, figure) in figures {
        let free = figure == 0.0 || role != Role::Ours;
        assert!(free, "a hit of {name} allocates {figure} times");
    }
}

fn main() {
    let report = Report::new("memory");
    add_costs(&report);
    add_allocations(&report, "a hit on u64", &numbers(ours));
    add_allocations(&report, "a hit on &str", &texts());
}
