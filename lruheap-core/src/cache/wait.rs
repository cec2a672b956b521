//! Where those wait who found a computation of their key under way: threads on a
//! condition, tasks by their wakers. The leader knows nothing of it until somebody
//! comes, and ends it with what was computed, or with nothing.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use super::payload::{Held, Values};
use crate::turns::wake;

#[cfg(not(loom))]
use parking_lot::{Condvar, Mutex, MutexGuard};

#[cfg(loom)]
use crate::leading::modelled::{Condvar, Mutex, MutexGuard};

/// One computation, for those who wait for it.
pub(crate) struct Wait<K, V> {
    inner: Mutex<Inner<K, V>>,
    changed: Condvar,
    /// How often the leader's future has been polled.
    polls: AtomicU64,
}

struct Inner<K, V> {
    end: Option<End<K, V>>,
    /// How often all have been told to look again.
    looks: u64,
    wakers: Wakers,
}

enum End<K, V> {
    Value(Brought<K, V>),
    Nothing,
}

/// A value for those who wait.
pub(crate) struct Brought<K, V> {
    pub(crate) held: Held<K, V>,
    /// Whether it stands in for an error.
    pub(crate) is_stale: bool,
}

/// The wakers of the tasks that wait, each under a name.
#[derive(Default)]
struct Wakers {
    kept: Vec<Option<Waker>>,
    free: Vec<usize>,
    /// How often all have been taken: older names are of no waker any more.
    taken: u64,
}

/// The name of a waker.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    at: usize,
    taken: u64,
}

/// What became of a wait.
pub(crate) enum Waited<K, V> {
    /// The value that was computed.
    Value(Brought<K, V>),
    /// There is none: look again.
    Again,
}

impl<K, V> Brought<K, V> {
    /// Under a lock: the same once more, at no cost in user code.
    pub(crate) fn again(&self, values: &impl Values<V>) -> Self {
        Brought {
            held: self.held.again(values),
            is_stale: self.is_stale,
        }
    }
}

impl Wakers {
    /// Keeps a waker in the place of the one of this name; gives back what goes.
    fn keep(&mut self, name: &mut Option<Name>, waker: Waker) -> Option<Waker> {
        let own = name.filter(|name| name.taken == self.taken);
        let at = match own {
            Some(name) => name.at,
            None => self.free.pop().unwrap_or_else(|| {
                self.kept.push(None);
                self.kept.len() - 1
            }),
        };
        *name = Some(Name {
            at,
            taken: self.taken,
        });
        self.kept[at].replace(waker)
    }

    fn remove(&mut self, name: Name) -> Option<Waker> {
        if name.taken != self.taken {
            return None;
        }
        self.free.push(name.at);
        self.kept[name.at].take()
    }

    fn take(&mut self) -> Vec<Option<Waker>> {
        self.taken += 1;
        self.free.clear();
        mem::take(&mut self.kept)
    }
}

impl<K, V> Wait<K, V> {
    pub(crate) fn new() -> Self {
        Wait {
            inner: Mutex::new(Inner {
                end: None,
                looks: 0,
                wakers: Wakers::default(),
            }),
            changed: Condvar::new(),
            polls: AtomicU64::new(0),
        }
    }

    /// Ends it: all get this value, or look again. Only the first end counts; the value
    /// of another is given back, to be dropped in the caller's own time.
    pub(crate) fn end(&self, value: Option<Brought<K, V>>) -> Option<Brought<K, V>> {
        let mut rest = None;
        self.wake(|inner| match inner.end {
            None => inner.end = Some(value.map_or(End::Nothing, End::Value)),
            Some(_) => rest = value,
        });
        rest
    }

    /// Has all look again, while it goes on.
    pub(crate) fn look_again(&self) {
        self.wake(|inner| inner.looks += 1);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.inner.lock().end.is_some()
    }

    /// Wakes all after a change. A waker that panics is its executor's trouble: neither
    /// the others' nor that of whoever has the result.
    fn wake(&self, change: impl FnOnce(&mut Inner<K, V>)) {
        let mut inner = self.inner.lock();
        change(&mut inner);
        let wakers = inner.wakers.take();
        drop(inner);
        self.changed.notify_all();
        for waker in wakers.into_iter().flatten() {
            wake(waker);
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

    /// No time passes in a model: only those have none who had none to begin with.
    #[cfg(loom)]
    fn sleep(&self, inner: &mut MutexGuard<'_, Inner<K, V>>, patience: Duration) -> bool {
        if patience.is_zero() {
            return true;
        }
        self.changed.wait(inner);
        false
    }

    /// For a task: what has become of it, or nothing yet, and then `waker` is kept
    /// under the name `own`.
    pub(crate) fn poll(
        &self,
        seen: u64,
        own: &mut Option<Name>,
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
        let old = inner.wakers.keep(own, new);
        drop(inner);
        drop(old);
        None
    }

    /// A task does not wait any more.
    pub(crate) fn forget(&self, own: Name) {
        let old = self.inner.lock().wakers.remove(own);
        drop(old);
    }

    /// The leader's future is polled.
    pub(crate) fn polled(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it has been.
    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Ordering::Relaxed)
    }
}

impl<K, V> Inner<K, V> {
    fn waited(&self, seen: u64, values: &impl Values<V>) -> Option<Waited<K, V>> {
        match &self.end {
            // Copied in here only where that runs no code of the user's.
            Some(End::Value(brought)) => Some(Waited::Value(brought.again(values))),
            Some(End::Nothing) => Some(Waited::Again),
            None => (self.looks != seen).then_some(Waited::Again),
        }
    }
}
