//! The store against a list: what it finds, in which order, and what it costs.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::*;
use crate::time::Clock;

/// The instant `nanoseconds` after the clock began.
fn at(nanoseconds: u64) -> Instant {
    Clock {
        manual: Some(Arc::new(AtomicU64::new(nanoseconds))),
    }
    .now()
}

/// The slot of `payload`, looked for as a cache does: by hash, then by comparing.
fn find(store: &Store<u32>, hash: u32, payload: u32) -> Option<Slot> {
    store
        .candidates(hash)
        .find(|&slot| *store.payload(slot) == payload)
}

/// A hash that spreads consecutive payloads over the table.
fn spread(payload: u32) -> u32 {
    payload.wrapping_mul(0x9E37_79B9)
}

fn order(store: &Store<u32>) -> Vec<u32> {
    store.in_order().map(|slot| *store.payload(slot)).collect()
}

/// A store with these payloads, the hash of each being the payload itself.
fn holding(payloads: impl IntoIterator<Item = u32>) -> Store<u32> {
    let mut store = Store::new();
    for payload in payloads {
        store.insert(payload, payload, None);
    }
    store.validate();
    store
}

#[test]
fn an_empty_store_answers_everything_with_nothing() {
    let mut store: Store<u32> = Store::new();
    store.shrink();
    store.validate();
    assert_eq!(store.len(), 0);
    assert_eq!(store.allocated(), 0);
    assert!(!store.has_deadlines());
    assert_eq!(store.candidates(7).next(), None);
    assert_eq!(store.oldest(), None);
    assert_eq!(store.due(at(u64::MAX), usize::MAX), None);
    assert_eq!(store.in_order().next(), None);
}

#[test]
fn equal_hashes_are_told_apart_by_comparing() {
    let mut store = Store::new();
    for payload in 0..20 {
        store.insert(42, payload, None);
    }
    store.validate();
    for payload in 0..20 {
        let slot = find(&store, 42, payload).expect("it was inserted");
        assert_eq!(*store.payload(slot), payload);
    }
    assert_eq!(find(&store, 42, 20), None);
    assert_eq!(find(&store, 43, 1), None);
}

#[test]
fn a_touch_makes_an_entry_the_newest_and_leaves_the_others_in_order() {
    let mut store = holding([1, 2, 3, 4]);
    for (touched, expected) in [
        (2, [1, 3, 4, 2]),
        (1, [3, 4, 2, 1]),
        (1, [3, 4, 2, 1]),
        (4, [3, 2, 1, 4]),
    ] {
        let slot = find(&store, touched, touched).expect("it was inserted");
        store.touch(slot);
        store.validate();
        assert_eq!(order(&store), expected);
    }
    assert_eq!(store.oldest(), find(&store, 3, 3));
}

#[test]
fn a_replaced_entry_keeps_its_slot_and_becomes_the_newest() {
    let mut store = holding([1, 2, 3]);
    let slot = find(&store, 1, 1).expect("it was inserted");
    assert_eq!(store.replace(slot, 10, Some(at(5))), 1);
    store.validate();
    assert_eq!(order(&store), [2, 3, 10]);
    assert_eq!(find(&store, 1, 10), Some(slot));
    assert_eq!(store.deadline(slot), Some(at(5)));
    // A deadline is as good as the payload that it came with.
    assert_eq!(store.replace(slot, 11, None), 10);
    store.validate();
    assert_eq!(store.deadline(slot), None);
    assert!(!store.has_deadlines());
}

#[test]
fn the_last_entry_moves_into_the_gap_and_keeps_its_place_in_every_order() {
    for gap in 0..5 {
        for touched in 0..5 {
            let mut store = Store::new();
            for payload in 0..5 {
                store.insert(payload % 2, payload, Some(at(100 - u64::from(payload))));
            }
            store.touch(touched);
            let mut expected: Vec<u32> = order(&store);
            expected.retain(|&payload| payload != gap);

            assert_eq!(store.remove(gap), gap);
            store.validate();
            assert_eq!(order(&store), expected);
            assert_eq!(find(&store, gap % 2, gap), None);
            for payload in expected {
                let slot = find(&store, payload % 2, payload).expect("it was not removed");
                assert_eq!(store.deadline(slot), Some(at(100 - u64::from(payload))));
            }
        }
    }
}

#[test]
fn entries_fall_due_by_their_deadlines_whatever_the_order_of_use() {
    let mut store = Store::new();
    for (payload, deadline) in [(1, 50), (2, 10), (3, 40), (4, 20), (5, 30)] {
        store.insert(payload, payload, Some(at(deadline)));
    }
    store.insert(6, 6, None);
    store.validate();
    assert_eq!(store.due(at(9), usize::MAX), None);
    assert!(!store.is_expired(1, at(9)));
    assert!(
        store.is_expired(1, at(10)),
        "an entry whose age is its ttl has expired"
    );

    let mut fell = Vec::new();
    while let Some(slot) = store.due(at(40), usize::MAX) {
        fell.push(store.remove(slot));
        store.validate();
    }
    assert_eq!(fell, [2, 4, 5, 3]);
    assert_eq!(order(&store), [1, 6]);
    let last = find(&store, 6, 6).expect("it never expires");
    assert!(!store.is_expired(last, at(u64::MAX)));
}

#[test]
fn the_newest_is_what_was_used_last() {
    let mut store = Store::new();
    assert_eq!(store.newest(), None);
    for payload in 0..4 {
        let slot = store.insert(payload, payload, None);
        assert_eq!(store.newest(), Some(slot));
    }
    store.touch(1);
    assert_eq!(store.newest(), Some(1));
    store.remove(1);
    // The last entry has moved into the gap.
    assert_eq!((store.newest(), *store.payload(1)), (Some(1), 3));
    while let Some(newest) = store.newest() {
        store.remove(newest);
    }
    assert_eq!((store.newest(), store.oldest()), (None, None));
}

#[test]
fn a_known_slot_is_touched_while_it_is_an_entrys() {
    let mut store = holding([1, 2, 3]);
    store.touch_known(0);
    assert_eq!(order(&store), [2, 3, 1]);
    store.remove(2);
    for gone in [2, 3, 4, 1000, Slot::MAX - 1, Slot::MAX] {
        store.touch_known(gone);
        store.validate();
        assert_eq!(order(&store), [2, 1]);
    }
    let mut empty: Store<u32> = Store::new();
    empty.touch_known(0);
    empty.validate();
    assert_eq!(empty.allocated(), 0);
}

#[test]
fn a_touch_at_once_is_one_as_long_as_all_lies_in_one_piece() {
    let near = u32::try_from(pages::Pages::<recency::Meta>::NEAR).expect("they are few");
    let mut store = Store::new();
    let mut random = fastrand::Rng::with_seed(9);
    for payload in 0..near - 1 {
        store.insert(spread(payload), payload, None);
        if payload % 16 == 0 {
            let slot = random.u32(..=payload);
            assert!(store.touch_at_once(slot));
            assert_eq!(store.newest(), Some(slot));
        }
    }
    store.validate();
    let before = order(&store);
    assert!(!store.touch_at_once(near) && !store.touch_at_once(Slot::MAX - 1));
    // With one more all of them go to pages: one that is the newest has nowhere to go.
    let last = store.insert(spread(near), near, None);
    assert!(store.touch_at_once(last));
    for slot in [0, 1, near / 2, last - 1] {
        assert!(!store.touch_at_once(slot));
        assert_eq!(store.newest(), Some(last));
    }
    store.validate();
    assert!(
        order(&store)
            .into_iter()
            .eq(before.into_iter().chain([near]))
    );
}

#[test]
fn readers_on_many_threads_share_a_store() {
    let mut store = Store::new();
    for payload in 0..20_000 {
        store.insert(spread(payload), payload, Some(at(u64::from(payload))));
    }
    std::thread::scope(|scope| {
        for from in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for payload in (from..20_000).step_by(4) {
                    let slot = find(store, spread(payload), payload).expect("it is there");
                    assert_eq!(store.deadline(slot), Some(at(u64::from(payload))));
                    assert_eq!(store.end(slot), store.deadline(slot));
                }
            });
        }
    });
}

mod memory;
mod model;

#[test]
fn what_was_put_off_is_looked_at_a_few_at_a_time() {
    let mut store = Store::new();
    for hash in 0..10 {
        let slot = store.insert(hash, hash, Some(Instant::NEVER));
        store.postpone(slot, at(5));
        store.postpone(slot, at(50 + u64::from(hash)));
        store.validate();
    }
    for left in [7, 4, 1] {
        assert_eq!(store.due(at(10), 3), None);
        store.validate();
        assert_eq!(
            store.next_deadline(),
            Some(at(5)),
            "{left} were not looked at"
        );
    }
    assert_eq!(store.due(at(10), 3), None);
    assert_eq!(store.next_deadline(), Some(at(50)), "all were");
    assert_eq!(store.due(at(51), 1), Some(0));
    store.remove(0);
    assert_eq!(
        store
            .due(at(51), usize::MAX)
            .map(|slot| *store.payload(slot)),
        Some(1)
    );
}
