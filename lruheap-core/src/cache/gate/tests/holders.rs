//! A thread that has the state to itself without a wait: where the lock leans towards it,
//! nobody reads, and the last was a hit.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;

/// What takes so long never ends.
const LONG: Duration = Duration::from_secs(60);

/// One whose lock leans towards this thread, and which had one hit since.
fn held() -> Biased<Count> {
    let gate = leaning();
    lean(&gate);
    hit(&gate, 1);
    gate
}

/// Makes the lock lean towards this thread. What it takes is no hit.
fn lean(gate: &Biased<Count>) {
    for _ in 0..1 << 16 {
        if gate.lock.lock_as_one().is_some() {
            return;
        }
        gate.visit(|_| ());
    }
    panic!("it leans after fewer visits");
}

/// Whether a hit is answered at once.
fn hold(gate: &Biased<Count>, slot: Slot) -> bool {
    let holder = gate.hold_at_once();
    holder.is_some_and(|mut holder| holder.note_at_once(slot))
}

fn in_another_thread<R: Send>(does: impl FnOnce() -> R + Send) -> R {
    let does = || {
        // One without a number is nobody that a lock could be mistaken about.
        hit(&leaning(), 1);
        does()
    };
    let ended = thread::scope(|scope| scope.spawn(does).join());
    ended.expect("it does not panic")
}

fn seen(gate: &Biased<Count>) -> (u64, Vec<Slot>) {
    gate.visit(|count| (count.hits, count.used.clone()))
}

/// Whether nobody else can have had it since this thread looked.
fn is_same(gate: &Biased<Count>) -> bool {
    gate.with_again(|_, is_same| is_same)
}

#[test]
fn it_is_held_at_once_by_whom_the_lock_leans_towards_and_by_nobody_else() {
    let gate = leaning();
    hit(&gate, 1);
    assert!(!hold(&gate, 0), "it does not lean yet");
    lean(&gate);
    hit(&gate, 1);
    assert!(hold(&gate, 1));
    assert!(!in_another_thread(|| hold(&gate, 2)));
    assert!(hold(&gate, 3), "the other has not even come");
    in_another_thread(|| hit(&gate, 1));
    assert!(!hold(&gate, 4), "it was taken back");
    hit(&gate, 1);
    assert!(!hold(&gate, 5));
    lean(&gate);
    assert!(hold(&gate, 6));
    assert_eq!(seen(&gate), (4 + 3, vec![1, 3, 6]));
}

#[test]
fn it_is_not_held_at_once_while_readers_are_let_in() {
    let gate = held();
    assert!(hold(&gate, 0));
    hit(&gate, CALM - 2);
    assert!(gate.is_open());
    assert!(gate.hold_at_once().is_none());
    assert!(read(&gate, 1));
    assert!(gate.hold_at_once().is_none());
    // Taken off and put up again: open all the time.
    gate.visit(|_| ());
    assert!(gate.hold_at_once().is_none());
    // A hit by the long way closes it, and is no write.
    hit(&gate, 1);
    assert!(!gate.is_open() && hold(&gate, 2));
    assert_eq!(seen(&gate), (u64::from(CALM) + 3, vec![0, 1, 2]));
}

#[test]
fn it_is_not_held_at_once_after_a_miss() {
    let gate = leaning();
    lean(&gate);
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
fn the_hit_that_lets_readers_in_goes_by_the_long_way() {
    let gate = held();
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
    assert!(gate.is_open());
}

#[test]
fn where_nobody_is_to_be_let_in_hits_are_answered_at_once_for_ever() {
    let many = leaning();
    many.with(|count| count.entries = MOST_ENTRIES + 1);
    let upright = Biased::new(Count::default(), false);
    for gate in [many, upright] {
        lean(&gate);
        hit(&gate, CALM);
        for slot in 0..3 * CALM {
            assert!(hold(&gate, slot), "{slot}");
        }
        assert!(!gate.is_open());
        assert_eq!(seen(&gate).0, u64::from(4 * CALM));
    }
}

#[test]
fn a_look_without_a_hit_changes_nothing() {
    let gate = held();
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
fn who_is_in_already_does_not_hold_it_at_once() {
    let gate = held();
    let holder = gate.hold_at_once();
    assert!(holder.is_some() && gate.hold_at_once().is_none());
    drop(holder);
    gate.with(|count| {
        assert!(gate.hold_at_once().is_none());
        count.hits += 1;
    });
    gate.visit(|_| assert!(gate.hold_at_once().is_none()));
    assert!(hold(&gate, 1));
    // Nor one who is in another's: a thread says that it holds one at a time.
    let other = held();
    let holder = gate.hold_at_once();
    assert!(holder.is_some() && other.hold_at_once().is_none());
    drop(holder);
    assert!(hold(&other, 1));
}

#[test]
fn another_waits_until_it_is_held_no_more_and_sees_the_hit() {
    let gate = held();
    let (entered, has_entered) = mpsc::channel();
    let mut holder = gate.hold_at_once().expect("it leans");
    thread::scope(|scope| {
        let gate = &gate;
        scope.spawn(move || {
            let seen = gate.with(|count| (count.hits, count.used.clone()));
            entered.send(seen).expect("the test waits");
        });
        // It is taken back while it is held, and goes on to be held.
        let began = Instant::now();
        while gate.lock.leans() {
            assert!(began.elapsed() < LONG, "nobody takes it back");
            thread::yield_now();
        }
        assert!(has_entered.try_recv().is_err());
        assert!(holder.note_at_once(5));
        drop(holder);
        let seen = has_entered.recv_timeout(LONG);
        assert_eq!(seen, Ok((2, vec![5])));
    });
    assert!(gate.hold_at_once().is_none());
}

#[test]
fn nobody_else_has_had_it_only_if_it_leant_this_way_all_the_time() {
    let gate = leaning();
    assert!(!is_same(&gate), "it does not lean yet");
    lean(&gate);
    assert!(is_same(&gate));
    in_another_thread(|| write(&gate));
    assert!(!is_same(&gate), "the other has been here");
    assert!(!is_same(&gate), "nobody knows whether it has");
    lean(&gate);
    assert!(is_same(&gate));
    in_another_thread(|| gate.visit(|_| ()));
    assert!(!is_same(&gate), "a visit is enough");
    lean(&gate);
    // Readers change nothing, but who comes to be one needs the lock.
    hit(&gate, CALM);
    assert!(in_another_thread(|| read(&gate, 1)));
    assert!(!is_same(&gate));
}

#[test]
fn what_leans_towards_another_is_nobody_s_here() {
    let gate = held();
    in_another_thread(|| {
        assert!(!is_same(&gate));
        lean(&gate);
        hit(&gate, 1);
        assert!(hold(&gate, 1) && is_same(&gate));
        // What is done is known to be good for the one that it leans towards, and told
        // by nobody else.
        assert!(!in_another_thread(|| is_same(&gate)));
        assert!(!is_same(&gate));
    });
    assert!(!is_same(&gate) && gate.hold_at_once().is_none());
}

#[test]
fn an_instance_is_held_at_once_by_whom_its_lock_leans_towards() {
    let gate: Leaning<Count> = Gate::new(Count::default(), true);
    let hold = |slot| {
        let holder = gate.hold_at_once();
        holder.is_some_and(|mut holder| holder.note_at_once(slot))
    };
    let is_same = || gate.with_again(|_, is_same| is_same);
    assert!(!hold(0) && !is_same());
    for _ in 0..2 * CALM {
        gate.visit(|_| ());
    }
    assert!(hold(1) && is_same());
    let holder = gate.hold_at_once();
    assert!(holder.is_some() && gate.hold_at_once().is_none());
    drop(holder);
    // No number of hits lets readers in.
    (0..2 * CALM).for_each(|_| assert!(hold(2)));
    assert!(!gate.is_open());
    in_another_thread(|| gate.with(|count| assert_eq!(count.hits, u64::from(2 * CALM) + 1)));
    assert!(!hold(3) && !is_same());
}
