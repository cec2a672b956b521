//! A mutex that is cheap to unlock: a plain store, and a load that finds nobody asleep.
//!
//! With a common mutex, both ends are read-modify-write operations, because who unlocks
//! must not miss who is about to sleep. Here it is who goes to sleep that pays for that:
//! it makes itself known, passes the heavy fence, and looks once more.
//!
//! Unfair: whoever comes by takes the lock before those who are being woken.

#[cfg(loom)]
use crate::leading::modelled::{Condvar, Mutex};
#[cfg(loom)]
use loom::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};
#[cfg(not(loom))]
use parking_lot::{Condvar, Mutex};
#[cfg(not(loom))]
use std::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use std::time::Duration;

use super::fence;

/// How often to look before going to sleep: what is done under this lock takes less than
/// a sleep does.
#[cfg(not(loom))]
const LOOKS: u32 = 64;
#[cfg(loom)]
const LOOKS: u32 = 0;

/// How long to sleep where nobody may wake.
const NAP: Duration = Duration::from_millis(1);

/// A mutex.
pub struct Lock<T> {
    is_locked: AtomicBool,
    /// How many sleep, or are about to.
    sleepers: AtomicUsize,
    bedroom: Mutex<()>,
    wake: Condvar,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands out the value to one thread at a time, `&mut T` and all: to
// share the lock is to send the value from thread to thread.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Lock<T> {}
// SAFETY: the lock owns the value, and nothing in it is bound to a thread.
#[allow(unsafe_code)]
unsafe impl<T: Send> Send for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        fence::prepare();
        Lock {
            is_locked: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            bedroom: Mutex::new(()),
            wake: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Runs `f` with the value to itself.
    #[inline]
    #[allow(unsafe_code)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        if !self.try_lock() {
            self.lock_slowly();
        }
        // Also when `f` panics.
        let unlock = Unlock(self);
        // SAFETY:
        // 1. This thread has the lock: it alone has changed `is_locked` from false, and
        //    until `unlock` is dropped nobody changes it back.
        // 2. The `Acquire` with which it was taken reads from the `Release` with which it
        //    was given back: what was done to the value before is visible.
        // 3. The reference ends with `f`, before `unlock` is dropped.
        #[cfg(not(loom))]
        let result = f(unsafe { &mut *self.value.get() });
        #[cfg(loom)]
        let result = self.value.with_mut(|value| f(unsafe { &mut *value }));
        drop(unlock);
        result
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.is_locked
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[cold]
    fn lock_slowly(&self) {
        for _ in 0..LOOKS {
            spin_loop();
            if !self.is_locked.load(Ordering::Relaxed) && self.try_lock() {
                return;
            }
        }
        let mut bed = self.bedroom.lock();
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        loop {
            // Whoever unlocks from here on sees that somebody sleeps; what was unlocked
            // before is seen here.
            let is_seen = fence::heavy();
            if self.try_lock() {
                break;
            }
            if is_seen {
                self.wake.wait(&mut bed);
            } else {
                // A filter for system calls came late: those who unlock may not know yet.
                let _ = self.wake.wait_for(&mut bed, NAP);
            }
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }

    #[inline]
    fn unlock(&self) {
        self.is_locked.store(false, Ordering::Release);
        fence::light();
        if self.sleepers.load(Ordering::Relaxed) != 0 {
            self.wake_one();
        }
    }

    #[cold]
    fn wake_one(&self) {
        // Who is about to sleep does so before this goes on.
        let bed = self.bedroom.lock();
        drop(bed);
        self.wake.notify_one();
    }
}

struct Unlock<'a, T>(&'a Lock<T>);

impl<T> Drop for Unlock<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.0.unlock();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::thread;

    /// Counts in many threads, each of which is now and then slow inside.
    fn count(threads: u32, rounds: u32, is_slow: impl Fn(u32) -> bool + Sync) {
        let (lock, start) = (Lock::new((0, 0)), Barrier::new(threads as usize));
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    start.wait();
                    for round in 0..rounds {
                        lock.with(|(first, second)| {
                            *first += 1;
                            if is_slow(round) {
                                // Long enough for others to go to sleep.
                                (0..40).for_each(|_| thread::yield_now());
                            }
                            *second += 1;
                            assert_eq!(first, second, "two at a time");
                        });
                    }
                });
            }
        });
        assert_eq!(
            lock.with(|counts| *counts),
            (threads * rounds, threads * rounds)
        );
        assert_eq!(lock.sleepers.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn one_at_a_time_and_nobody_sleeps_for_ever() {
        count(2, 50_000, |_| false);
        count(8, 500, |round| round % 7 == 0);
        count(3, 5_000, |round| round % 100 == 0);
    }

    #[test]
    fn a_panic_inside_gives_it_back() {
        let lock = Lock::new(1);
        let panics = catch_unwind(AssertUnwindSafe(|| lock.with(|_| panic!("inside"))));
        assert!(panics.is_err());
        assert_eq!(lock.with(|value| *value), 1);
    }

    #[test]
    fn a_heavy_fence_is_one_whatever_the_system_does() {
        fence::prepare();
        assert!(fence::heavy());
        fence::light();
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::thread;
    use std::sync::Arc;

    fn model(threads: u32, bound: Option<usize>) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = bound;
        builder.check(move || {
            let lock = Arc::new(Lock::new(0));
            let others: Vec<_> = (1..threads)
                .map(|_| {
                    let lock = Arc::clone(&lock);
                    thread::spawn(move || lock.with(|count| *count += 1))
                })
                .collect();
            lock.with(|count| *count += 1);
            for other in others {
                other.join().expect("it does not panic");
            }
            assert_eq!(lock.with(|count| *count), threads);
        });
    }

    #[test]
    fn loom_two_threads_have_the_lock_one_after_the_other_and_none_sleeps_on() {
        model(2, None);
    }

    #[test]
    fn loom_three_threads_likewise() {
        model(3, Some(3));
    }
}
