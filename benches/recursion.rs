//! What a cold recursion costs, beside the peers: fib(2000), modulo 2^64, with caches without a bound
//! that are cleared before each round. It goes 2,000 calls deep, so it runs in a thread with a stack
//! of 256 MiB. `cargo bench --bench recursion`.

mod common;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::thread;
use std::time::Instant;

use cached::Cached as _;
use common::report::Report;
use common::rounds::nanoseconds;
use common::{Role, Subject};

const N: u64 = 2_000;
const ROUNDS: u64 = 101;
const STACK: usize = 256 << 20;

/// A recursive function, and what empties its cache.
struct Recursion {
    fibonacci: fn(u64) -> u64,
    clear: fn(),
}

/// One body for all: the recursion is the memoized function's own.
fn sum(n: u64, fibonacci: fn(u64) -> u64) -> u64 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1).wrapping_add(fibonacci(n - 2))
    }
}

#[lruheap::cache]
fn ours(n: u64) -> u64 {
    sum(n, ours)
}

#[lruheap::lru_cache(maxsize = None, scope = thread)]
fn ours_thread(n: u64) -> u64 {
    sum(n, ours_thread)
}

#[cached::macros::cached]
fn cached(n: u64) -> u64 {
    sum(n, cached)
}

#[memoize::memoize]
fn memoized(n: u64) -> u64 {
    sum(n, memoized)
}

#[memoize::memoize(SharedCache)]
fn memoized_shared(n: u64) -> u64 {
    sum(n, memoized_shared)
}

thread_local! {
    static MAP: RefCell<HashMap<u64, u64>> = RefCell::default();
}

fn by_hand(n: u64) -> u64 {
    if let Some(value) = MAP.with_borrow(|map| map.get(&n).copied()) {
        return value;
    }
    let value = sum(n, by_hand);
    MAP.with_borrow_mut(|map| map.insert(n, value));
    value
}

fn subject(
    name: &'static str,
    role: Role,
    fibonacci: fn(u64) -> u64,
    clear: fn(),
) -> Subject<Recursion> {
    let call = Recursion { fibonacci, clear };
    Subject { name, role, call }
}

fn compare() {
    let clear_cached = || CACHED.write().cache_clear();
    let clear_by_hand = || MAP.with_borrow_mut(HashMap::clear);
    let shared = [
        subject("lruheap", Role::Ours, ours, ours::cache_clear),
        subject("cached", Role::Peer, cached, clear_cached),
        subject(
            "memoize, shared",
            Role::Peer,
            memoized_shared,
            memoized_flush_memoized_shared,
        ),
        subject("memoize", Role::Other, memoized, memoized_flush_memoized),
        subject("bare map", Role::Limit, by_hand, clear_by_hand),
    ];
    let of_a_thread = [
        subject("lruheap", Role::Ours, ours_thread, ours_thread::cache_clear),
        subject("memoize", Role::Peer, memoized, memoized_flush_memoized),
        subject("bare map", Role::Limit, by_hand, clear_by_hand),
    ];
    let report = Report::new("recursion");
    let cells = [("fib(2000)", &shared[..]), ("thread scope", &of_a_thread)];
    for (name, subjects) in cells {
        report.compare((name, 1), subjects, ROUNDS, |call, _| {
            (call.clear)();
            let start = Instant::now();
            black_box((call.fibonacci)(black_box(N)));
            nanoseconds(start)
        });
    }
}

fn main() {
    println!("in a thread with a stack of {} MiB", STACK >> 20);
    let thread = thread::Builder::new().stack_size(STACK).spawn(compare);
    let ended = thread.expect("a thread with a large stack").join();
    ended.expect("no round panics");
}
