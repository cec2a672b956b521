//! The store against a list, under random changes.

use super::*;

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
        let due = store
            .due(now, usize::MAX)
            .and_then(|slot| store.deadline(slot));
        let first = model.iter().filter_map(|entry| entry.deadline).min();
        assert_eq!(due, first.filter(|&deadline| deadline <= now), "{context}");
    }
}

/// Where hashes come from: spread, all equal, at either end, and few of them.
const CROWDS: [fn(u32) -> u32; 6] = [
    spread,
    |_| 0,
    |_| u32::MAX,
    |payload| payload % 16,
    |payload| u32::MAX - payload % 16,
    |payload| [0, u32::MAX, spread(payload)][payload as usize % 3],
];

/// Random changes to a store of about `size` entries, and to a list.
fn change(size: u32, steps: u32, hash: fn(u32) -> u32) {
    let mut rng = fastrand::Rng::with_seed(u64::from(size));
    let mut store: Store<u32> = Store::new();
    let mut model: Vec<(u32, Option<Instant>)> = Vec::new();
    let mut has_grown = false;
    for step in 0..size + steps {
        let deadline = (step % 3 == 0).then(|| at(rng.u64(..50)));
        let action = if step < size { 0 } else { rng.u32(..10) };
        if action < 4 || model.is_empty() {
            store.insert(hash(step), step, deadline);
            model.push((step, deadline));
        } else {
            let place = rng.usize(..model.len());
            let (payload, old) = model.remove(place);
            let slot = find(&store, hash(payload), payload);
            let slot = slot.unwrap_or_else(|| panic!("step {step}: {payload} is lost"));
            assert_eq!(store.deadline(slot), old, "step {step}");
            match action {
                4 => {
                    store.touch_known(slot);
                    model.push((payload, old));
                }
                5 | 6 => {
                    assert_eq!(store.reuse(slot, hash(step), deadline, || step), payload);
                    model.push((step, deadline));
                }
                _ => assert_eq!(store.remove(slot), payload),
            }
        }
        has_grown |= store.table.is_growing();
        let is_time = if size < 1000 {
            step % 8 == 0
        } else {
            step % 512 == 0
        };
        if step >= size && is_time {
            store.validate();
            let entries: Vec<_> = store.in_order().collect();
            let entries = entries.into_iter();
            let entries = entries.map(|slot| (*store.payload(slot), store.deadline(slot)));
            assert!(entries.eq(model.iter().copied()), "step {step}");
        }
    }
    assert!(has_grown);
    while let Some(oldest) = store.oldest() {
        assert_eq!(store.remove(oldest), model.remove(0).0);
    }
    assert!(model.is_empty());
    store.shrink();
    assert_eq!(store.allocated(), 0);
}

#[test]
fn agrees_with_a_list_in_the_middle_of_growth_whatever_the_hashes() {
    for hash in CROWDS {
        // Just before a table of 512 homes is full.
        change(445, 600, hash);
    }
}

#[test]
fn agrees_with_a_list_where_entries_go_to_pages() {
    // A few before they do, and a few before the second page is full.
    let near = u32::try_from(pages::Pages::<u32>::NEAR).expect("they are few");
    change(near - 100, 4000, spread);
    change(near + 4000, 4000, spread);
}
