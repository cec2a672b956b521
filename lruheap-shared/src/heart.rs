//! What a process does for its store beside the calls: it prolongs the leases of those who
//! compute, gives back those of who has ended, and makes up for invalidations that the store
//! could not be told of. One thread, there once it is needed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::backend::{Backend, Key, Token};
use crate::store::{Failure, Store};

/// How often is tried again what the store could not be told.
const AGAIN: Duration = Duration::from_millis(200);

/// The work of the thread.
#[derive(Default)]
pub(crate) struct Heart {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_running: bool,
    /// By token, and when they are prolonged next.
    held: HashMap<u64, (Key, Instant)>,
    ended: Vec<Ended>,
    owes: bool,
}

/// A lease that is to be given back.
struct Ended {
    key: Key,
    token: Token,
    /// What is to be stored before, for how long.
    word: Option<(Vec<u8>, Duration)>,
    /// When it has ended by itself.
    until: Instant,
}

/// A lease that is held. Dropped, it is given back.
pub(crate) struct Held {
    store: &'static Store,
    pub(crate) key: Key,
    pub(crate) token: Token,
    /// What others are to find where a computation has ended without a value.
    pub(crate) word: Option<Vec<u8>>,
    is_over: bool,
}

impl Held {
    /// A lease that the store is asked for, or has given.
    pub(crate) fn new(store: &'static Store, key: Key, token: Token) -> Self {
        let next = Instant::now() + store.timing.lease / 3;
        store.heart.state.lock().held.insert(token.0, (key, next));
        store.heart.wake(store);
        Held {
            store,
            key,
            token,
            word: None,
            is_over: false,
        }
    }

    /// The store has taken it back together with the value, or never gave it.
    pub(crate) fn over(mut self) {
        self.is_over = true;
    }
}

/// A lease that the store was asked for. Dropped, it is given back, in case it was given: the
/// answer may be lost, or nobody may be there any more to hear it.
pub(crate) struct Asked {
    store: &'static Store,
    key: Key,
    token: Token,
    is_known: bool,
}

impl Asked {
    /// One that is asked for from here on.
    pub(crate) fn new(store: &'static Store, key: Key, token: Token) -> Self {
        Asked {
            store,
            key,
            token,
            is_known: false,
        }
    }

    /// It is known what became of it.
    pub(crate) fn known(mut self) {
        self.is_known = true;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_known {
            self.store
                .heart
                .end(self.store, (self.key, self.token), None);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let heart = &self.store.heart;
        heart.state.lock().held.remove(&self.token.0);
        if !self.is_over {
            heart.end(self.store, (self.key, self.token), self.word.take());
        }
    }
}

/// A store that panics is no reason to give up on all others who need this thread.
fn survive<T>(what: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(what)).ok()
}

impl Heart {
    /// There are invalidations to make up for.
    pub(crate) fn owe(&self, store: &'static Store) {
        self.state.lock().owes = true;
        self.wake(store);
    }

    /// A lease is to be given back.
    fn end(&self, store: &'static Store, (key, token): (Key, Token), word: Option<Vec<u8>>) {
        let lease = store.timing.lease;
        self.state.lock().ended.push(Ended {
            key,
            token,
            word: word.map(|word| (word, lease)),
            until: Instant::now() + lease,
        });
        self.wake(store);
    }

    fn wake(&self, store: &'static Store) {
        let mut state = self.state.lock();
        if state.is_running {
            self.changed.notify_one();
            return;
        }
        let beat = thread::Builder::new()
            .name("lruheap-shared".into())
            .spawn(move || store.heart.beat(store));
        // Without a thread, leases end by themselves, and the next call settles debts.
        state.is_running = beat.is_ok();
    }

    fn beat(&self, store: &'static Store) {
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            let ended = std::mem::take(&mut state.ended);
            let due: Vec<(Key, u64)> = state
                .held
                .iter()
                .filter(|(_, (_, next))| *next <= now)
                .map(|(token, (key, _))| (*key, *token))
                .collect();
            let owes = std::mem::take(&mut state.owes);
            if ended.is_empty() && due.is_empty() && !owes {
                let next = state.held.values().map(|(_, next)| *next).min();
                match next {
                    Some(next) => {
                        self.changed.wait_until(&mut state, next);
                    }
                    None => self.changed.wait(&mut state),
                }
                continue;
            }
            drop(state);
            let again = give_back(store, ended);
            // That the store is left alone, or is to be told something first, is for those who
            // read: a lease that ends meanwhile is one too many who compute.
            let mut is_down = false;
            for (key, token) in due {
                let lease = store.timing.lease;
                let renew = |backend: &dyn Backend| backend.renew(key, Token(token), lease);
                let renewed = survive(|| {
                    if is_down {
                        store.ask(renew)
                    } else {
                        store.ask_now(renew)
                    }
                });
                let is_done = matches!(renewed, Some(Ok(_)));
                is_down |= !is_done;
                let next = Instant::now() + lease / if is_done { 3 } else { 10 };
                if let Some(held) = self.state.lock().held.get_mut(&token) {
                    held.1 = next;
                }
            }
            let is_settled = !owes || survive(|| store.settle()) == Some(true);
            state = self.state.lock();
            let has_more = !state.ended.is_empty();
            let is_done = is_settled && again.is_empty();
            state.owes |= !is_settled;
            state.ended.extend(again);
            if !is_done && !has_more {
                self.changed.wait_for(&mut state, AGAIN);
            }
        }
    }
}

/// Gives leases back. What the store can't be told is to be tried again: whoever wants one
/// of them would wait for nothing.
fn give_back(store: &Store, ended: Vec<Ended>) -> Vec<Ended> {
    let is_left = |ended: &Ended| {
        let (key, token) = (ended.key, ended.token);
        let told = survive(|| {
            store.ask(|backend| match &ended.word {
                // Nothing was there when the lease was taken. What is there now says more:
                // somebody has stored it meanwhile.
                Some((word, ttl)) if backend.get(key, &[])?.entry.is_none() => {
                    backend.set(key, word, *ttl, Some(token))
                }
                _ => backend.release(key, token),
            })
        });
        let is_away = match told {
            None | Some(Ok(())) => false,
            Some(Err(Failure::Skipped)) => true,
            Some(Err(failure)) => failure.is_doubtful(),
        };
        is_away && Instant::now() < ended.until
    };
    ended.into_iter().filter(is_left).collect()
}
