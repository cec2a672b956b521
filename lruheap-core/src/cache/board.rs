//! How a call comes by its value: it finds one, joins the computation of another, or
//! is the one who computes; and how that computation ends. What is done inside the
//! gate for it; who waits, and how, is next door.

use std::sync::Arc;

use super::engine::{Engine, Found, Joining};
use super::flights::{Ended, Join, Known, Plan, Ticket};
use super::gate::{Gate, Scope};
use super::payload::{Held, Pair, Payload, Trash, Values};
use super::settings::Terms;
use super::state::{Asking, Look, State};
use super::tags::Tag;
use super::wait::{Brought, Wait};
use crate::key::Part;
use crate::leading::Leader;
use crate::store::Slot;
use crate::time::Instant;

/// What a call needs to remember of its key when the arguments are gone.
pub(crate) struct Call<K> {
    pub(super) hash: u32,
    /// Whether comparing the key runs no code of the user's.
    pub(super) inert: bool,
    pub(super) same: fn(&K, &K) -> bool,
    /// Whether a task makes it, and not a thread by itself.
    pub(super) is_task: bool,
}

impl<K> Clone for Call<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Call<K> {}

/// Where a call has come to.
pub(super) enum Arrival<K, V> {
    Held(Held<K, V>),
    /// It is the one who computes.
    Lead(Lead),
    /// Another does, and it may wait.
    Join(Join<K, V>),
    /// Its key has to be owned before more can be said.
    Unknown,
}

/// The computation of a call.
#[derive(Clone, Copy)]
pub(super) struct Lead {
    pub(super) ticket: Ticket,
    pub(super) leader: Leader,
    /// Whether others may wait for it.
    pub(super) is_open: bool,
    pub(super) replaces: bool,
}

/// Whom a call would wait for.
pub(super) enum Mode<'a, K, V> {
    /// Anyone.
    Join,
    /// No one.
    Alone,
    /// Anyone but this one, whom nobody is to wait for any more.
    InsteadOf(&'a Lost<K, V>),
}

/// A wait that was given up.
pub(super) struct Lost<K, V> {
    pub(super) wait: Arc<Wait<K, V>>,
    /// How many had been given up before it, one for the other.
    pub(super) links: u32,
    /// What patience was.
    pub(super) patience: u64,
}

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

/// Those who wait for something else than what has just been stored, and may as well
/// have that.
pub(super) struct Waits<K, V>(Vec<Arc<Wait<K, V>>>);

impl<K, V> Waits<K, V> {
    #[inline]
    pub(super) fn under(hash: u32, state: &State<K, V>) -> Self {
        Waits(state.flights.waits(hash))
    }

    #[inline]
    pub(super) fn look_again(&self) {
        for wait in &self.0 {
            wait.look_again();
        }
    }
}

impl<K, V, S: Scope> Engine<K, V, S> {
    /// Whether the computations of these callers may be joined. With no room for
    /// anything, each call is to be a miss.
    fn coalesces(&self, state: &State<K, V>, is_task: bool) -> bool {
        !self.settings().apart && (S::IS_SHARED || is_task) && state.limit() > 0
    }

    pub(super) fn describe<P: Part<Owned = K>>(&self, part: &P, is_task: bool) -> Call<K> {
        Call {
            hash: self.hash(part),
            inert: P::is_inert(),
            same: P::same,
            is_task,
        }
    }

    /// The value for a call, or what else is to be done. The trash is dropped when
    /// what it gives has an owner.
    #[inline]
    pub(super) fn call<P: Part<Owned = K>>(
        &self,
        call: Call<K>,
        part: &P,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Arrival<K, V> {
        let settings = self.settings();
        if call.inert {
            return self.gate.with(|state| {
                let store = &state.store;
                let slot = store
                    .candidates(call.hash)
                    .find(|&slot| part.matches(store.payload(slot).key()));
                let at = (call.hash, slot);
                match state.look(at, Asking::Call, settings, values, trash) {
                    Look::Hit(held) => Arrival::Held(held),
                    look => {
                        let replaces = matches!(look, Look::Renew);
                        let is_open = self.coalesces(state, call.is_task);
                        if is_open && !replaces {
                            let is_it = |known: &Known<K, V>| matches!(known, Known::Inert(key) if part.matches(key));
                            let flight = state.flights.find(call.hash, call.is_task, is_it);
                            if let Some(join) = flight.and_then(|at| state.flights.join(at)) {
                                return Arrival::Join(join);
                            }
                        }
                        let key = Some(Known::Inert(part.to_key()));
                        let plan = self.plan(call, is_open, replaces, 0);
                        Arrival::Lead(lead(state, plan, key))
                    }
                }
            });
        }
        self.at_slot(
            (call.hash, false),
            part,
            |part, key| part.matches(key),
            trash,
            |state, slot, _, trash| {
                let at = (call.hash, slot);
                match state.look(at, Asking::Call, settings, values, trash) {
                    Look::Hit(held) => Arrival::Held(held),
                    Look::Miss if self.coalesces(state, call.is_task) => Arrival::Unknown,
                    look => {
                        let replaces = matches!(look, Look::Renew);
                        let plan = self.plan(call, false, replaces, 0);
                        Arrival::Lead(lead(state, plan, None))
                    }
                }
            },
        )
    }

    /// The same with an owned key, which goes to the computation if there is one.
    pub(super) fn call_owned(
        &self,
        call: Call<K>,
        key: &mut Option<Known<K, V>>,
        mode: &Mode<'_, K, V>,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Arrival<K, V> {
        match key {
            Some(Known::Pair(pair)) => {
                let pair = Arc::clone(pair);
                let matches = |pair: &Arc<Pair<K, V>>, key: &K| (call.same)(pair.key(), key);
                let act = |state: &mut State<K, V>, found, pair, trash: &mut Trash<K, V>| {
                    let key = || Some(Known::Pair(pair));
                    self.decide(state, call, found, mode, key, values, trash)
                };
                let joining = Some(Joining {
                    is_task: call.is_task,
                });
                self.at_user_key(call.hash, pair, matches, joining, trash, act)
            }
            Some(Known::Inert(_)) => self.gate.with(|state| {
                let Some(Known::Inert(own)) = key.as_ref() else {
                    return Arrival::Unknown;
                };
                let store = &state.store;
                let is_it = |slot: &_| (call.same)(own, store.payload(*slot).key());
                let slot = store.candidates(call.hash).find(is_it);
                let flight = state.flights.find(
                    call.hash,
                    call.is_task,
                    |known| matches!(known, Known::Inert(other) if (call.same)(own, other)),
                );
                let found = Found { slot, flight };
                self.decide(state, call, found, mode, || key.take(), values, trash)
            }),
            None => Arrival::Unknown,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn decide(
        &self,
        state: &mut State<K, V>,
        call: Call<K>,
        found: Found,
        mode: &Mode<'_, K, V>,
        key: impl FnOnce() -> Option<Known<K, V>>,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Arrival<K, V> {
        let at = (call.hash, found.slot);
        let replaces = match state.look(at, Asking::Call, self.settings(), values, trash) {
            Look::Hit(held) => return Arrival::Held(held),
            Look::Renew => true,
            Look::Miss => false,
        };
        let mut is_open = self.coalesces(state, call.is_task);
        let mut links = 0;
        match mode {
            Mode::Join => {}
            Mode::Alone => is_open = false,
            Mode::InsteadOf(lost) => {
                // Whatever comes of this call, it may end that wait.
                state.flights.close(call.hash, &lost.wait);
                links = lost.links + 1;
            }
        }
        let flight = found.flight.filter(|_| is_open && !replaces);
        let flight = flight.filter(|&flight| state.flights.is_open(flight));
        if let Some(join) = flight.and_then(|flight| state.flights.join(flight)) {
            return Arrival::Join(join);
        }
        let plan = self.plan(call, is_open, replaces, links);
        Arrival::Lead(lead(state, plan, key()))
    }

    fn plan(&self, call: Call<K>, is_open: bool, replaces: bool, links: u32) -> Plan {
        let began = if replaces {
            self.settings().clock.now()
        } else {
            Instant::NEVER
        };
        Plan {
            hash: call.hash,
            leader: Leader::new(),
            is_task: call.is_task,
            is_open,
            replaces,
            links,
            began,
        }
    }

    /// A call has waited, and this is what it was brought: what is there by now counts
    /// more.
    pub(super) fn arrive(
        &self,
        call: Call<K>,
        key: Option<&Known<K, V>>,
        brought: Brought<K, V>,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Held<K, V> {
        // Lent to the gate: if it is not needed, it is not for the gate to drop.
        let is_stale = brought.is_stale;
        let mut brought = Some(brought.held);
        let act = |state: &mut State<K, V>, slot, (), trash: &mut Trash<K, V>| {
            let at = (call.hash, slot);
            match state.look(at, Asking::Get, self.settings(), values, trash) {
                Look::Hit(held) => Some(held),
                Look::Miss | Look::Renew => {
                    state.counters.hits += 1;
                    if is_stale {
                        state.count_stale();
                    }
                    brought.take()
                }
            }
        };
        let at = (call.hash, call.inert);
        let held = match key {
            Some(Known::Inert(own)) => {
                let is_it = |(): &(), key: &K| (call.same)(own, key);
                self.at_slot(at, (), is_it, trash, act)
            }
            Some(Known::Pair(pair)) => {
                let is_it = |(): &(), key: &K| (call.same)(pair.key(), key);
                self.at_slot(at, (), is_it, trash, act)
            }
            None => unreachable!("who waits has a key"),
        };
        held.expect("it was found or brought")
    }

    /// A computation begins, whatever is there: not counted.
    pub(super) fn begin(&self, call: Call<K>, key: Known<K, V>) -> Lead {
        self.gate.with(|state| {
            let is_open = self.coalesces(state, call.is_task);
            begin(state, self.plan(call, is_open, true, 0), Some(key))
        })
    }

    /// Others may wait for it from here on, beside its key.
    pub(super) fn open(&self, lead: &mut Lead, call: Call<K>, pair: &Arc<Pair<K, V>>) {
        self.gate.with(|state| {
            lead.is_open = self.coalesces(state, call.is_task);
            if lead.is_open {
                let pair = Known::Pair(Arc::clone(pair));
                state.flights.open(lead.ticket, pair);
            }
        });
    }

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
            let store = &state.store;
            let slot = store
                .candidates(call.hash)
                .find(|&slot| (call.same)(&key, store.payload(slot).key()));
            let payload = Payload::new(key, value, values.is_inert());
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
    #[inline]
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
                let store = &state.store;
                let slot = store
                    .candidates(call.hash)
                    .find(|&slot| (call.same)(key, store.payload(slot).key()));
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
            let store = &state.store;
            let slot = store
                .candidates(call.hash)
                .find(|&slot| (call.same)(key, store.payload(slot).key()));
            state.fall_back(slot, is_renewal, settings, values)
        })
    }

    /// The place to wait for a task's computation.
    pub(super) fn wait_at(&self, ticket: Ticket) -> Arc<Wait<K, V>> {
        let wait = Arc::new(Wait::new());
        self.gate.with(|state| state.flights.wait_at(ticket, wait))
    }

    /// The entry to be has these tags.
    pub(super) fn tag(&self, ticket: Ticket, tags: Vec<Tag>) {
        self.gate.with(|state| state.flights.tag(ticket, tags));
    }

    /// A computation that ends without a result.
    pub(super) fn abandon(&self, ticket: Ticket) -> Ended<K, V> {
        self.gate
            .with(|state| state.flights.end(ticket, S::IS_SMALL))
    }
}

fn lead<K, V>(state: &mut State<K, V>, plan: Plan, key: Option<Known<K, V>>) -> Lead {
    state.counters.misses += 1;
    begin(state, plan, key)
}

#[inline]
fn begin<K, V>(state: &mut State<K, V>, plan: Plan, key: Option<Known<K, V>>) -> Lead {
    Lead {
        leader: plan.leader,
        is_open: plan.is_open,
        replaces: plan.replaces,
        ticket: state.flights.begin(plan, key),
    }
}
