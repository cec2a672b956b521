//! What a hit costs, beside the peers and a bare map: 256 hot keys, maxsize 1024, on one thread and
//! on more that ask one cache for the same keys. `cargo bench --bench hits`.

mod common;

use std::time::Duration;

use cached::macros::{cached, concurrent_cached};
use lruheap::{CacheHost, InstanceCaches, lru_cache};
use memoize::memoize;

use common::by_hand::{ByHand, Function, Moka, Quick, lru, peers, round};
use common::functions::{bare_map, body, memoized, number, numbers, ours};
use common::keys::{HOT, text};
use common::report::Report;
use common::rounds::{crews, time};
use common::texts::texts;
use common::{MAXSIZE, Role, Subject};

const CALLS: u64 = 20_000;
const ROUNDS: u64 = 101;
const MINUTE: Duration = Duration::from_secs(60);

fn main() {
    let report = Report::new("hits");
    let cells = [
        ("u64", HOT, with_the_limit(numbers(ours))),
        ("&str", HOT, texts()),
        ("one hot key", 1, with_the_limit(numbers(ours))),
        ("ttl", HOT, with_the_limit(ttl())),
        ("tti", HOT, with_the_limit(tti())),
        ("String value", HOT, strings()),
        ("method", HOT, methods()),
        ("thread scope", HOT, with_the_limit(thread_scope())),
    ];
    for (name, keys, subjects) in &cells {
        for threads in crews() {
            report.compare((name, threads), subjects, ROUNDS, |call, _| {
                time(call, (0..CALLS).map(|n| n % keys))
            });
        }
    }
}

fn with_the_limit(mut subjects: Vec<Subject>) -> Vec<Subject> {
    subjects.push(bare_map());
    subjects
}

// --- Entries that grow old ---

type MokaBuilder = moka::sync::CacheBuilder<u64, u64, Moka<u64, u64>>;

/// Moka with a time to live, or to idle.
fn moka(ages: fn(MokaBuilder) -> MokaBuilder) -> Subject {
    let cache = ages(MokaBuilder::new(MAXSIZE as u64)).build();
    Subject {
        name: "moka",
        role: Role::Peer,
        call: round(cache, number()),
    }
}

fn ttl() -> Vec<Subject> {
    #[lru_cache(maxsize = 1024, ttl = 60)]
    fn ours(x: u64) -> u64 {
        body(x)
    }
    #[cached(max_size = 1024, ttl_secs = 60)]
    fn one_lock(x: u64) -> u64 {
        body(x)
    }
    #[concurrent_cached(max_size = 1024, ttl_secs = 60)]
    fn sharded(x: u64) -> u64 {
        body(x)
    }
    #[memoize(Capacity: 1024, TimeToLive: MINUTE, SharedCache)]
    fn memoized_shared(x: u64) -> u64 {
        body(x)
    }
    #[memoize(Capacity: 1024, TimeToLive: MINUTE)]
    fn memoized(x: u64) -> u64 {
        body(x)
    }

    vec![
        Subject::new("lruheap", Role::Ours, ours),
        Subject::new("cached", Role::Peer, one_lock),
        Subject::new("cached, sharded", Role::Peer, sharded),
        Subject::new("memoize, shared", Role::Peer, memoized_shared),
        moka(|cache| cache.time_to_live(MINUTE)),
        Subject::new("memoize", Role::Other, memoized),
    ]
}

fn tti() -> Vec<Subject> {
    #[lru_cache(maxsize = 1024, tti = 60)]
    fn ours(x: u64) -> u64 {
        body(x)
    }
    #[cached(max_size = 1024, ttl_secs = 60, refresh = true)]
    fn one_lock(x: u64) -> u64 {
        body(x)
    }
    #[concurrent_cached(max_size = 1024, ttl_secs = 60, refresh = true)]
    fn sharded(x: u64) -> u64 {
        body(x)
    }

    vec![
        Subject::new("lruheap", Role::Ours, ours),
        Subject::new("cached", Role::Peer, one_lock),
        Subject::new("cached, sharded", Role::Peer, sharded),
        moka(|cache| cache.time_to_idle(MINUTE)),
    ]
}

// --- Values that are cloned out ---

fn strings() -> Vec<Subject> {
    #[lru_cache(maxsize = 1024)]
    fn ours(x: u64) -> String {
        text(x).to_owned()
    }
    #[cached(max_size = 1024)]
    fn one_lock(x: u64) -> String {
        text(x).to_owned()
    }
    #[concurrent_cached(max_size = 1024)]
    fn sharded(x: u64) -> String {
        text(x).to_owned()
    }
    #[memoize(Capacity: 1024, SharedCache)]
    fn memoized_shared(x: u64) -> String {
        text(x).to_owned()
    }

    let length = |text: String| text.len() as u64;
    let mut subjects = vec![
        Subject::new("lruheap", Role::Ours, move |x| length(ours(x))),
        Subject::new("cached", Role::Peer, move |x| length(one_lock(x))),
        Subject::new("cached, sharded", Role::Peer, move |x| length(sharded(x))),
        Subject::new("memoize, shared", Role::Peer, move |x| {
            length(memoized_shared(x))
        }),
    ];
    subjects.extend(peers(Function {
        argument: |x| x,
        body: |&x: &u64| text(x).to_owned(),
        read: length,
    }));
    subjects
}

// --- Methods, and a cache for each thread ---

#[derive(CacheHost)]
struct Host {
    summand: u64,
    caches: InstanceCaches,
}

impl Host {
    #[lru_cache(maxsize = 1024)]
    fn plus(&self, x: u64) -> u64 {
        body(x) + self.summand
    }
}

/// What one writes without an attribute: the cache is a field of the struct.
fn in_a_field<C: ByHand<u64, u64>>(name: &'static str, cache: C) -> Subject {
    struct ByField<C> {
        summand: u64,
        cache: C,
    }
    let host = ByField { summand: 1, cache };
    Subject::new(name, Role::Peer, move |x| {
        host.cache.get(&x).unwrap_or_else(|| {
            let value = body(x) + host.summand;
            host.cache.insert(&x, value);
            value
        })
    })
}

fn methods() -> Vec<Subject> {
    let host = Host {
        summand: 1,
        caches: InstanceCaches::new(),
    };
    vec![
        Subject::new("lruheap", Role::Ours, move |x| host.plus(x)),
        in_a_field("lru", lru(MAXSIZE)),
        in_a_field("quick_cache", Quick::<u64, u64>::new(MAXSIZE)),
    ]
}

fn thread_scope() -> Vec<Subject> {
    #[lru_cache(maxsize = 1024, scope = thread)]
    fn ours(x: u64) -> u64 {
        body(x)
    }
    vec![
        Subject::new("lruheap", Role::Ours, ours),
        Subject::new("memoize", Role::Peer, memoized),
    ]
}
