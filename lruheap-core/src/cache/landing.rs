//! How a computation ends: with a value that is stored, one that is not to be kept, an
//! error, or nothing. What is done inside the gate for it, and what is left to be done
//! outside.

use std::sync::Arc;

use super::board::{Call, Lead, Waits};
use super::engine::Engine;
use super::flights::{Ended, Known, Ticket};
use super::gate::{Gate, Scope};
use super::payload::{Held, Pair, Payload, Trash, Values};
use super::settings::Terms;
use super::state::State;
use super::wait::Wait;
use crate::store::Slot;
use crate::time::Instant;

/// What a computation leaves to be done outside the gate.
pub(super) struct Landed<K, V> {
    /// Those who wait for it.
    pub(super) wait: Option<Arc<Wait<K, V>>>,
    /// Where nobody waits: what may be kept there is not for the gate to drop.
    pub(super) deserted: Option<Arc<Wait<K, V>>>,
    /// What they get, and whoever else it was made for.
    pub(super) held: Option<Held<K, V>>,
    pub(super) others: Waits<K, V>,
    pub(super) deadline: Option<Instant>,
}

/// For whom else than its caller a value is computed.
#[derive(Clone, Copy)]
pub(super) struct Audience {
    /// How many know of the place to wait without waiting there.
    pub(super) own: usize,
    /// Whether somebody gets it who waits elsewhere.
    pub(super) is_elsewhere: bool,
}

impl<K, V, S: Scope> Engine<K, V, S> {
    /// Stores what a computation brings.
    #[allow(clippy::too_many_arguments)]
    #[inline]
    pub(super) fn land(
        &self,
        call: Call<K>,
        ticket: Ticket,
        pair: Option<Arc<Pair<K, V>>>,
        value: V,
        (terms, audience): (Terms, Audience),
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Landed<K, V> {
        if let Some(pair) = pair {
            return self.land_pair(call, ticket, pair, value, (terms, audience), values, trash);
        }
        self.gate.with(|state| {
            let mut ended = state.flights.end(ticket, S::IS_SMALL);
            let Some(Known::Inert(key)) = ended.key.take() else {
                unreachable!("a computation has its key");
            };
            let slot = state.slot_of(call.hash, |other| (call.same)(&key, other));
            let is_light = values.is_light(&value);
            let payload = Payload::new(key, value, is_light);
            let at = (call.hash, slot);
            self.land_in(state, at, payload, ended, (terms, audience), values, trash)
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn land_pair(
        &self,
        call: Call<K>,
        ticket: Ticket,
        pair: Arc<Pair<K, V>>,
        value: V,
        terms: (Terms, Audience),
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Landed<K, V> {
        pair.set(value);
        let matches = |pair: &Arc<Pair<K, V>>, key: &K| (call.same)(pair.key(), key);
        let at = (call.hash, false);
        self.at_slot(at, pair, matches, trash, |state, slot, pair, trash| {
            let mut ended = state.flights.end(ticket, S::IS_SMALL);
            // What it was known by: not for the gate to drop.
            trash.extend(ended.pair());
            let (at, payload) = ((call.hash, slot), Payload::Shared(pair));
            self.land_in(state, at, payload, ended, terms, values, trash)
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn land_in(
        &self,
        state: &mut State<K, V>,
        at: (u32, Option<Slot>),
        payload: Payload<K, V>,
        mut ended: Ended<K, V>,
        (terms, audience): (Terms, Audience),
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Landed<K, V> {
        let wait = ended.wait.take();
        // Who has come to wait did so in here; one who goes may be counted yet.
        let (wait, deserted) = match wait {
            Some(wait) if Arc::strong_count(&wait) > audience.own => (Some(wait), None),
            wait => (None, wait),
        };
        let is_wanted = wait.is_some() || audience.is_elsewhere;
        let held = is_wanted.then(|| Held::take(&payload, values));
        let deadline = state.land(at, payload, &mut ended, terms, self.settings(), trash);
        Landed {
            wait,
            deserted,
            held,
            others: Waits::under(at.0, state),
            deadline,
        }
    }

    /// Ends a computation whose result is not to be kept, and removes what it was to
    /// replace, unless that was overtaken meanwhile.
    pub(super) fn refuse(
        &self,
        call: Call<K>,
        lead: Lead,
        pair: Option<&Arc<Pair<K, V>>>,
        trash: &mut Trash<K, V>,
    ) -> Ended<K, V> {
        let discard =
            |state: &mut State<K, V>, slot: Option<Slot>, ended: &Ended<K, V>, trash: &mut _| {
                // What is kept past its time is out of date as well.
                let is_old = |&slot: &Slot| {
                    lead.replaces || state.live(Some(slot), self.settings()).is_none()
                };
                if let Some(slot) = slot.filter(is_old).filter(|_| ended.is_valid) {
                    state.discard(slot, self.settings(), trash);
                }
            };
        if let Some(pair) = pair {
            let matches = |(): &(), key: &K| (call.same)(pair.key(), key);
            let at = (call.hash, false);
            return self.at_slot(at, (), matches, trash, |state, slot, (), trash| {
                let ended = state.flights.end(lead.ticket, S::IS_SMALL);
                discard(state, slot, &ended, trash);
                ended
            });
        }
        self.gate.with(|state| {
            let ended = state.flights.end(lead.ticket, S::IS_SMALL);
            if let Some(Known::Inert(key)) = &ended.key {
                let slot = state.slot_of(call.hash, |other| (call.same)(key, other));
                discard(state, slot, &ended, trash);
            }
            ended
        })
    }

    /// The value that stands in for the error of a computation.
    pub(super) fn fall_back(
        &self,
        call: Call<K>,
        lead: Lead,
        pair: Option<&Arc<Pair<K, V>>>,
        values: &impl Values<V>,
    ) -> Option<(Held<K, V>, bool)> {
        let (settings, is_renewal) = (self.settings(), lead.replaces);
        if let Some(pair) = pair {
            let matches = |(): &(), key: &K| (call.same)(pair.key(), key);
            let at = (call.hash, false);
            return self.at_slot(at, (), matches, &mut Trash::new(), |state, slot, (), _| {
                state.fall_back(slot, is_renewal, settings, values)
            });
        }
        self.gate.with(|state| {
            let Some(Known::Inert(key)) = state.flights.key(lead.ticket) else {
                return None;
            };
            let slot = state.slot_of(call.hash, |other| (call.same)(key, other));
            state.fall_back(slot, is_renewal, settings, values)
        })
    }

    /// A computation that ends without a result.
    pub(super) fn abandon(&self, ticket: Ticket) -> Ended<K, V> {
        self.gate
            .with(|state| state.flights.end(ticket, S::IS_SMALL))
    }
}
