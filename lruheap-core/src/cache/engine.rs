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

use super::board::Waits;
use super::flights::{Known, Ticket};
use super::gate::{Gate, Process, Scope, Visitor};
use super::look::{Asking, Look};
use super::patience::Patience;
use super::payload::{Held, Pair, Payload, Trash, Values};
use super::settings::{Care, Settings};
use super::state::State;
use super::tags::Tag;
use crate::alarm;
use crate::key::{Part, Query, View};
use crate::stats::{CacheInfo, CacheKind, CacheParameters};
use crate::store::Slot;
use crate::time::Instant;
use crate::turns;

/// A cache of one scope, without a handle.
pub struct Engine<K, V, S: Scope = Process> {
    pub(super) gate: S::Gate<State<K, V>>,
    setup: S::Setup,
}

/// Pairs with the wanted hash.
type Pairs<K, V> = SmallVec<[Arc<Pair<K, V>>; 2]>;

/// A pair, and whether its key is the wanted one.
type Verdict<K, V> = (Arc<Pair<K, V>>, bool);

/// What has been compared so far.
struct Compared<K, V>(SmallVec<[Verdict<K, V>; 2]>);

impl<K, V> Compared<K, V> {
    /// What is known of the pair that mostly is the one at `at`.
    fn known(&self, at: usize, pair: &Arc<Pair<K, V>>) -> Option<bool> {
        let is_it = |seen: &&Verdict<K, V>| Arc::ptr_eq(&seen.0, pair);
        let seen = self.0.get(at).filter(is_it);
        seen.or_else(|| self.0.iter().find(is_it))
            .map(|(_, same)| *same)
    }
}

enum Step<K, V, R> {
    Done(R),
    Compare(Pairs<K, V>),
}

/// Who would join a computation.
#[derive(Clone, Copy)]
pub(super) struct Joining {
    pub(super) is_task: bool,
}

/// What has been found under a key.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) slot: Option<Slot>,
    /// A computation that may be joined; only where that was asked for.
    pub(super) flight: Option<Ticket>,
}

impl<K, V, S: Scope> Engine<K, V, S> {
    pub(crate) fn new(setup: S::Setup) -> Self {
        let settings = &setup.borrow().settings;
        let state = State::new(settings.maxsize);
        Engine {
            gate: S::Gate::new(state, settings.care < Care::More),
            setup,
        }
    }

    /// What the engine was set up with, as its scope has it.
    pub(crate) fn setup(&self) -> &S::Setup {
        &self.setup
    }

    #[inline]
    pub(super) fn settings(&self) -> &Settings {
        &self.setup.borrow().settings
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.setup.borrow().patience
    }

    /// Hashes a key, for the one time in its call.
    #[inline]
    pub(super) fn hash(&self, view: &impl View<Owned = K>) -> u32 {
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
    pub(super) fn at_slot<T, R>(
        &self,
        (hash, inert): (u32, bool),
        subject: T,
        matches: impl Fn(&T, &K) -> bool,
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Option<Slot>, T, &mut Trash<K, V>) -> R,
    ) -> R {
        if inert {
            return self.gate.with(|state| {
                let slot = state.slot_of(hash, |key| matches(&subject, key));
                act(state, slot, subject, trash)
            });
        }
        let act = |state: &mut State<K, V>, found: Found, subject, trash: &mut Trash<K, V>| {
            act(state, found.slot, subject, trash)
        };
        self.at_user_key(hash, subject, matches, None, trash, act)
    }

    /// The same for a key whose comparing may run code of the user's; with the
    /// computation that may be joined, where that is asked for.
    pub(super) fn at_user_key<T, R>(
        &self,
        hash: u32,
        subject: T,
        matches: impl Fn(&T, &K) -> bool,
        joining: Option<Joining>,
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Found, T, &mut Trash<K, V>) -> R,
    ) -> R {
        // What has been compared so far, and how that went. The pairs are held,
        // so their addresses name them.
        let mut compared: Compared<K, V> = Compared(SmallVec::new());
        let mut todo = Some((act, subject));
        loop {
            let step = self.gate.with(|state| {
                let (found, unknown) = find_known(state, hash, joining, &compared);
                if unknown.is_empty() {
                    let (act, subject) = todo.take()?;
                    Some(Step::Done(act(state, found, subject, trash)))
                } else {
                    Some(Step::Compare(unknown))
                }
            });
            match (step, &todo) {
                (Some(Step::Done(result)), _) => {
                    // The last owners may be these by now.
                    let last = compared.0.into_iter().map(|(pair, _)| pair);
                    trash.extend(last.map(Payload::Shared));
                    return result;
                }
                (Some(Step::Compare(pairs)), Some((_, subject))) => {
                    for pair in pairs {
                        let same = matches(subject, pair.key());
                        compared.0.push((pair, same));
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
    fn at_view<W: View<Owned = K>, R>(
        &self,
        (hash, view): (u32, &W),
        trash: &mut Trash<K, V>,
        act: impl FnOnce(&mut State<K, V>, Option<Slot>, &mut Trash<K, V>) -> R,
    ) -> R {
        self.at_slot(
            (hash, W::is_inert()),
            view,
            |view, key| W::matches(view, key),
            trash,
            |state, slot, _, trash| act(state, slot, trash),
        )
    }

    /// Looks at an entry, beside others who look if there is a way in for such.
    fn look_at<W: View<Owned = K>, R>(
        &self,
        view: &W,
        look: impl Fn(&State<K, V>, Option<Slot>) -> R,
    ) -> R {
        let hash = self.hash(view);
        if W::is_inert() {
            if let Some(reader) = self.gate.read() {
                let state = reader.state();
                return look(state, state.slot_of(hash, |key| view.matches(key)));
            }
        }
        self.at_view((hash, view), &mut Trash::new(), |state, slot, _| {
            look(state, slot)
        })
    }

    /// The value, counted and touched, with nothing to compute it.
    pub(crate) fn get<W: View<Owned = K>>(&self, view: &W, values: &impl Values<V>) -> Option<V> {
        let hash = match self.at_once(view, values) {
            Ok(value) => return Some(value),
            Err(asked) => asked.hash().unwrap_or_else(|| self.hash(view)),
        };
        // What code of the user's compares has been looked for so.
        if W::is_inert() && self.is_open() {
            if let Some(value) = self.glance(hash, view, values) {
                return Some(value);
            }
        }
        let mut trash = Trash::new();
        let held = self.at_view((hash, view), &mut trash, |state, slot, trash| {
            let asking = Asking::Get;
            match state.look((hash, slot), asking, self.settings(), values, trash) {
                Look::Hit(held) => Some(held),
                Look::Miss | Look::Renew => {
                    state.counters.misses += 1;
                    None
                }
            }
        });
        held.map(|held| held.release(values))
    }

    /// The value; neither counted nor touched.
    pub(crate) fn peek(&self, view: &impl View<Owned = K>, values: &impl Values<V>) -> Option<V> {
        let held = self.look_at(view, |state, slot| {
            let slot = state.live(slot, self.settings())?;
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
        self.look_at(view, |state, slot| {
            let slot = state.live(slot, self.settings())?;
            if !is_good(state.store.payload(slot).value()) {
                return None;
            }
            Some(match state.expiry(slot, self.settings()) {
                Some(Instant::NEVER) | None => Duration::MAX,
                Some(expiry) => expiry.since(self.settings().clock.now()),
            })
        })
    }

    /// Removes the entry; its value is handed out if it was live.
    pub(crate) fn remove(&self, view: &impl View<Owned = K>, values: &impl Values<V>) -> Option<V> {
        let hash = self.hash(view);
        let removed = self.at_view((hash, view), &mut Trash::new(), |state, slot, _| {
            state.flights.invalidate(hash);
            let live = state.live(slot, self.settings()).is_some();
            let payload = state.take_out(slot?);
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
    pub(crate) fn set<P: Part<Owned = K>>(
        &self,
        part: &P,
        value: V,
        values: &impl Values<V>,
        tags: Vec<Tag>,
    ) {
        let at = (self.hash(part), P::is_inert());
        let ttl = values.lifetime(&value);
        let is_light = at.1 && values.is_light(&value);
        let payload = Payload::new(part.to_key(), value, is_light);
        self.set_at(at, P::same, payload, ttl, tags);
    }

    /// Stores on the user's word, with a time to live of its own if that is given.
    pub(crate) fn set_owned(&self, key: K, value: V, values: &impl Values<V>, ttl: Option<Duration>)
    where
        K: Hash + Eq + 'static,
    {
        let query = Query::<K, K>::new(&key);
        let at = (self.hash(&query), Query::<K, K>::is_inert());
        let is_light = at.1 && values.is_light(&value);
        let payload = Payload::new(key, value, is_light);
        self.set_at(at, K::eq, payload, ttl, Vec::new());
    }

    fn set_at(
        &self,
        at: (u32, bool),
        same: fn(&K, &K) -> bool,
        payload: Payload<K, V>,
        ttl: Option<Duration>,
        tags: Vec<Tag>,
    ) {
        let mut trash = Trash::new();
        let (deadline, waits) = self.at_slot(
            at,
            payload,
            |payload, key| same(payload.key(), key),
            &mut trash,
            |state, slot, payload, trash| {
                let at = (at.0, slot);
                let deadline = state.set(at, payload, ttl, tags, self.settings(), trash);
                (deadline, Waits::under(at.0, state))
            },
        );
        Self::note(deadline);
        waits.look_again();
        drop(trash);
    }

    /// An entry has been stored with this deadline.
    pub(super) fn note(deadline: Option<Instant>) {
        if let Some(deadline) = deadline.filter(|_| S::IS_SHARED) {
            alarm::note(deadline);
        }
    }

    /// Drops every entry, zeroes the counters.
    pub(crate) fn clear(&self) {
        let store = self.gate.with(State::clear);
        turns::drop_each(store.into_payloads());
    }

    /// Drops every entry, and keeps what is being computed from being stored; the
    /// counters go on.
    pub(crate) fn outdate(&self) {
        let store = self.gate.with(State::outdate);
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

    /// Removes all entries with this tag, says how many.
    pub(crate) fn invalidate_tag(&self, tag: &str) -> usize {
        if !self.settings().tagged {
            return 0;
        }
        let settings = self.settings();
        let (removed, live) = self.gate.with(|state| state.remove_tagged(tag, settings));
        turns::drop_each(removed);
        live
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.gate.visit(|state| state.store.next_deadline())
    }

    pub(crate) fn info(&self) -> CacheInfo {
        let mut trash = Trash::new();
        self.gate.visit(|state| {
            state.expire(&self.settings().clock, usize::MAX, &mut trash);
            state.info(self.settings())
        })
    }

    pub(crate) fn parameters(&self) -> CacheParameters {
        CacheParameters {
            maxsize: self.gate.visit(|state| state.maxsize),
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
        let entries: Vec<Payload<K, V>> = self.gate.visit(|state| {
            let live = |&slot: &Slot| state.live(Some(slot), self.settings()).is_some();
            let live = state.store.in_order().filter(live);
            live.take(n)
                .map(|slot| state.store.payload(slot).duplicate())
                .collect()
        });
        entries.into_iter().map(Payload::into_pair).collect()
    }

    #[cfg(test)]
    pub(crate) fn inspect<R>(&self, f: impl FnOnce(&State<K, V>) -> R) -> R {
        self.gate.visit(|state| f(state))
    }
}

/// What is known to be under a key, and what first has to be compared.
fn find_known<K, V>(
    state: &mut State<K, V>,
    hash: u32,
    joining: Option<Joining>,
    compared: &Compared<K, V>,
) -> (Found, Pairs<K, V>) {
    let mut unknown = SmallVec::new();
    let mut found = Found {
        slot: None,
        flight: None,
    };
    let candidates: SmallVec<[Slot; 4]> = state.store.candidates(hash).collect();
    // They mostly stand in the order in which they were compared.
    let mut at = 0;
    for slot in candidates {
        let pair = state.store.payload_mut(slot).share();
        match compared.known(at, &pair) {
            Some(true) => found.slot = Some(slot),
            Some(false) => {}
            None => unknown.push(pair),
        }
        at += 1;
    }
    if found.slot.is_some() {
        unknown.clear();
    }
    if let Some(Joining { is_task }) = joining {
        let mut is_known = false;
        let mut others: Pairs<K, V> = SmallVec::new();
        for pair in state.flights.pairs(hash, is_task) {
            match compared.known(at, pair) {
                Some(true) => is_known = true,
                Some(false) => {}
                None => others.push(Arc::clone(pair)),
            }
            at += 1;
        }
        if is_known {
            found.flight = state.flights.find(hash, is_task, |known| match known {
                Known::Pair(pair) => compared.known(0, pair) == Some(true),
                Known::Inert(_) => false,
            });
        } else {
            unknown.extend(others);
        }
    }
    (found, unknown)
}
