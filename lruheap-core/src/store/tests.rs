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
fn a_store_is_no_larger_than_ten_words() {
    assert!(size_of::<Store<[u64; 3]>>() <= 80);
    assert!(size_of::<Store<Arc<(String, String)>>>() <= 80);
}

#[test]
fn an_entry_costs_its_payload_and_twelve_bytes_beside_the_table() {
    assert_eq!(size_of::<recency::Meta>(), 12);
    let mut store = Store::new();
    for payload in 0..100_000 {
        store.insert(spread(payload), [u64::from(payload); 3], None);
    }
    assert!(!store.table.is_growing());
    // Exactly: payloads, links and hashes, of which one page each is not full, 10.5
    // bytes for buckets, and little for where all that is.
    let held = store.slab.allocated() - 36 * 100_000;
    assert!(held < 36 * 1024 + 8 * 1024, "{held} bytes for nothing");
    // A key and a value of 8 bytes each are no overhead.
    let overhead = store.allocated().div_ceil(100_000) - 16;
    assert!(overhead <= 32, "{overhead} bytes for an entry");
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
    assert_eq!(store.due(at(u64::MAX)), None);
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
    assert_eq!(store.due(at(9)), None);
    assert!(!store.is_expired(1, at(9)));
    assert!(
        store.is_expired(1, at(10)),
        "an entry whose age is its ttl has expired"
    );

    let mut fell = Vec::new();
    while let Some(slot) = store.due(at(40)) {
        fell.push(store.remove(slot));
        store.validate();
    }
    assert_eq!(fell, [2, 4, 5, 3]);
    assert_eq!(order(&store), [1, 6]);
    let last = find(&store, 6, 6).expect("it never expires");
    assert!(!store.is_expired(last, at(u64::MAX)));
}

#[test]
fn memory_grows_with_use_and_not_ahead_of_it() {
    let mut store = Store::new();
    let mut most = 0;
    for payload in 0..10_000 {
        store.insert(spread(payload), payload, None);
        let used = store.len() * (size_of::<u32>() + 12 + 8);
        most = most.max(if used > 1000 {
            store.allocated() / used
        } else {
            0
        });
    }
    assert!(
        most <= 3,
        "{most} times what is used is held for one of few"
    );
    // A full cache replaces one entry by another, and that needs no memory.
    let held = store.allocated();
    for payload in 10_000..50_000 {
        let oldest = store.oldest().expect("it is full");
        store.remove(oldest);
        store.insert(spread(payload), payload, None);
    }
    assert_eq!(store.allocated(), held);
    store.validate();
}

#[test]
fn shrinking_gives_memory_back_and_keeps_what_is_left() {
    let mut store = Store::new();
    for payload in 0..10_000 {
        store.insert(spread(payload), payload, Some(at(u64::from(payload))));
    }
    let held = store.allocated();
    store.shrink();
    assert_eq!(store.allocated(), held, "a full store has nothing to give");
    for _ in 0..9_900 {
        let oldest = store.oldest().expect("it is not empty");
        store.remove(oldest);
    }
    store.shrink();
    store.validate();
    assert!(store.allocated() <= 200 * (4 + 12 + 24 + 16) + 256 * 8 * 2);
    assert_eq!(order(&store), (9_900..10_000).collect::<Vec<_>>());
    while let Some(oldest) = store.oldest() {
        store.remove(oldest);
    }
    store.shrink();
    store.validate();
    assert_eq!(store.allocated(), 0);
}

/// What a store is: a list in order of use, oldest first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Naive {
    hash: u32,
    payload: u32,
    deadline: Option<Instant>,
    end: Option<Instant>,
}

#[test]
fn agrees_with_a_list_under_random_changes() {
    const SEED: u64 = 23;
    const HASHES: [u32; 6] = [0, 1, 1 << 31, u32::MAX - 1, u32::MAX, 0x9E37_79B9];
    let mut rng = fastrand::Rng::with_seed(SEED);
    let mut store: Store<u32> = Store::new();
    let mut model: Vec<Naive> = Vec::new();
    for step in 0..30_000 {
        let context = format!("seed {SEED}, step {step}");
        let deadline = rng.bool().then(|| at(rng.u64(..50)));
        let place = (!model.is_empty()).then(|| rng.usize(..model.len()));
        let slot = place.map(|place| {
            let Naive { hash, payload, .. } = model[place];
            find(&store, hash, payload).unwrap_or_else(|| panic!("{context}: {payload} is lost"))
        });
        match (rng.u32(..10), place.zip(slot)) {
            (0..4, _) | (_, None) => {
                let hash = if rng.bool() {
                    rng.u32(..)
                } else {
                    HASHES[rng.usize(..6)]
                };
                store.insert(hash, step, deadline);
                model.push(Naive {
                    hash,
                    payload: step,
                    deadline,
                    end: deadline,
                });
            }
            (4..6, Some((place, slot))) => {
                store.touch(slot);
                let entry = model.remove(place);
                model.push(entry);
            }
            (6, Some((place, slot))) => {
                let old = model.remove(place);
                assert_eq!(
                    store.replace(slot, step, deadline),
                    old.payload,
                    "{context}"
                );
                model.push(Naive {
                    payload: step,
                    deadline,
                    end: deadline,
                    ..old
                });
            }
            (7, Some((place, slot))) => {
                let to = at(rng.u64(..60));
                store.postpone(slot, to);
                let entry = &mut model[place];
                entry.deadline = entry.end.map(|end| to.min(end));
            }
            (_, Some((place, slot))) => {
                assert_eq!(store.remove(slot), model.remove(place).payload, "{context}");
            }
        }
        if model.len() > 60 {
            for entry in model.drain(..50) {
                let oldest = store.oldest().expect("the model is not empty");
                assert_eq!(store.remove(oldest), entry.payload, "{context}");
            }
            store.shrink();
        }
        store.validate();
        let entries = store.in_order().map(|slot| Naive {
            hash: store.hash(slot),
            payload: *store.payload(slot),
            deadline: store.deadline(slot),
            end: store.end(slot),
        });
        assert_eq!(entries.collect::<Vec<_>>(), model, "{context}");
        let now = at(rng.u64(..50));
        let due = store.due(now).and_then(|slot| store.deadline(slot));
        let first = model.iter().filter_map(|entry| entry.deadline).min();
        assert_eq!(due, first.filter(|&deadline| deadline <= now), "{context}");
    }
}
