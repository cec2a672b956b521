//! Functions with an attribute, by ours and by the peers that have one.

use std::cell::{Cell, RefCell};

use cached::macros::{cached, concurrent_cached};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use memoize::memoize;

use super::by_hand::{Function, peers};
use super::{Role, Subject};

thread_local! {
    static RUNS: Cell<u64> = const { Cell::new(0) };
    static MAP: RefCell<HashMap<u64, u64, RandomState>> = RefCell::default();
}

/// The body of all functions: next to nothing, and counted.
pub(crate) fn body(x: u64) -> u64 {
    RUNS.set(RUNS.get() + 1);
    x + 1
}

/// How often this thread has run the body.
pub(crate) fn runs() -> u64 {
    RUNS.get()
}

#[lruheap::lru_cache(maxsize = 1024)]
pub(crate) fn ours(x: u64) -> u64 {
    body(x)
}

#[lruheap::lru_cache(maxsize = 1024, coalesce = false)]
pub(crate) fn ours_apart(x: u64) -> u64 {
    body(x)
}

#[cached(max_size = 1024)]
fn one_lock(x: u64) -> u64 {
    body(x)
}

#[concurrent_cached(max_size = 1024)]
fn sharded(x: u64) -> u64 {
    body(x)
}

#[memoize(Capacity: 1024)]
pub(crate) fn memoized(x: u64) -> u64 {
    body(x)
}

#[memoize(Capacity: 1024, SharedCache)]
fn memoized_shared(x: u64) -> u64 {
    body(x)
}

/// The same function for the peers without an attribute.
pub(crate) fn number() -> Function<
    impl Fn(u64) -> u64 + Copy + Send + Sync,
    impl Fn(&u64) -> u64 + Copy + Send + Sync,
    impl Fn(u64) -> u64 + Copy + Send + Sync,
> {
    Function {
        argument: |x| x,
        body: |&x: &u64| body(x),
        read: |x| x,
    }
}

/// All caches of a function `u64 → u64`, `ours` first.
pub(crate) fn numbers(ours: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Vec<Subject> {
    let mut subjects = vec![
        Subject::new("lruheap", Role::Ours, ours),
        Subject::new("cached", Role::Peer, one_lock),
        Subject::new("cached, sharded", Role::Peer, sharded),
        Subject::new("memoize, shared", Role::Peer, memoized_shared),
    ];
    subjects.extend(peers(number()));
    subjects.push(Subject::new("memoize", Role::Other, memoized));
    subjects
}

/// What no cache can beat: a look-up in a thread's own map, which never evicts.
pub(crate) fn bare_map() -> Subject {
    Subject::new("bare map", Role::Limit, |x| {
        let found = MAP.with_borrow(|map| map.get(&x).copied());
        found.unwrap_or_else(|| {
            let value = body(x);
            MAP.with_borrow_mut(|map| map.insert(x, value));
            value
        })
    })
}
