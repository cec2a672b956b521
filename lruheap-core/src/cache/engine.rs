//! The engine: every operation of a cache, once, for every scope.
//!
//! User code (`Hash`, `Eq`, `Clone`, `Drop`) never runs inside the gate. Keys
//! that may call it are compared outside: the candidates for a hash are taken
//! out by pointer, compared, and the gate is entered again; if new candidates
//! have come meanwhile, they are compared as well.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::gate::{Gate, Process, Scope};
use super::payload::{Held, Payload, Trash, Values};
use super::settings::{Rule, Settings};
use super::state::State;
use super::tickets::{Absent, Ticket};
use crate::alarm;
use crate::key::{Part, Query, View};
use crate::stats::{CacheInfo, CacheKind, CacheParameters};
use crate::store::Slot;
use crate::time::Instant;
use crate::turns;

/// A cache of one scope, without a handle.
pub struct Engine<K, V, S: Scope = Process> {
    gate: S::Gate<State<K, V>>,
    setup: S::Setup,
}

/// Pairs with the wanted hash, and whether theirs is the wanted key.
type Compared<K, V> = SmallVec<[(Arc<(K, V)>, bool); 2]>;

enum Step<K, V, R> {
    Done(R),
    Compare(SmallVec<[Arc<(K, V)>; 2]>),
}

impl<K, V, S: Scope> Engine<K, V, S> {
    pub(crate) fn new(setup: S::Setup) -> Self {
        let maxsize = setup.borrow().settings.maxsize;
        Engine {
            gate: S::Gate::new(State::new(maxsize)),
            setup,
        }
    }

    /// What the engine was set up with, as its scope has it.
    pub(crate) fn setup(&self) -> &S::Setup {
        &self.setup
    }

    #[inline]
    fn settings(&self) -> &Settings {
        &self.setup.borrow().settings
    }

    /// Hashes a key, for the one time in its call.
    #[inline]
    fn hash(&self, view: &impl View<Owned = K>) -> u32 {
        let mut hasher = self.setup.borrow().hasher.build_hasher();
        view.hash(&mut hasher);
        let hash = hasher.finish();
        // Both halves count: the hasher's high bits are no better than the low.
        #[allow(clippy::cast_possible_truncation)]
        let folded = (hash ^ (hash >> 32)) as u32;
        folded
    }

    /// Runs `act` in the gate with the slot of the key, if it has one. What has
    /// to go is left in `trash`, for the caller to drop in its own time.
    ///
    /// `inert` says whether `matches` may run inside the gate for `subject`.
    #[inline]
    fn at_slot<T, R>(
        &self,
        (hash, inert): (u32, bool),
        subject: T,
        matches: impl Fn(&T, &K) -> bool,
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Option<Slot>, T, &mut Trash<K, V>) -> R,
    ) -> R {
        if inert {
            return self.gate.with(|state| {
                let store = &state.store;
                let slot = store
                    .candidates(hash)
                    .find(|&slot| matches(&subject, store.payload(slot).key()));
                act(state, slot, subject, trash)
            });
        }
        self.at_slot_of_user_key(hash, subject, matches, trash, act)
    }

    fn at_slot_of_user_key<T, R>(
        &self,
        hash: u32,
        subject: T,
        matches: impl Fn(&T, &K) -> bool,
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Option<Slot>, T, &mut Trash<K, V>) -> R,
    ) -> R {
        // What has been compared so far, and how that went. The pairs are held,
        // so their addresses name them.
        let mut compared: Compared<K, V> = SmallVec::new();
        let mut todo = Some((act, subject));
        loop {
            let step = self.gate.with(|state| {
                let mut unknown = SmallVec::new();
                let mut found = None;
                let candidates: SmallVec<[Slot; 4]> = state.store.candidates(hash).collect();
                for (at, slot) in candidates.into_iter().enumerate() {
                    let pair = state.store.payload_mut(slot).share();
                    let is_it = |seen: &&(Arc<(K, V)>, bool)| Arc::ptr_eq(&seen.0, &pair);
                    // They mostly stand in the order in which they were compared.
                    let seen = compared.get(at).filter(is_it);
                    match seen.or_else(|| compared.iter().find(is_it)) {
                        Some((_, true)) => found = Some(slot),
                        Some((_, false)) => {}
                        None => unknown.push(pair),
                    }
                }
                if found.is_some() || unknown.is_empty() {
                    let (act, subject) = todo.take()?;
                    Some(Step::Done(act(state, found, subject, trash)))
                } else {
                    Some(Step::Compare(unknown))
                }
            });
            match (step, &todo) {
                (Some(Step::Done(result)), _) => {
                    // The last owners may be these by now.
                    trash.extend(compared.into_iter().map(|(pair, _)| Payload::Shared(pair)));
                    return result;
                }
                (Some(Step::Compare(pairs)), Some((_, subject))) => {
                    for pair in pairs {
                        let same = matches(subject, &pair.0);
                        compared.push((pair, same));
                        if same {
                            break;
                        }
                    }
                }
                _ => unreachable!("`todo` is taken only by the step that is done"),
            }
        }
    }

    #[inline]
    fn at_view<W, R>(
        &self,
        view: &W,
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Option<Slot>, u32, &mut Trash<K, V>) -> R,
    ) -> R
    where
        W: View<Owned = K>,
    {
        let hash = self.hash(view);
        self.at_slot(
            (hash, W::is_inert()),
            view,
            |view, key| view.matches(key),
            trash,
            |state, slot, _, trash| act(state, slot, hash, trash),
        )
    }

    /// The value for a call, or a ticket to compute it. The trash is dropped
    /// when the ticket has an owner.
    #[inline]
    pub(crate) fn call<W>(
        &self,
        view: &W,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Result<Held<K, V>, Absent<K>>
    where
        W: View<Owned = K>,
    {
        let inert = W::is_inert();
        self.at_view(view, trash, |state, slot, hash, trash| {
            state
                .hit(slot, self.settings(), values, trash)
                .ok_or_else(|| {
                    let ticket = state.flights.begin(hash);
                    Absent {
                        hash,
                        inert,
                        same: W::same,
                        ticket,
                    }
                })
        })
    }

    /// A ticket to compute the value anew, whatever is there.
    pub(crate) fn begin<W: View<Owned = K>>(&self, view: &W) -> Absent<K> {
        let (hash, inert) = (self.hash(view), W::is_inert());
        let ticket = self.gate.with(|state| state.flights.begin(hash));
        Absent {
            hash,
            inert,
            same: W::same,
            ticket,
        }
    }

    /// The value, counted and touched, with nothing to compute it.
    pub(crate) fn get(&self, view: &impl View<Owned = K>, values: &impl Values<V>) -> Option<V> {
        let mut trash = Trash::new();
        let held = self.at_view(view, &mut trash, |state, slot, _, trash| {
            state.hit(slot, self.settings(), values, trash)
        });
        held.map(|held| held.release(values))
    }

    /// The value; neither counted nor touched.
    pub(crate) fn peek(&self, view: &impl View<Owned = K>, values: &impl Values<V>) -> Option<V> {
        let held = self.at_view(view, &mut Trash::new(), |state, slot, _, _| {
            let slot = state.live(slot, &self.settings().clock)?;
            let payload = state.store.payload(slot);
            values
                .is_good(payload.value())
                .then(|| Held::take(payload, values))
        });
        held.map(|held| held.release(values))
    }

    /// What is left of the entry's time; `Duration::MAX` for ever.
    /// `is_good` says whether a value can be handed out; it runs in the gate.
    pub(crate) fn ttl<W: View<Owned = K>>(
        &self,
        view: &W,
        is_good: impl Fn(&V) -> bool,
    ) -> Option<Duration> {
        self.at_view(view, &mut Trash::new(), |state, slot, _, _| {
            let slot = state.live(slot, &self.settings().clock)?;
            if !is_good(state.store.payload(slot).value()) {
                return None;
            }
            Some(match state.store.deadline(slot) {
                Some(Instant::NEVER) | None => Duration::MAX,
                Some(deadline) => deadline.since(self.settings().clock.now()),
            })
        })
    }

    /// Removes the entry; its value is handed out if it was live.
    pub(crate) fn remove(&self, view: &impl View<Owned = K>, values: &impl Values<V>) -> Option<V> {
        let removed = self.at_view(view, &mut Trash::new(), |state, slot, hash, _| {
            state.flights.invalidate(hash);
            let live = state.live(slot, &self.settings().clock).is_some();
            let payload = state.store.remove(slot?);
            if state.store.len() == 0 {
                state.store.shrink();
            }
            if live {
                state.counters.invalidations += 1;
            } else {
                state.counters.expirations += 1;
            }
            Some((payload, live))
        });
        let (payload, live) = removed?;
        let wanted = live && values.is_good(payload.value());
        wanted.then(|| payload.into_value(values))
    }

    /// Stores on the user's word, under a key that is looked up by `view`.
    pub(crate) fn set<P: Part<Owned = K>>(&self, part: &P, value: V, values: &impl Values<V>) {
        let at = (self.hash(part), P::is_inert());
        let ttl = values.lifetime(&value);
        let payload = Payload::new(part.to_key(), value, at.1 && values.is_inert());
        self.put_at(at, P::same, payload, Rule::Set(ttl));
    }

    /// Stores on the user's word, with a time to live of its own if that is given.
    pub(crate) fn set_owned(&self, key: K, value: V, values: &impl Values<V>, ttl: Option<Duration>)
    where
        K: Hash + Eq + 'static,
    {
        let query = Query::<K, K>::new(&key);
        let at = (self.hash(&query), Query::<K, K>::is_inert());
        let payload = Payload::new(key, value, at.1 && values.is_inert());
        self.put_at(at, K::eq, payload, Rule::Set(ttl));
    }

    /// Stores what a flight brings. What had to go is for the caller to drop.
    pub(crate) fn put(&self, at: &Absent<K>, payload: Payload<K, V>, rule: Rule) -> Trash<K, V> {
        self.put_at((at.hash, at.inert), at.same, payload, rule)
    }

    fn put_at(
        &self,
        at: (u32, bool),
        same: fn(&K, &K) -> bool,
        payload: Payload<K, V>,
        rule: Rule,
    ) -> Trash<K, V> {
        let mut trash = Trash::new();
        let deadline = self.at_slot(
            at,
            payload,
            |payload, key| same(payload.key(), key),
            &mut trash,
            |state, slot, payload, trash| {
                state.put(at.0, slot, payload, rule, self.settings(), trash)
            },
        );
        if let Some(deadline) = deadline.filter(|_| S::IS_SHARED) {
            alarm::note(deadline);
        }
        trash
    }

    /// Ends a flight whose result is not to be kept, and removes what it was to
    /// replace, unless that was overtaken meanwhile.
    pub(crate) fn drop_at(&self, at: &Absent<K>, key: &K) -> Trash<K, V> {
        let mut trash = Trash::new();
        self.at_slot(
            (at.hash, at.inert),
            key,
            |key, kept| (at.same)(key, kept),
            &mut trash,
            |state, slot, _, trash| {
                let valid = state.flights.end(at.ticket);
                if let Some(slot) = slot.filter(|_| valid) {
                    state.discard(slot, &self.settings().clock, trash);
                }
            },
        );
        trash
    }

    /// A flight that ends without a result.
    pub(crate) fn abandon(&self, ticket: Ticket) {
        self.gate.with(|state| {
            state.flights.end(ticket);
        });
    }

    /// Drops every entry, zeroes the counters.
    pub(crate) fn clear(&self) {
        let store = self.gate.with(State::clear);
        turns::drop_each(store.into_payloads());
    }

    /// Drops what has expired, says how many.
    pub(crate) fn purge(&self) -> usize {
        let mut trash = Trash::new();
        self.gate.with(|state| {
            state.expire(&self.settings().clock, usize::MAX, &mut trash);
            state.store.shrink();
        });
        let expired = trash.len();
        turns::drop_each(trash);
        expired
    }

    /// Changes the bound, evicting down to it.
    pub(crate) fn resize(&self, maxsize: Option<usize>) {
        let mut trash = Trash::new();
        self.gate.with(|state| {
            state.maxsize = maxsize;
            state.expire(&self.settings().clock, usize::MAX, &mut trash);
            state.make_room(0, &mut trash);
            state.store.shrink();
        });
        turns::drop_each(trash);
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.gate.with(|state| state.store.next_deadline())
    }

    pub(crate) fn info(&self) -> CacheInfo {
        let mut trash = Trash::new();
        self.gate.with(|state| {
            state.expire(&self.settings().clock, usize::MAX, &mut trash);
            state.info()
        })
    }

    pub(crate) fn parameters(&self) -> CacheParameters {
        CacheParameters {
            maxsize: self.gate.with(|state| state.maxsize),
            ..self.setup.borrow().parameters()
        }
    }

    pub(crate) fn kind(&self) -> CacheKind {
        self.settings().kind
    }

    pub(crate) fn name(&self) -> &str {
        &self.settings().name
    }

    /// A copy of every live entry, the least recently used first, at most `n`.
    pub(crate) fn first(&self, n: usize) -> Vec<(K, V)>
    where
        K: Clone,
        V: Clone,
    {
        // A second payload for each: a clone of what is inert, or the pointer.
        let entries: Vec<Payload<K, V>> = self.gate.with(|state| {
            let now = state.now(&self.settings().clock);
            let live = state
                .store
                .in_order()
                .filter(|&slot| !state.is_expired(slot, now));
            live.take(n)
                .map(|slot| state.store.payload(slot).duplicate())
                .collect()
        });
        entries.into_iter().map(Payload::into_pair).collect()
    }

    #[cfg(test)]
    pub(crate) fn inspect<R>(&self, f: impl FnOnce(&State<K, V>) -> R) -> R {
        self.gate.with(|state| f(state))
    }
}
