//! The gates of what one thread has to itself: when one keeps a log, what it takes up from
//! that, and that nobody is in one twice.

use super::*;

const MANY: Slot = if cfg!(miri) { 300 } else { 3000 };

fn leaning() -> Unshared<Count> {
    Unshared::new(Count::default(), true)
}

/// All hits, and what was used, in that order; the gate stays as it is.
fn seen(gate: &impl Gate<Count>) -> (u64, Vec<Slot>) {
    gate.visit(|count| (count.hits, count.used.clone()))
}

fn write(gate: &impl Gate<Count>) {
    gate.with(|count| count.writes += 1);
}

/// Hits by the long way.
fn hit(gate: &impl Gate<Count>, hits: u32) {
    for _ in 0..hits {
        gate.with(|count| count.hits += 1);
    }
}

fn note(gate: &impl Gate<Count>, slot: Slot) -> bool {
    let reader = gate.read();
    reader.map(|mut reader| reader.note(slot)).is_some()
}

/// A hit as a call has it: where nothing more is to be done, and else by the long way.
fn call(gate: &impl Gate<Count>, slot: Slot) {
    if gate.is_open() {
        let reader = gate.read_at_once();
        if !reader.is_some_and(|mut reader| reader.note_at_once(slot)) {
            assert!(note(gate, slot));
        }
        return;
    }
    let holder = gate.hold_at_once();
    if !holder.is_some_and(|mut holder| holder.note_at_once(slot)) {
        gate.with(|count| count.hit(slot));
    }
}

/// Whether a hit is answered at once with the state to oneself.
fn hold(gate: &impl Gate<Count>, slot: Slot) -> bool {
    let holder = gate.hold_at_once();
    holder.is_some_and(|mut holder| holder.note_at_once(slot))
}

fn open() -> Unshared<Count> {
    let gate = leaning();
    hit(&gate, CALM);
    assert!(gate.is_open());
    gate
}

#[test]
fn there_is_a_log_after_so_many_hits_in_a_row_and_none_after_a_write() {
    let gate = leaning();
    hit(&gate, CALM - 1);
    assert!(!gate.is_open());
    write(&gate);
    hit(&gate, CALM - 1);
    assert!(!gate.is_open() && !note(&gate, 0) && gate.read_at_once().is_none());
    // What is neither hit nor write does not count.
    gate.with(|_| ());
    assert!(!gate.is_open());
    hit(&gate, 1);
    assert!(gate.is_open() && note(&gate, 0) && gate.read_at_once().is_some());
    write(&gate);
    assert!(!gate.is_open() && !note(&gate, 0) && gate.read_at_once().is_none());
}

#[test]
fn there_is_no_log_where_it_would_be_long() {
    for (entries, is_let_in) in [(MOST_ENTRIES, true), (MOST_ENTRIES + 1, false)] {
        let gate = leaning();
        gate.with(|count| count.entries = entries);
        hit(&gate, CALM);
        assert_eq!(gate.is_open(), is_let_in, "{entries} entries");
        // Hits are answered at once all the same.
        (0..2 * CALM).for_each(|slot| call(&gate, slot));
        assert_eq!(gate.is_open(), is_let_in, "{entries} entries");
        assert_eq!(hold(&gate, 7), !is_let_in);
        let hits = 3 * CALM + u32::from(!is_let_in);
        assert_eq!(seen(&gate).0, u64::from(hits));
    }
}

#[test]
fn what_is_in_the_log_counts_before_anything_is_done() {
    let gate = open();
    for slot in [1, 2, 3, 1] {
        assert!(note(&gate, slot));
    }
    let first = gate.with(|count| {
        count.writes += 1;
        (count.hits, std::mem::take(&mut count.used))
    });
    assert_eq!(first, (u64::from(CALM) + 4, vec![2, 3, 1]));
    assert!(!gate.is_open());
    assert_eq!(seen(&gate), (u64::from(CALM) + 4, vec![]), "once");
}

#[test]
fn a_visit_sees_all_hits_and_leaves_the_log_as_it_was() {
    let gate = leaning();
    hit(&gate, CALM - 1);
    gate.visit(|count| count.hits += 1);
    assert!(!gate.is_open());
    hit(&gate, 1);
    assert!(note(&gate, 5) && note(&gate, 4));
    assert_eq!(seen(&gate), (u64::from(CALM) + 3, vec![5, 4]));
    gate.visit(|count| count.writes += 1);
    assert!(gate.is_open() && note(&gate, 6));
    assert_eq!(seen(&gate), (u64::from(CALM) + 4, vec![5, 4, 6]));
}

#[test]
fn a_log_that_is_full_is_handed_in_and_goes_on() {
    let gate = open();
    for slot in 0..SLOTS {
        assert!(note(&gate, slot));
    }
    assert!(gate.is_open());
    assert_eq!(seen(&gate), (u64::from(CALM + SLOTS), (0..SLOTS).collect()));
}

#[test]
fn a_hit_that_calls_for_more_is_not_noted_at_once_and_none_is_lost_by_that() {
    let gate = open();
    let at_once = |slot| gate.read_at_once().map(|mut it| it.note_at_once(slot));
    assert_eq!(at_once(3), Some(false), "there are no cells yet");
    assert!(note(&gate, 3));
    let mut refused = 0;
    for hit in 1..SLOTS {
        if at_once(hit % 4) == Some(false) {
            refused += 1;
            assert!(note(&gate, hit % 4));
        }
    }
    assert_eq!(refused, SLOTS / 20_000, "as often as it was full");
    let (hits, used) = seen(&gate);
    assert_eq!(hits, u64::from(CALM + SLOTS));
    let last: Vec<_> = (SLOTS - 4..SLOTS).map(|hit| hit % 4).collect();
    assert_eq!(used[used.len() - 4..], last);
}

#[test]
fn where_hits_do_not_pay_there_is_never_a_log() {
    let gate: Unshared<Count> = Unshared::new(Count::default(), false);
    hit(&gate, 3 * CALM);
    assert!(!gate.is_open() && !note(&gate, 0) && gate.read_at_once().is_none());
    assert!(gate.hold_at_once().is_none());
    let small: Small<Count> = Small::new(Count::default(), false);
    hit(&small, 3 * CALM);
    assert!(!small.is_open() && !note(&small, 0) && small.read_at_once().is_none());
    assert!(small.hold_at_once().is_none());
}

#[cfg_attr(miri, ignore = "too many hits")]
#[test]
fn a_log_that_did_not_pay_comes_later_and_one_that_did_comes_sooner() {
    let gate = leaning();
    let opens_after = |hits: u32| {
        hit(&gate, hits - 1);
        assert!(!gate.is_open());
        hit(&gate, 1);
        assert!(gate.is_open(), "after {hits}");
    };
    let mut wanted = CALM;
    while wanted < MOST_CALM {
        opens_after(wanted);
        write(&gate);
        wanted *= 2;
    }
    opens_after(MOST_CALM);
    (0..WORTH * 4).for_each(|_| assert!(note(&gate, 0)));
    write(&gate);
    opens_after(MOST_CALM / 2);
}

#[test]
fn who_misses_again_and_again_does_not_look_twice() {
    let gate = leaning();
    assert!(gate.hold_at_once().is_none(), "nothing was a hit yet");
    for slot in 0..3 {
        hit(&gate, 1);
        assert!(hold(&gate, slot));
        write(&gate);
        assert!(gate.hold_at_once().is_none());
    }
    assert_eq!(seen(&gate), (6, vec![0, 1, 2]));
}

#[test]
fn the_hit_that_is_enough_for_a_log_is_not_answered_at_once() {
    let gate = leaning();
    hit(&gate, 1);
    for slot in 0..CALM - 2 {
        assert!(hold(&gate, slot), "{slot}");
    }
    for _ in 0..3 {
        assert!(!hold(&gate, 7), "it opens the gate");
    }
    let all: Vec<_> = (0..CALM - 2).collect();
    assert_eq!(seen(&gate), (u64::from(CALM) - 1, all));
    assert!(!gate.is_open());
    hit(&gate, 1);
    assert!(gate.is_open() && gate.hold_at_once().is_none());
}

#[test]
fn a_look_without_a_hit_changes_nothing() {
    let gate = leaning();
    hit(&gate, 1);
    for _ in 0..2 * CALM {
        let holder = gate.hold_at_once();
        assert!(holder.is_some_and(|holder| holder.state().hits == 1));
    }
    hit(&gate, CALM - 2);
    assert!(!gate.is_open());
    hit(&gate, 1);
    assert!(gate.is_open());
}

#[test]
fn hits_by_whatever_way_are_counted_once_and_in_their_order() {
    let gate = leaning();
    let mut random = fastrand::Rng::with_seed(7);
    let (mut hits, mut order) = (0, Vec::new());
    for _ in 0..20 {
        for _ in 0..random.u32(..2 * CALM) {
            let slot = random.u32(..9);
            call(&gate, slot);
            hits += 1;
            order.retain(|&other| other != slot);
            order.push(slot);
        }
        let (counted, used) = gate.with(|count| {
            count.writes += 1;
            (count.hits, std::mem::take(&mut count.used))
        });
        assert_eq!(counted, hits);
        // Only the last use of each counts.
        let mut last: Vec<Slot> = Vec::new();
        for slot in used {
            last.retain(|&other| other != slot);
            last.push(slot);
        }
        assert!(order.ends_with(&last), "{order:?}, {last:?}");
    }
}

/// Whoever is in already finds no way in, and none is there afterwards that was not before.
fn lets_nobody_in_twice(gate: &impl Gate<Count>) {
    let nobody_else = |is: &str| {
        assert!(gate.read().is_none(), "while one {is}");
        assert!(gate.read_at_once().is_none(), "while one {is}");
        assert!(gate.hold_at_once().is_none(), "while one {is}");
    };
    let before = (gate.read().is_some(), gate.hold_at_once().is_some());
    gate.with_again(|_, is_same| {
        assert!(is_same, "there are no others");
        nobody_else("has it all");
    });
    gate.visit(|_| nobody_else("visits"));
    if let Some(_reader) = gate.read() {
        nobody_else("reads");
    }
    if let Some(_holder) = gate.hold_at_once() {
        nobody_else("holds");
    }
    let after = (gate.read().is_some(), gate.hold_at_once().is_some());
    assert_eq!(after, before);
}

#[test]
fn nobody_is_in_twice() {
    let closed = leaning();
    hit(&closed, 1);
    assert!(hold(&closed, 0));
    lets_nobody_in_twice(&closed);

    let open = open();
    let reader = open.read();
    assert!(reader.is_some() && !open.is_open(), "for nobody else");
    assert!(open.read_at_once().is_none() && open.hold_at_once().is_none());
    drop(reader);
    assert!(open.is_open());
    open.visit(|_| assert!(open.read().is_none() && open.hold_at_once().is_none()));
    open.with(|_| assert!(open.read().is_none() && open.hold_at_once().is_none()));

    let small = Small::new(Count::default(), true);
    lets_nobody_in_twice(&small);
}

#[test]
fn an_instance_of_many_counts_each_hit_and_keeps_no_log() {
    let gate = Small::new(Count::default(), true);
    for slot in 0..MANY {
        assert!(gate.is_open());
        match slot % 4 {
            0 => assert!(note(&gate, slot)),
            1 => assert!(hold(&gate, slot)),
            2 => assert!(
                gate.read_at_once()
                    .is_some_and(|mut it| it.note_at_once(slot))
            ),
            _ => gate.with(|count| count.hit(slot)),
        }
        // Nothing takes a log up here.
        let hits = gate.read().map(|reader| reader.state().hits());
        assert_eq!(hits, Some(u64::from(slot) + 1));
    }
    assert_eq!(seen(&gate), (u64::from(MANY), (0..MANY).collect()));
    let write = |count: &mut Count| count.writes += 1;
    gate.with(write);
    assert!(gate.is_open(), "it needs no hits in a row");
}
