//! What a miss costs, beside the peers: maxsize 1024, and keys that come round again long after they
//! were evicted, on one thread and on two with keys of their own. The body is next to nothing, so
//! this is what a cache adds: the look-up, the new entry and an eviction; and where misses are
//! coalesced, the computation that others could join. `cargo bench --bench misses`.

mod common;

use std::convert::Infallible;

use cached::macros::cached;

use common::by_hand::{Moka, Quick};
use common::functions::{body, numbers, ours, ours_apart};
use common::report::Report;
use common::rounds::time;
use common::{MAXSIZE, Role, Subject};

/// Of each thread: they come round after so many calls.
const KEYS: u64 = 1 << 20;
const CALLS: u64 = 5_000;
const ROUNDS: u64 = 101;

fn main() {
    let report = Report::new("misses");
    let cells = [
        ("not coalesced", numbers(ours_apart)),
        ("coalesced", coalescing()),
    ];
    for (name, subjects) in &cells {
        for threads in [1, 2] {
            report.compare((name, threads), subjects, ROUNDS, |call, turn| {
                // The rounds with one thread come first, and are not met again.
                let first = (turn.thread + threads) * KEYS;
                let key = |n| first + (turn.round * CALLS + n) % KEYS;
                time(call, (0..CALLS).map(key))
            });
        }
    }
    for info in [ours::cache_info(), ours_apart::cache_info()] {
        assert_eq!(info.hits, 0, "each call is a miss: {info}");
    }
}

/// Those that run the body once for all that wait for it.
fn coalescing() -> Vec<Subject> {
    #[cached(max_size = 1024, sync_writes = "by_key")]
    fn by_key(x: u64) -> u64 {
        body(x)
    }
    let quick = Quick::<u64, u64>::new(MAXSIZE);
    let moka = Moka::<u64, u64>::new(MAXSIZE as u64);
    vec![
        Subject::new("lruheap", Role::Ours, ours),
        Subject::new("cached", Role::Peer, by_key),
        Subject::new("moka", Role::Peer, move |x| moka.get_with(x, || body(x))),
        Subject::new("quick_cache", Role::Peer, move |x| {
            let value = quick.get_or_insert_with(&x, || Ok::<_, Infallible>(body(x)));
            value.unwrap_or_else(|never| match never {})
        }),
    ]
}
