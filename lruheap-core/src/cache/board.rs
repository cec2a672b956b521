//! How a call comes by its value: it finds one, joins the computation of another, or
//! is the one who computes. What is done inside the gate for it; who waits, and how, and
//! how computations end, is next door.

use std::sync::Arc;

use super::engine::{Engine, Found, Joining};
use super::flights::{Join, Known, Plan, Ticket};
use super::gate::{Gate, Scope};
use super::look::{Asking, Look};
use super::payload::{Held, Pair, Trash, Values};
use super::state::State;
use super::tags::Tag;
use super::wait::{Brought, Wait};
use crate::key::Part;
use crate::leading::Leader;
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

/// What is known of a call that could not be answered at once: one word, which is handed on
/// beside the value that was not found.
#[derive(Clone, Copy)]
pub struct Asked(u64);

impl Asked {
    const IS_HASHED: u64 = 1 << 32;
    const IS_ABSENT: u64 = 1 << 33;

    /// Nothing so far.
    pub const NOTHING: Asked = Asked(0);

    /// The hash of its key; and whether this thread, with the state to itself, has found no
    /// entry with that.
    #[inline(always)]
    pub(super) fn with(hash: u32, is_absent: bool) -> Self {
        let is_absent = if is_absent { Asked::IS_ABSENT } else { 0 };
        Asked(u64::from(hash) | Asked::IS_HASHED | is_absent)
    }

    #[inline(always)]
    pub(super) fn is_hashed(self) -> bool {
        self.0 & Asked::IS_HASHED != 0
    }

    #[allow(clippy::cast_possible_truncation)]
    #[inline(always)]
    pub(super) fn hash(self) -> Option<u32> {
        self.is_hashed().then_some(self.0 as u32)
    }

    #[inline(always)]
    pub(super) fn is_absent(self) -> bool {
        self.0 & Asked::IS_ABSENT != 0
    }
}

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
    pub(super) fn coalesces(&self, state: &State<K, V>, is_task: bool) -> bool {
        !self.settings().apart && (S::IS_SHARED || is_task) && state.limit() > 0
    }

    #[inline(always)]
    pub(super) fn describe<P: Part<Owned = K>>(
        &self,
        part: &P,
        asked: Asked,
        is_task: bool,
    ) -> Call<K> {
        Call {
            hash: asked.hash().unwrap_or_else(|| self.hash(part)),
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
                let slot = state.slot_of(call.hash, |key| part.matches(key));
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
                let slot = state.slot_of(call.hash, |key| (call.same)(own, key));
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

    #[inline(always)]
    pub(super) fn plan(&self, call: Call<K>, is_open: bool, replaces: bool, links: u32) -> Plan {
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

    /// The place to wait for a task's computation.
    pub(super) fn wait_at(&self, ticket: Ticket) -> Arc<Wait<K, V>> {
        let wait = Arc::new(Wait::new());
        self.gate.with(|state| state.flights.wait_at(ticket, wait))
    }

    /// The entry to be has these tags.
    pub(super) fn tag(&self, ticket: Ticket, tags: Vec<Tag>) {
        self.gate.with(|state| state.flights.tag(ticket, tags));
    }
}

/// A call is a miss, and computes.
#[inline(always)]
pub(super) fn lead<K, V>(state: &mut State<K, V>, plan: Plan, key: Option<Known<K, V>>) -> Lead {
    state.counters.misses += 1;
    begin(state, plan, key)
}

#[inline(always)]
fn begin<K, V>(state: &mut State<K, V>, plan: Plan, key: Option<Known<K, V>>) -> Lead {
    Lead {
        leader: plan.leader,
        is_open: plan.is_open,
        replaces: plan.replaces,
        ticket: state.flights.begin(&plan, key),
    }
}
