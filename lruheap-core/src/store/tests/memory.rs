//! What a store costs, and what it gives back.

use super::*;

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
    // Payloads, links and hashes, of both of which one page is not full, and little for
    // where the pages are. The rest are buckets.
    let held = store.slab.allocated() - 36 * 100_000;
    assert!(held < 36 * 4096 + 4096, "{held} bytes for nothing");
    // A key and a value of 8 bytes each are no overhead.
    let overhead = store.allocated().div_ceil(100_000) - 16;
    assert!(overhead <= 32, "{overhead} bytes for an entry");
    // A time to live costs 24 bytes by the slot, and 16 in the heap.
    let without = store.allocated();
    for slot in 0..100_000 {
        store.replace(slot, [0; 3], Some(at(u64::from(slot))));
    }
    let more = (store.allocated() - without) / 100_000;
    assert!(more <= 42, "{more} bytes for a time to live");
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

#[test]
fn the_first_deadline_among_many_entries_costs_one_page() {
    let mut store = Store::new();
    for payload in 0..100_000 {
        store.insert(spread(payload), payload, None);
    }
    let before = store.allocated();
    assert_eq!(
        (store.deadline(99_999), store.next_deadline()),
        (None, None)
    );
    store.replace(99_999, 99_999, Some(at(7)));
    assert!(store.allocated() - before < 64 * 1024);
    store.replace(3, 3, Some(at(5)));
    store.validate();
    assert_eq!(
        (store.due(at(9), usize::MAX), store.deadline(4)),
        (Some(3), None)
    );
    assert_eq!(
        (store.cost(99_999), store.deadline(99_999)),
        (0.0, Some(at(7)))
    );
    store.remove(3);
    store.validate();
    assert_eq!(
        store.due(at(9), usize::MAX),
        Some(3),
        "the last entry has moved"
    );
    store.remove(3);
    store.shrink();
    store.validate();
    assert!(!store.has_deadlines());
    assert!(store.allocated() <= before + 256);
}

#[test]
fn a_crowd_goes_and_few_stay_in_one_piece() {
    let mut store = Store::new();
    for payload in 0..30_000 {
        store.insert(spread(payload), payload, (payload % 3 == 0).then(|| at(9)));
    }
    store.validate();
    for payload in (0..30_000).filter(|payload| payload % 3000 != 0) {
        let slot = find(&store, spread(payload), payload).expect("it is there");
        assert_eq!(store.remove(slot), payload);
    }
    store.validate();
    store.shrink();
    store.validate();
    assert_eq!(order(&store), (0..30_000).step_by(3000).collect::<Vec<_>>());
    assert!(store.allocated() < 4096, "{} bytes", store.allocated());
    for payload in 0..20_000 {
        store.insert(spread(payload + 40_000), payload, None);
    }
    store.validate();
    assert_eq!(store.into_payloads().count(), 20_010);
}
