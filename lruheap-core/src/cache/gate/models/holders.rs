//! The one that a lock leans towards, with the state to itself at once, and those who come
//! by the lock. Only models here; it leans after the first visit, and no hit is held at once
//! before the second.

use std::sync::atomic::{AtomicU32, Ordering};

use super::super::watch::Watch;
use super::*;

/// How often something came of it, among all interleavings: a model in which it never does
/// shows nothing.
static TRUE: AtomicU32 = AtomicU32::new(0);
static FALSE: AtomicU32 = AtomicU32::new(0);

fn seen(is: bool) {
    let count = if is { &TRUE } else { &FALSE };
    count.fetch_add(1, Ordering::Relaxed);
}

/// Checks a model in which both are seen. One runs at a time.
fn check_both(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    TRUE.store(0, Ordering::Relaxed);
    FALSE.store(0, Ordering::Relaxed);
    check_up_to(preemptions, model);
    let both = (TRUE.load(Ordering::Relaxed), FALSE.load(Ordering::Relaxed));
    assert!(both.0 > 0 && both.1 > 0, "{both:?}");
}

/// One that leans towards this thread, and had two hits. Readers are let in after so many
/// in a row; 0 for never.
fn held(wanted: u32) -> Open {
    let mut watch = Watch::new(true);
    watch.calm.wanted = wanted;
    let gate = Arc::new(Biased::behind(Leaning::after(0, watch), NOTHING));
    hit(&gate);
    hit(&gate);
    gate
}

/// Looks at once, and notes a hit if that is possible. Says what was seen, and whether it
/// was noted.
fn hold(gate: &impl Gate<Halves>, slot: Slot) -> Option<(u32, bool)> {
    let mut holder = gate.hold_at_once()?;
    let before = holder.state().version();
    let is_noted = holder.note_at_once(slot);
    loom::thread::yield_now();
    assert_eq!(holder.state().version(), before, "written meanwhile");
    Some((before, is_noted))
}

/// How many of these hits were answered at once; what is seen does not grow older.
fn hold_each(gate: &impl Gate<Halves>, slots: &[Slot]) -> u64 {
    let (mut hits, mut last) = (0, 0);
    for &slot in slots {
        if let Some((version, is_noted)) = hold(gate, slot) {
            assert!(version >= last, "{version} after {last}");
            (hits, last) = (hits + u64::from(is_noted), version);
        }
    }
    hits
}

fn writing(gate: &Open, version: u32) -> JoinHandle<()> {
    let gate = gate.clone();
    spawn(move || write(&gate, version))
}

#[test]
fn loom_who_holds_at_once_sees_whole_writes_and_loses_no_hit() {
    check_both(3, || {
        let gate = held(0);
        let other = writing(&gate, 1);
        let hits = hold_each(&*gate, &[1, 2]);
        ended(other);
        seen(hits > 0);
        let (counted, used) = count(&gate);
        assert_eq!(counted, 2 + hits);
        assert_eq!(used.len() as u64, hits);
    });
}

#[test]
fn loom_an_instance_is_held_at_once_beside_another_that_writes() {
    check_both(3, || {
        let gate = Arc::new(Leaning::after(0, NOTHING));
        gate.with(|state| state.write(1));
        let other = {
            let gate = gate.clone();
            spawn(move || gate.with(|state| state.write(2)))
        };
        let hits = hold_each(&*gate, &[1, 2]);
        ended(other);
        seen(hits > 0);
        gate.with(|state| {
            assert_eq!((state.version(), state.hits), (2, hits));
            assert_eq!(state.used.len() as u64, hits);
        });
    });
}

#[test]
fn loom_two_that_hold_at_once_by_turns_lose_no_hit() {
    check_both(3, || {
        let gate = held(0);
        let other = {
            let gate = gate.clone();
            spawn(move || {
                // Taken back with the first, and after one more it leans the other way.
                write(&gate, 1);
                hit(&gate);
                hit(&gate);
                hold_each(&*gate, &[3])
            })
        };
        let own = hold_each(&*gate, &[1, 2]);
        let others = ended(other);
        seen(own > 0);
        let (counted, used) = count(&gate);
        assert_eq!(counted, 4 + own + others);
        assert_eq!(used.len() as u64, own + others);
    });
}

#[test]
fn loom_nobody_holds_at_once_while_others_read() {
    check_both(2, || {
        let gate = held(2);
        assert!(gate.is_open());
        let reader = reading(&gate, &[1]);
        let writer = writing(&gate, 1);
        assert!(hold(&*gate, 2).is_none(), "open, or taken back");
        // It leans this way again, and may be open yet.
        gate.visit(|_| ());
        gate.visit(|_| ());
        let version = hold(&*gate, 3);
        assert!(version.is_none_or(|version| version == (1, false)));
        seen(version.is_some());
        ended(writer);
        let hits = ended(reader);
        assert_eq!(count(&gate).0, 2 + hits);
    });
}

#[test]
fn loom_the_hit_that_lets_readers_in_goes_by_the_lock() {
    check(|| {
        let gate = held(4);
        let other = {
            let gate = gate.clone();
            spawn(move || {
                let first = read(&gate, 8);
                let second = read(&gate, 9);
                u64::from(first.is_some()) + u64::from(second.is_some())
            })
        };
        assert_eq!(hold(&*gate, 1), Some((0, true)));
        assert_eq!(hold(&*gate, 2), Some((0, false)));
        hit(&gate);
        assert!(gate.is_open() && hold(&*gate, 3).is_none());
        let hits = ended(other);
        assert_eq!(count(&gate).0, 4 + hits);
    });
}

/// What a thread found when it looked at once still is so if nobody can have had it since.
fn what_was_seen_is_still_so(gate: &Open) {
    let Some((before, _)) = hold(&**gate, 1) else {
        seen(false);
        return;
    };
    gate.with_again(|state, is_same| {
        seen(is_same);
        let now = state.version();
        assert!(
            !is_same || now == before,
            "{before} was seen, {now} is there"
        );
        assert!(now >= before);
        state.write(now + 1);
    });
}

#[test]
fn loom_what_was_seen_at_once_is_still_so_if_nobody_can_have_had_it_since() {
    check_both(3, || {
        let gate = held(0);
        let other = {
            let gate = gate.clone();
            spawn(move || {
                gate.with(|state| {
                    let version = state.version() + 1;
                    state.write(version);
                });
            })
        };
        what_was_seen_is_still_so(&gate);
        ended(other);
    });
}

#[test]
fn loom_what_was_seen_at_once_is_not_the_same_after_another_had_it_and_held_it_as_well() {
    check_both(3, || {
        let gate = held(0);
        let other = {
            let gate = gate.clone();
            spawn(move || {
                // In the end it leans towards this one, which looks as well.
                write(&gate, 10);
                hit(&gate);
                hit(&gate);
                what_was_seen_is_still_so(&gate);
            })
        };
        what_was_seen_is_still_so(&gate);
        ended(other);
    });
}
