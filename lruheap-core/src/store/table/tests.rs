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
