//! What the gate guards: the store, the counters and the flights of a cache,
//! and the rules that tie them together. Runs inside the gate only; what has
//! to go is put in the trash, for the caller to drop outside.

use std::mem;
use std::time::Duration;

use super::payload::{Held, Payload, Trash, Values};
use super::settings::{Rule, Settings};
use super::tickets::Flights;
use crate::stats::CacheInfo;
use crate::store::{MOST_ENTRIES, Slot, Store};
use crate::time::{Clock, Instant};

/// How many expired entries each write takes along.
const SWEEP: usize = 2;

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) evictions: u64,
    pub(crate) expirations: u64,
    pub(crate) invalidations: u64,
}

/// The state of a cache.
pub(crate) struct State<K, V> {
    pub(crate) store: Store<Payload<K, V>>,
    pub(crate) maxsize: Option<usize>,
    pub(crate) counters: Counters,
    pub(crate) flights: Flights,
}

impl<K, V> State<K, V> {
    pub(crate) fn new(maxsize: Option<usize>) -> Self {
        State {
            store: Store::new(),
            maxsize,
            counters: Counters::default(),
            flights: Flights::default(),
        }
    }

    /// The time, if any entry's life depends on it.
    #[inline]
    pub(crate) fn now(&self, clock: &Clock) -> Option<Instant> {
        self.store.has_deadlines().then(|| clock.now())
    }

    #[inline]
    pub(crate) fn is_expired(&self, slot: Slot, now: Option<Instant>) -> bool {
        now.is_some_and(|now| self.store.is_expired(slot, now))
    }

    /// The slot, if there is one and its time is not up.
    #[inline]
    pub(crate) fn live(&self, slot: Option<Slot>, clock: &Clock) -> Option<Slot> {
        slot.filter(|&slot| !self.is_over(slot, clock))
    }

    /// The same as `is_expired` at this moment, without the need to know which it is.
    #[inline]
    fn is_over(&self, slot: Slot, clock: &Clock) -> bool {
        let deadline = self.store.deadline(slot);
        deadline.is_some_and(|deadline| clock.has_passed(deadline))
    }

    /// Counts a look-up; touches and holds the value that it found.
    #[inline]
    pub(crate) fn hit(
        &mut self,
        slot: Option<Slot>,
        settings: &Settings,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Option<Held<K, V>> {
        if let Some(slot) = slot {
            // To put an entry off takes the exact time, which tells all the rest.
            let now = settings.tti.map(|_| settings.clock.now());
            let is_expired = match now {
                Some(_) => self.is_expired(slot, now),
                None => self.is_over(slot, &settings.clock),
            };
            if is_expired {
                self.drop_expired(slot, trash);
            } else if values.is_good(self.store.payload(slot).value()) {
                self.counters.hits += 1;
                self.store.touch(slot);
                if let (Some(tti), Some(now)) = (settings.tti, now) {
                    self.store.postpone(slot, now.saturating_add(tti));
                }
                return Some(Held::take(self.store.payload(slot), values));
            } else {
                // It can't be handed out, so it must not keep its place either.
                trash.push(self.store.remove(slot));
            }
        }
        self.counters.misses += 1;
        None
    }

    /// Stores a value, by the rule; gives the deadline that it is stored with.
    pub(crate) fn put(
        &mut self,
        hash: u32,
        slot: Option<Slot>,
        payload: Payload<K, V>,
        rule: Rule,
        settings: &Settings,
        trash: &mut Trash<K, V>,
    ) -> Option<Instant> {
        let ttl = match rule {
            Rule::Set(ttl) => {
                self.flights.invalidate(hash);
                ttl.or(settings.ttl)
            }
            Rule::Computed {
                ticket,
                replace,
                ttl,
            } => {
                let valid = self.flights.end(ticket);
                let resident = !replace && self.live(slot, &settings.clock).is_some();
                if !valid || resident {
                    trash.push(payload);
                    return None;
                }
                ttl.or(settings.ttl)
            }
        };
        let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        if is_zero(ttl) || is_zero(settings.tti) {
            // Expired before anyone could see it: nothing makes room for that.
            trash.push(payload);
            if let Some(slot) = slot {
                self.discard(slot, &settings.clock, trash);
            }
            return None;
        }
        if slot.is_some() && self.live(slot, &settings.clock).is_none() {
            self.counters.expirations += 1;
        }
        let now = (ttl.is_some() || settings.tti.is_some()).then(|| settings.clock.now());
        let mut deadline = match (now, ttl) {
            (Some(now), Some(ttl)) => now.checked_add(ttl),
            _ => None,
        };
        let idle = now
            .zip(settings.tti)
            .map(|(now, tti)| now.saturating_add(tti));
        if idle.is_some() {
            deadline = deadline.or(Some(Instant::NEVER));
        }
        if let Some(slot) = slot {
            trash.push(self.store.replace(slot, payload, deadline));
            if let Some(idle) = idle {
                self.store.postpone(slot, idle);
            }
            return self.store.deadline(slot);
        }
        self.expire(&settings.clock, SWEEP, trash);
        if self.limit() == 0 {
            trash.push(payload);
            return None;
        }
        self.make_room(1, trash);
        let slot = self.store.insert(hash, payload, deadline);
        if let Some(idle) = idle {
            self.store.postpone(slot, idle);
        }
        self.store.deadline(slot)
    }

    fn limit(&self) -> usize {
        self.maxsize.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES)
    }

    /// Evicts until there is room for `more` entries.
    pub(crate) fn make_room(&mut self, more: usize, trash: &mut Trash<K, V>) {
        let limit = self.limit().saturating_sub(more);
        while self.store.len() > limit {
            let Some(oldest) = self.store.oldest() else {
                break;
            };
            trash.push(self.store.remove(oldest));
            self.counters.evictions += 1;
        }
    }

    /// Drops up to `most` of the entries whose time is up.
    pub(crate) fn expire(&mut self, clock: &Clock, most: usize, trash: &mut Trash<K, V>) {
        let next = self.store.next_deadline();
        if !next.is_some_and(|next| clock.has_passed(next)) {
            return;
        }
        let now = clock.now();
        for _ in 0..most {
            let Some(slot) = self.store.due(now) else {
                break;
            };
            self.drop_expired(slot, trash);
        }
    }

    /// Drops an entry that nobody asked to be evicted or removed.
    pub(crate) fn discard(&mut self, slot: Slot, clock: &Clock, trash: &mut Trash<K, V>) {
        if self.live(Some(slot), clock).is_none() {
            self.drop_expired(slot, trash);
        } else {
            trash.push(self.store.remove(slot));
        }
    }

    fn drop_expired(&mut self, slot: Slot, trash: &mut Trash<K, V>) {
        trash.push(self.store.remove(slot));
        self.counters.expirations += 1;
    }

    /// Starts over; the entries are for the caller to drop.
    pub(crate) fn clear(&mut self) -> Store<Payload<K, V>> {
        self.counters = Counters::default();
        self.flights.invalidate_all();
        mem::replace(&mut self.store, Store::new())
    }

    pub(crate) fn info(&self) -> CacheInfo {
        CacheInfo {
            hits: self.counters.hits,
            misses: self.counters.misses,
            maxsize: self.maxsize,
            currsize: self.store.len(),
            evictions: self.counters.evictions,
            expirations: self.counters.expirations,
            invalidations: self.counters.invalidations,
        }
    }
}
