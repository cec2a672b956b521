//! The mutex that leans, and the numbers of threads: those who have it as the one with
//! those who take it back. Only models here; it leans after the first visit, and after
//! twice as many each time that it was taken back.

use super::*;

/// There are few ways for two threads to meet here: all of them.
fn check_all(model: impl Fn() + Sync + Send + 'static) {
    check_up_to(20, model);
}

type Lock = Arc<Leaning<Halves>>;

fn upright() -> Lock {
    Arc::new(Leaning::after(0, NOTHING))
}

/// One that leans towards this thread, which has been there once.
fn leaning() -> Lock {
    let lock = upright();
    add(&lock);
    lock
}

fn version(lock: &Lock) -> u32 {
    lock.lock().version()
}

/// Adds one. Says what was there before.
fn add(lock: &Lock) -> u32 {
    let mut guard = lock.lock();
    let before = guard.version();
    guard.write(before + 1);
    before
}

fn add_often(lock: &Lock, times: u32) {
    let mut last = None;
    for _ in 0..times {
        let before = add(lock);
        assert!(last.is_none_or(|last| before > last), "its own was lost");
        last = Some(before);
    }
}

fn adding(lock: &Lock, times: u32) -> JoinHandle<()> {
    let lock = lock.clone();
    spawn(move || add_often(&lock, times))
}

#[test]
fn loom_two_threads_never_hold_it_at_a_time() {
    check_all(|| {
        let lock = leaning();
        let other = adding(&lock, 1);
        add_often(&lock, 2);
        ended(other);
        assert_eq!(version(&lock), 4);
    });
}

#[test]
fn loom_who_comes_while_another_is_the_one_sees_all_that_it_wrote() {
    check_all(|| {
        let lock = upright();
        let one = adding(&lock, 3);
        // Before, in the middle of it, or after.
        let seen = version(&lock);
        assert!(seen <= 3);
        ended(one);
        assert_eq!(version(&lock), 3);
    });
}

#[test]
fn loom_who_comes_back_finds_it_taken_back_and_goes_by_the_lock() {
    check_all(|| {
        let lock = leaning();
        let other = adding(&lock, 1);
        let before = add(&lock);
        ended(other);
        // The other has taken it back, and it leans towards nobody so soon.
        assert!((1..=2).contains(&before));
        assert_eq!(add(&lock), 3);
    });
}

#[test]
fn loom_it_leans_towards_another_while_the_one_before_is_held_up() {
    check_all(|| {
        let lock = leaning();
        // Taken back with the first; after the second it leans the other way.
        let other = adding(&lock, 3);
        // It may have read the word long ago.
        add(&lock);
        ended(other);
        assert_eq!(version(&lock), 5);
    });
}

#[test]
fn loom_it_leans_towards_the_one_again_after_it_was_taken_back() {
    check_all(|| {
        let lock = leaning();
        let other = adding(&lock, 1);
        // With the word of the first time, perhaps, and that of the second.
        add_often(&lock, 4);
        ended(other);
        assert_eq!(version(&lock), 6);
    });
}

#[test]
fn loom_a_number_that_is_given_out_again_brings_what_was_done_under_it() {
    check_all(|| {
        let lock = upright();
        // It may be gone by now, or be going.
        ended(adding(&lock, 2));
        let heir = adding(&lock, 2);
        let seen = version(&lock);
        assert!((2..=4).contains(&seen));
        ended(heir);
        assert_eq!(version(&lock), 4);
    });
}

#[test]
fn loom_the_heir_of_a_number_sees_what_others_wrote_meanwhile() {
    check(|| {
        let (lock, early) = (upright(), upright());
        let gone = {
            let lock = lock.clone();
            spawn(move || add_often(&lock, 2))
        };
        let heir = {
            let (lock, early) = (lock.clone(), early.clone());
            spawn(move || {
                add(&early);
                add_often(&lock, 2);
            })
        };
        ended(gone);
        add(&lock);
        ended(heir);
        assert_eq!((version(&lock), version(&early)), (5, 1));
    });
}

#[test]
fn loom_a_thread_holds_two_that_lean_towards_it() {
    check_all(|| {
        let (outer, inner) = (leaning(), leaning());
        let other = {
            let (outer, inner) = (outer.clone(), inner.clone());
            spawn(move || (add(&inner), add(&outer)))
        };
        let mut held = outer.lock();
        let before = held.version();
        add(&inner);
        held.write(before + 1);
        drop(held);
        ended(other);
        assert_eq!((version(&outer), version(&inner)), (3, 3));
    });
}

#[test]
fn loom_a_thread_that_has_gone_on_to_another_lock_has_left_the_one() {
    check_all(|| {
        let (first, second) = (leaning(), leaning());
        let other = {
            let first = first.clone();
            spawn(move || version(&first))
        };
        add(&first);
        let held = second.lock();
        loom::thread::yield_now();
        drop(held);
        assert!((1..=2).contains(&ended(other)));
    });
}

#[test]
fn loom_three_threads() {
    check_up_to(2, || {
        let lock = leaning();
        let others = [adding(&lock, 1), adding(&lock, 2)];
        add_often(&lock, 2);
        others.into_iter().for_each(ended);
        assert_eq!(version(&lock), 6);
    });
}
