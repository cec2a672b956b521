//! The straight way of a call that nothing complicates: comparing its key runs no code of
//! the user's, entries stay as they were stored, nobody waits. It does what `board` and
//! `landing` do in that case, and nothing else; where there is more to it, it has changed
//! nothing, and they take over.
//!
//! What is made here is made where it stays, and handed on in as few words as possible: to
//! copy what has just been written, in other portions, costs more than all the rest.

use std::sync::Arc;

use super::board::{Asked, Call, Lead, lead};
use super::engine::Engine;
use super::flights::{Known, Ticket};
use super::gate::{Gate, Reader, Scope, Visitor};
use super::payload::{Held, Payload, Values};
use super::settings::Care;
use super::state::State;
use crate::key::{Part, View};
use crate::store::{Slot, Store};
use crate::time::Instant;

/// Where the straight way leads.
pub(super) enum Direct<K, V> {
    Held(Held<K, V>),
    /// It is the one who computes.
    Lead(Lead),
    /// There is more to it.
    Other,
}

/// What had to make room for a value that was stored, and the deadline that this has.
pub(super) type Stored<K, V> = (Option<Payload<K, V>>, Option<Instant>);

impl<K, V, S: Scope> Engine<K, V, S> {
    /// The value for a call, where it is to be had with nothing but a look: no lock that has
    /// to be waited for, and no call of anything but of what makes the copy. So where that is
    /// done in place, nothing needs the stack.
    ///
    /// # Errors
    ///
    /// What is known so far: the long way is to be gone.
    #[inline(always)]
    pub(crate) fn at_once<W: View<Owned = K>>(
        &self,
        view: &W,
        values: &impl Values<V>,
    ) -> Result<V, Asked> {
        let hash = self.hash(view);
        if !W::is_inert() {
            let found = self.glance_outside(hash, view, values);
            return found.ok_or(Asked::with(hash, false));
        }
        self.snatch(hash, view, values)
            .map_err(|is_absent| Asked::with(hash, is_absent))
    }

    /// The value; or whether nobody could have found it.
    #[inline(always)]
    fn snatch<W: View<Owned = K>>(
        &self,
        hash: u32,
        view: &W,
        values: &impl Values<V>,
    ) -> Result<V, bool> {
        if self.gate.is_open() {
            let reader = self.gate.read_at_once().ok_or(false)?;
            let slot = reader.state().store.near(hash).ok_or(false)?;
            self.snatch_at(reader, slot, view, values).ok_or(false)
        } else if self.settings().care < Care::More {
            let holder = self.gate.hold_at_once().ok_or(false)?;
            let store = &holder.state().store;
            if store.is_far() {
                return Err(false);
            }
            let slot = store.near(hash).ok_or(true)?;
            self.snatch_at(holder, slot, view, values).ok_or(false)
        } else {
            Err(false)
        }
    }

    /// The value in a slot, if it is that of the key and nothing more is to be done.
    #[inline(always)]
    fn snatch_at<W: View<Owned = K>>(
        &self,
        visitor: impl Visitor<State<K, V>>,
        slot: Slot,
        view: &W,
        values: &impl Values<V>,
    ) -> Option<V> {
        let mut visitor = visitor;
        let store = &visitor.state().store;
        let is_good = |key: &K, value: &V| {
            view.matches(key) && values.is_good(value) && self.is_in_time(store, slot, values)
        };
        match store.payload_at_once(slot)? {
            Payload::Inline(key, value) if values.is_inert() && is_good(key, value) => {
                let value = values.copy(value);
                visitor.note_at_once(slot).then_some(value)
            }
            Payload::Shared(pair) if !values.is_inert() && is_good(pair.key(), pair.value()) => {
                let pair = Arc::clone(pair);
                let is_noted = visitor.note_at_once(slot);
                drop(visitor);
                // Code of the user's.
                is_noted.then(|| values.copy(pair.value()))
            }
            _ => None,
        }
    }

    /// Whether it is plain that an entry's time is not up.
    #[inline(always)]
    fn is_in_time(
        &self,
        store: &Store<Payload<K, V>>,
        slot: Slot,
        values: &impl Values<V>,
    ) -> bool {
        if !values.are_timed() {
            return !store.may_expire();
        }
        let deadline = store.deadline_at_once(slot);
        deadline.is_some_and(|deadline| self.settings().clock.is_far_from(deadline))
    }

    /// Whether there may be a way in for those who only read.
    #[inline(always)]
    pub(super) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// The value for a call, where that is to be had without a lock.
    pub(crate) fn glance<W: View<Owned = K>>(
        &self,
        hash: u32,
        view: &W,
        values: &impl Values<V>,
    ) -> Option<V> {
        if !W::is_inert() {
            return self.glance_outside(hash, view, values);
        }
        let mut reader = self.gate.read()?;
        let is_it = |key: &K| view.matches(key);
        let state = reader.state();
        let (slot, payload) = state.glance(hash, is_it, self.settings(), values)?;
        let pair = match payload {
            Payload::Inline(_, value) => {
                let value = values.copy(value);
                reader.note(slot);
                return Some(value);
            }
            Payload::Shared(pair) => Arc::clone(pair),
            Payload::Moving => return None,
        };
        reader.note(slot);
        drop(reader);
        // Code of the user's, maybe.
        Some(values.copy(pair.value()))
    }

    /// The same for a key whose comparing may run code of the user's: the pair is held and
    /// compared outside, and looked for again.
    fn glance_outside<W: View<Owned = K>>(
        &self,
        hash: u32,
        view: &W,
        values: &impl Values<V>,
    ) -> Option<V> {
        let pair = {
            let reader = self.gate.read()?;
            let store = &reader.state().store;
            let Payload::Shared(pair) = store.payload(store.near(hash)?) else {
                return None;
            };
            Arc::clone(pair)
        };
        if !view.matches(pair.key()) {
            return None;
        }
        {
            let mut reader = self.gate.read()?;
            let slot = reader
                .state()
                .still_good(hash, &pair, self.settings(), values)?;
            reader.note(slot);
        }
        Some(values.copy(pair.value()))
    }

    /// The value for a call, or its computation.
    #[inline(always)]
    pub(super) fn call_directly<P: Part<Owned = K>>(
        &self,
        (call, is_absent): (Call<K>, bool),
        part: &P,
        values: &impl Values<V>,
    ) -> Direct<K, V> {
        let settings = self.settings();
        if !call.inert || settings.care == Care::More {
            return Direct::Other;
        }
        self.gate.with_again(|state, is_same| {
            let is_it = |key: &K| part.matches(key);
            let is_absent = is_absent && is_same;
            let slot = (!is_absent)
                .then(|| state.slot_of(call.hash, is_it))
                .flatten();
            if let Some(slot) = slot {
                return match state.hold(slot, settings, values) {
                    Some(held) => {
                        state.hit(slot);
                        Direct::Held(held)
                    }
                    None => Direct::Other,
                };
            }
            let is_open = self.coalesces(state, call.is_task);
            let is_known = |known: &Known<K, V>| matches!(known, Known::Inert(key) if is_it(key));
            let flight = || state.flights.find(call.hash, call.is_task, is_known);
            if is_open && flight().is_some() {
                return Direct::Other;
            }
            let plan = self.plan(call, is_open, false, 0);
            Direct::Lead(lead(state, plan, Some(Known::Inert(part.to_key()))))
        })
    }

    /// Stores what a computation brings, if nothing that matters came in between; or gives
    /// the value back.
    #[inline(always)]
    pub(super) fn land_directly(
        &self,
        call: Call<K>,
        ticket: Ticket,
        value: V,
        values: &impl Values<V>,
    ) -> Result<Stored<K, V>, V> {
        let settings = self.settings();
        let is_over = settings.ttl.is_some_and(|ttl| ttl.is_zero());
        if S::IS_SMALL || settings.care == Care::More || is_over {
            return Err(value);
        }
        // Outside the gate: the exact clock takes its time.
        let now = settings.ttl.map(|_| settings.clock.now());
        let deadline = now.zip(settings.ttl);
        let deadline = deadline.and_then(|(now, ttl)| now.checked_add(ttl));
        let deadline = deadline.map(|deadline| deadline.min(Instant::LAST));
        self.gate.with(|state| {
            // Somebody may have to go whose time is up.
            let next = state.store.next_deadline();
            let is_due = next.is_some_and(|next| now.is_none_or(|now| next <= now));
            if is_due || state.limit() == 0 {
                return Err(value);
            }
            let Some((own, has_changed)) = state.flights.quiet(call.hash, ticket) else {
                return Err(value);
            };
            if has_changed {
                // Its key may be there by now: in that case there is more to it.
                let slot = state.slot_of(call.hash, |key| (call.same)(own, key));
                if slot.is_some() {
                    return Err(value);
                }
            }
            match state.flights.end_quiet(ticket) {
                Some(key) => {
                    let old = state.add((call.hash, key), value, deadline, values);
                    Ok((old, deadline))
                }
                None => Err(value),
            }
        })
    }
}

impl<K, V> State<K, V> {
    /// Stores a value under a key that is not there; gives what had to go.
    #[inline(always)]
    fn add(
        &mut self,
        (hash, key): (u32, K),
        value: V,
        deadline: Option<Instant>,
        values: &impl Values<V>,
    ) -> Option<Payload<K, V>> {
        let is_light = values.is_light(&value);
        let payload = || Payload::new(key, value, is_light);
        if self.store.len() < self.limit() {
            self.store.insert(hash, payload(), deadline);
            return None;
        }
        self.displace(hash, deadline, payload).map(|(_, old)| old)
    }
}
