//! Functions of a text, by ours and by the peers.

// `cached` and `memoize` ask for owned keys.
#![allow(clippy::needless_pass_by_value)]

use std::cell::RefCell;

use cached::macros::{cached, concurrent_cached};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lruheap::lru_cache;
use memoize::memoize;

use super::by_hand::{Function, peers};
use super::functions::body;
use super::keys::text;
use super::{Role, Subject};

thread_local! {
    static TEXTS: RefCell<HashMap<String, u64, RandomState>> = RefCell::default();
}

/// All caches of a function `&str → u64`: whoever asks for a `String` pays for it.
pub(crate) fn texts() -> Vec<Subject> {
    #[lru_cache(maxsize = 1024)]
    fn ours(x: &str) -> u64 {
        length(x)
    }
    #[cached(max_size = 1024)]
    fn one_lock(x: String) -> u64 {
        length(&x)
    }
    #[concurrent_cached(max_size = 1024)]
    fn sharded(x: String) -> u64 {
        length(&x)
    }
    #[memoize(Capacity: 1024, SharedCache)]
    fn memoized_shared(x: String) -> u64 {
        length(&x)
    }
    #[memoize(Capacity: 1024)]
    fn memoized(x: String) -> u64 {
        length(&x)
    }
    fn length(x: &str) -> u64 {
        body(x.len() as u64)
    }

    let owned = |x| text(x).to_owned();
    let mut subjects = vec![
        Subject::new("lruheap", Role::Ours, |x| ours(text(x))),
        Subject::new("cached", Role::Peer, move |x| one_lock(owned(x))),
        Subject::new("cached, sharded", Role::Peer, move |x| sharded(owned(x))),
        Subject::new("memoize, shared", Role::Peer, move |x| {
            memoized_shared(owned(x))
        }),
    ];
    subjects.extend(peers(Function {
        argument: text,
        body: |x: &str| length(x),
        read: |x| x,
    }));
    subjects.push(Subject::new("memoize", Role::Other, move |x| {
        memoized(owned(x))
    }));
    subjects.push(Subject::new("bare map", Role::Limit, |x| {
        let key = text(x);
        let found = TEXTS.with_borrow(|map| map.get(key).copied());
        found.unwrap_or_else(|| {
            let value = length(key);
            TEXTS.with_borrow_mut(|map| map.insert(key.to_owned(), value));
            value
        })
    }));
    subjects
}
