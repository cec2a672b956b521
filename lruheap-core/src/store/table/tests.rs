//! The table against a list of pairs, and as it grows.

use super::*;

fn slots(table: &Table, hash: u32) -> Vec<Slot> {
    let mut found: Vec<Slot> = table.candidates(hash).collect();
    found.sort_unstable();
    found
}

#[test]
fn an_empty_table_holds_no_memory_and_finds_nothing() {
    let table = Table::new();
    assert_eq!(table.allocated(), 0);
    assert_eq!(slots(&table, 7), []);
}

#[test]
fn equal_hashes_are_all_candidates() {
    let mut table = Table::new();
    for slot in 0..100 {
        table.insert(42, slot);
    }
    assert_eq!(slots(&table, 42), (0..100).collect::<Vec<_>>());
    for slot in (0..100).step_by(2) {
        table.remove(42, slot);
    }
    assert_eq!(slots(&table, 42), (1..100).step_by(2).collect::<Vec<_>>());
}

#[test]
fn agrees_with_a_list_of_pairs_under_random_changes() {
    let mut rng = fastrand::Rng::with_seed(11);
    let mut table = Table::new();
    let mut model: Vec<(u32, Slot)> = Vec::new();
    for step in 0..40_000 {
        // Few distinct hashes, at both ends of the range, so that runs wrap.
        let hash = [0, 1, u32::MAX, u32::MAX - 1, rng.u32(..), 1 << 31][rng.usize(..6)];
        if rng.u32(..10) < 6 || model.is_empty() {
            table.insert(hash, step);
            model.push((hash, step));
        } else {
            let (hash, slot) = model.swap_remove(rng.usize(..model.len()));
            table.remove(hash, slot);
        }
        if model.len() > 300 {
            for (hash, slot) in model.drain(..250) {
                table.remove(hash, slot);
            }
            table.shrink();
        }
        assert_eq!(table.len(), model.len());
        let mut expected: Vec<Slot> = model
            .iter()
            .filter(|(h, _)| *h == hash)
            .map(|(_, s)| *s)
            .collect();
        expected.sort_unstable();
        assert_eq!(slots(&table, hash), expected);
    }
    let mut all: Vec<_> = table.iter().collect();
    all.sort_unstable();
    model.sort_unstable();
    assert_eq!(all, model);
}

/// A table that has begun to grow, and what it holds.
fn growing(hash: impl Fn(u32) -> u32) -> (Table, Vec<(u32, Slot)>) {
    let mut table = Table::new();
    let mut held = Vec::new();
    for slot in 0.. {
        table.insert(hash(slot), slot);
        held.push((hash(slot), slot));
        if table.is_growing() {
            break;
        }
    }
    table.validate();
    (table, held)
}

fn assert_holds(table: &Table, held: &[(u32, Slot)]) {
    table.validate();
    assert_eq!(table.len(), held.len());
    for &(hash, slot) in held {
        assert!(
            table.candidates(hash).any(|found| found == slot),
            "{slot} under {hash:#x} is lost"
        );
    }
}

fn spread(slot: u32) -> u32 {
    slot.wrapping_mul(0x9E37_79B9)
}

#[test]
fn a_large_table_grows_a_few_homes_at_a_time() {
    let (mut table, mut held) = growing(spread);
    let mut steps = 0;
    while table.is_growing() {
        let slot = Slot::try_from(held.len()).expect("there are few");
        table.insert(spread(slot), slot);
        held.push((spread(slot), slot));
        steps += 1;
        if steps % 64 == 0 {
            assert_holds(&table, &held);
        }
    }
    assert_holds(&table, &held);
    assert!(steps >= AT_ONCE / STEP, "too much at once: {steps} steps");
    // Nothing is left of the old array.
    assert_eq!(table.allocated(), table.buckets.allocated());
}

#[test]
fn what_has_been_left_of_a_large_array_is_given_back_on_the_way() {
    let mut table = Table::new();
    let mut slot = 0;
    while table.buckets.homes() < CUT * 8 {
        table.insert(spread(slot), slot);
        slot += 1;
    }
    let mut before = table.allocated();
    let mut most = 0;
    while table.is_growing() {
        table.insert(spread(slot), slot);
        slot += 1;
        most = most.max(before.saturating_sub(table.allocated()));
        before = table.allocated();
    }
    assert!(most <= (CUT + 1024) * 8, "{most} bytes in one go");
    table.validate();
}

#[test]
fn removals_and_new_slots_find_their_way_in_the_middle_of_growth() {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut table, mut held) = growing(spread);
    let mut next = Slot::try_from(held.len()).expect("there are few");
    for step in 0..8000_u32 {
        match rng.u32(..8) {
            0..3 => {
                let (hash, slot) = held.swap_remove(rng.usize(..held.len()));
                table.remove(hash, slot);
            }
            3 => {
                let at = rng.usize(..held.len());
                let (hash, from) = held[at];
                table.relocate(hash, from, next);
                held[at].1 = next;
                next += 1;
            }
            _ => {
                let hash = spread(rng.u32(..50));
                table.insert(hash, next);
                held.push((hash, next));
                next += 1;
            }
        }
        if step % 50 == 0 && step < 1000 {
            assert_holds(&table, &held);
        }
    }
    assert!(!table.is_growing());
    assert_holds(&table, &held);
}

#[test]
fn a_table_that_shrinks_in_the_middle_of_growth_keeps_what_is_left() {
    for keep in [0, 1, 30] {
        let (mut table, mut held) = growing(spread);
        for slot in 0..20 {
            let slot = 100_000 + slot;
            table.insert(spread(slot), slot);
            held.push((spread(slot), slot));
        }
        assert!(table.is_growing());
        while held.len() > keep {
            let (hash, slot) = held.swap_remove(held.len() / 2);
            table.remove(hash, slot);
        }
        let before = table.allocated();
        table.shrink();
        assert!(!table.is_growing());
        assert!(table.allocated() < before / 8);
        assert_holds(&table, &held);
    }
}

#[test]
fn hashes_may_be_all_equal_or_crowd_at_either_end() {
    let ways: [fn(u32) -> u32; 6] = [
        |_| 0,
        |_| u32::MAX,
        |_| 0x8000_0000,
        |slot| slot % 7,
        |slot| u32::MAX - slot % 7,
        |slot| if slot % 2 == 0 { slot } else { u32::MAX - slot },
    ];
    for hash in ways {
        let (mut table, mut held) = growing(hash);
        for step in 0..1500_u32 {
            let slot: Slot = 50_000 + step;
            if step % 3 == 0 {
                let (hash, slot) = held.swap_remove(step as usize % held.len());
                table.remove(hash, slot);
            }
            table.insert(hash(slot), slot);
            held.push((hash(slot), slot));
        }
        table.validate();
        let mut all: Vec<_> = table.iter().collect();
        all.sort_unstable();
        held.sort_unstable();
        assert_eq!(all, held);
        for &(hash, _) in held.iter().step_by(500) {
            let mut expected = held.iter().filter(|(h, _)| *h == hash).map(|(_, s)| *s);
            assert!(slots(&table, hash).into_iter().eq(expected.by_ref()));
        }
        for (hash, slot) in held {
            table.remove(hash, slot);
        }
        table.shrink();
        assert_eq!(table.allocated(), 0);
    }
}
