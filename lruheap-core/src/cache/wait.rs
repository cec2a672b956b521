//! Where those wait who found a computation of their key under way: threads on a
//! condition, tasks by their wakers. The leader knows nothing of it until somebody
//! comes, and ends it with what was computed, or with nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::payload::{Held, Values};
use crate::turns::Turns;

#[cfg(not(loom))]
use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(loom)]
use self::modelled::{Condvar, Mutex, MutexGuard};

/// One computation, for those who wait for it.
pub(crate) struct Wait<K, V> {
    inner: Mutex<Inner<K, V>>,
    changed: Condvar,
    /// How often the leader's future has been polled, and whether it is right now.
    polls: AtomicU64,
    in_poll: AtomicBool,
}

struct Inner<K, V> {
    end: Option<End<K, V>>,
    /// How often all have been told to look again.
    looks: u64,
    wakers: Vec<(u64, Waker)>,
    next_waker: u64,
}

enum End<K, V> {
    Value(Held<K, V>),
    Nothing,
}

/// What became of a wait.
pub(crate) enum Waited<K, V> {
    /// The value that was computed.
    Value(Held<K, V>),
    /// There is none: look again.
    Again,
}

impl<K, V> Wait<K, V> {
    pub(crate) fn new() -> Self {
        Wait {
            inner: Mutex::new(Inner {
                end: None,
                looks: 0,
                wakers: Vec::new(),
                next_waker: 0,
            }),
            changed: Condvar::new(),
            polls: AtomicU64::new(0),
            in_poll: AtomicBool::new(false),
        }
    }

    /// Ends it: all get this value, or look again. Only the first end counts.
    pub(crate) fn end(&self, value: Option<Held<K, V>>) {
        let mut rest = None;
        self.wake(|inner| {
            let end = value.map_or(End::Nothing, End::Value);
            match inner.end {
                None => inner.end = Some(end),
                // The user's, for when the lock is free.
                Some(_) => rest = Some(end),
            }
        });
        drop(rest);
    }

    /// Has all look again, while it goes on.
    pub(crate) fn look_again(&self) {
        self.wake(|inner| inner.looks += 1);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.inner.lock().end.is_some()
    }

    fn wake(&self, change: impl FnOnce(&mut Inner<K, V>)) {
        let mut inner = self.inner.lock();
        change(&mut inner);
        let wakers = std::mem::take(&mut inner.wakers);
        drop(inner);
        self.changed.notify_all();
        let mut turns = Turns::default();
        for (_, waker) in wakers {
            turns.take(|| waker.wake());
        }
    }

    /// How often all have been told to look again, so far.
    pub(crate) fn looks(&self) -> u64 {
        self.inner.lock().looks
    }

    /// Blocks the thread until it has ended or all are to look again; `None` where
    /// its patience ends before that.
    pub(crate) fn block(
        &self,
        seen: u64,
        patience: Duration,
        values: &impl Values<V>,
    ) -> Option<Waited<K, V>> {
        let mut inner = self.inner.lock();
        loop {
            if let Some(waited) = inner.waited(seen, values) {
                return Some(waited);
            }
            if self.sleep(&mut inner, patience) {
                return inner.waited(seen, values);
            }
        }
    }

    /// Says whether the patience has ended. A wake-up for nothing begins it anew:
    /// that is rare, and patience is no promise.
    #[cfg(not(loom))]
    fn sleep(&self, inner: &mut MutexGuard<'_, Inner<K, V>>, patience: Duration) -> bool {
        self.changed.wait_for(inner, patience).timed_out()
    }

    #[cfg(loom)]
    fn sleep(&self, inner: &mut MutexGuard<'_, Inner<K, V>>, _: Duration) -> bool {
        self.changed.wait(inner);
        false
    }

    /// For a task: what has become of it, or nothing yet, and then `waker` is kept
    /// under the name `own`.
    pub(crate) fn poll(
        &self,
        seen: u64,
        own: &mut Option<u64>,
        waker: &Waker,
        values: &impl Values<V>,
    ) -> Option<Waited<K, V>> {
        // Cloned and dropped outside the lock: wakers are the executor's.
        let new = waker.clone();
        let mut inner = self.inner.lock();
        if let Some(waited) = inner.waited(seen, values) {
            drop(inner);
            return Some(waited);
        }
        let name = own.unwrap_or(inner.next_waker);
        *own = Some(name);
        inner.next_waker = inner.next_waker.max(name + 1);
        let kept = inner.wakers.iter_mut().find(|(kept, _)| *kept == name);
        let old = match kept {
            Some((_, kept)) => Some(std::mem::replace(kept, new)),
            None => {
                inner.wakers.push((name, new));
                None
            }
        };
        drop(inner);
        drop(old);
        None
    }

    /// A task does not wait any more.
    pub(crate) fn forget(&self, own: u64) {
        let mut inner = self.inner.lock();
        let at = inner.wakers.iter().position(|(kept, _)| *kept == own);
        let old = at.map(|at| inner.wakers.swap_remove(at));
        drop(inner);
        drop(old);
    }

    /// The leader's future is polled: `poll` does so.
    pub(crate) fn in_poll<R>(&self, poll: impl FnOnce() -> R) -> R {
        struct Done<'a>(&'a AtomicBool);

        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }

        self.in_poll.store(true, Ordering::Relaxed);
        self.polls.fetch_add(1, Ordering::Relaxed);
        let _done = Done(&self.in_poll);
        poll()
    }

    /// How often the leader's future has been polled; `None` while it is.
    pub(crate) fn polls(&self) -> Option<u64> {
        let polls = self.polls.load(Ordering::Relaxed);
        (!self.in_poll.load(Ordering::Relaxed)).then_some(polls)
    }
}

impl<K, V> Inner<K, V> {
    fn waited(&self, seen: u64, values: &impl Values<V>) -> Option<Waited<K, V>> {
        match &self.end {
            // Copied in here only where that runs no code of the user's.
            Some(End::Value(held)) => Some(Waited::Value(held.again(values))),
            Some(End::Nothing) => Some(Waited::Again),
            None => (self.looks != seen).then_some(Waited::Again),
        }
    }
}

/// The locks of the model checker, with the signatures of the others.
#[cfg(loom)]
mod modelled {
    use std::ops::{Deref, DerefMut};

    pub(super) struct Mutex<T>(loom::sync::Mutex<T>);
    pub(super) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);
    pub(super) struct Condvar(loom::sync::Condvar);

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(super) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().expect("nothing panics in here")))
        }
    }

    impl Condvar {
        pub(super) fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        pub(super) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(super) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("it is held");
            guard.0 = Some(self.0.wait(held).expect("nothing panics in here"));
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("it is held")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("it is held")
        }
    }
}
