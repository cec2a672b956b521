//! The mutex that leans: when it does, how it comes to lean no more, and whom it waits for.
//! How threads meet at it is for the models.

use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use super::*;

// What takes a second takes an hour where memory is watched.
const THREADS: u32 = if cfg!(miri) { 20 } else { 1_000 };
const VISITS: u32 = if cfg!(miri) { 200 } else { 10_000 };

impl<T> Leaning<T> {
    pub(in super::super) fn leans(&self) -> bool {
        self.head.word.load(Ordering::Relaxed) & LEANS != 0
    }
}

fn visit<T>(mutex: &Leaning<T>, times: u32) {
    for _ in 0..times {
        drop(mutex.lock());
    }
}

#[test]
fn it_adds_eight_bytes() {
    assert_eq!(size_of::<Leaning<[u64; 3]>>(), 8 + 24);
}

#[test]
fn it_leans_after_many_visits_in_a_row_and_no_more_when_another_comes() {
    let mutex = Leaning::new(0);
    visit(&mutex, (1 << ALIKE) - 1);
    assert!(!mutex.leans());
    thread::scope(|scope| {
        scope.spawn(|| visit(&mutex, 1));
    });
    visit(&mutex, (1 << ALIKE) - 1);
    assert!(!mutex.leans(), "not in a row");
    visit(&mutex, 1);
    assert!(mutex.leans());
    visit(&mutex, 1);
    assert!(mutex.leans());
    thread::scope(|scope| {
        scope.spawn(|| visit(&mutex, 1));
    });
    assert!(!mutex.leans());
    visit(&mutex, (2 << ALIKE) - 1);
    assert!(!mutex.leans(), "twice as many the next time");
    visit(&mutex, 1);
    assert!(mutex.leans());
}

#[cfg_attr(miri, ignore = "too many visits")]
#[test]
fn it_takes_no_more_visits_than_it_can_count() {
    let mutex = Leaning::after(MOST_ALIKE, 0);
    for _ in 0..3 {
        visit(&mutex, (1 << MOST_ALIKE) - 1);
        assert!(!mutex.leans());
        visit(&mutex, 1);
        assert!(mutex.leans());
        thread::scope(|scope| {
            scope.spawn(|| visit(&mutex, 1));
        });
    }
}

#[test]
fn another_waits_for_the_one() {
    let mutex = Arc::new(Leaning::after(0, 0));
    visit(&mutex, 1);
    assert!(mutex.leans());
    let mut guard = mutex.lock();
    let (entered, has_entered) = mpsc::channel();
    let other = {
        let mutex = Arc::clone(&mutex);
        thread::spawn(move || {
            let seen = *mutex.lock();
            entered.send(seen).expect("the test waits");
        })
    };
    while mutex.leans() {
        thread::yield_now();
    }
    assert!(has_entered.try_recv().is_err());
    *guard = 7;
    drop(guard);
    assert_eq!(has_entered.recv(), Ok(7));
    other.join().expect("it does not panic");
}

#[test]
fn a_guard_lends_what_it_guards_to_many_readers() {
    let mutex = Leaning::after(0, 7);
    for _ in 0..2 {
        let guard = mutex.lock();
        let (one, other) = (&*guard, &*guard);
        assert_eq!((*one, *other), (7, 7));
    }
}

#[test]
fn a_guard_stays_in_its_thread() {
    trait Sendable<Of> {
        fn is() {}
    }
    // As soon as one can be sent, there are two to choose from.
    struct CanBeSent;
    impl<T> Sendable<()> for T {}
    impl<T: Send> Sendable<CanBeSent> for T {}
    <LeaningGuard<'_, u8> as Sendable<_>>::is();
    <Holding as Sendable<_>>::is();
}

#[test]
fn a_thread_may_hold_two() {
    let (one, other) = (Leaning::after(0, 0), Leaning::after(0, 0));
    visit(&one, 1);
    visit(&other, 1);
    let first = one.lock();
    drop(other.lock());
    drop(first);
    drop(one.lock());
}

#[test]
fn a_number_that_is_given_out_again_brings_what_was_done_under_it() {
    let mutex = Arc::new(Leaning::after(2, 0));
    for _ in 0..THREADS {
        let mutex = Arc::clone(&mutex);
        let thread = thread::spawn(move || {
            for _ in 0..10 {
                *mutex.lock() += 1;
            }
        });
        thread.join().expect("it does not panic");
    }
    assert_eq!(*mutex.lock(), THREADS * 10);
}

#[test]
fn nothing_is_lost_among_threads_that_come_and_go() {
    let mutex = Leaning::after(0, 0);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (mutex, barrier) = (&mutex, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for n in 0..VISITS {
                    *mutex.lock() += 1;
                    if n % 64 == thread {
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(*mutex.lock(), 4 * VISITS);
}
