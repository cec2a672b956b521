//! What the gate guards: the store, the counters and the flights of a cache,
//! and the rules by which entries come and go. Runs inside the gate only; what has
//! to go is put in the trash, for the caller to drop outside.

use std::mem;
use std::time::Duration;

use super::flights::{Ended, Flights};
use super::gate::Logged;
use super::payload::{Payload, Trash};
use super::settings::{Settings, Terms};
use super::tags::{Tag, Tags};
use crate::stats::CacheInfo;
use crate::store::{MOST_ENTRIES, Slot, Store};
use crate::time::{Clock, Instant};

/// How many expired entries each write takes along.
const SWEEP: usize = 2;

/// At how many that were put off it looks for each of them.
const LOOKS: usize = 4;

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
    pub(crate) flights: Flights<K, V>,
    /// What few caches have.
    extras: Option<Box<Extras>>,
}

#[derive(Default)]
struct Extras {
    tags: Tags,
    /// Calls that got an old value, or one in the place of an error.
    stale: u64,
}

impl<K, V> State<K, V> {
    pub(crate) fn new(maxsize: Option<usize>) -> Self {
        State {
            store: Store::new(),
            maxsize,
            counters: Counters::default(),
            flights: Flights::default(),
            extras: None,
        }
    }

    #[cold]
    pub(crate) fn count_stale(&mut self) {
        self.extras.get_or_insert_default().stale += 1;
    }

    /// Stores a value on the user's word: in the place of what is there, whose tags it
    /// has if none are given, and of what is being computed. Gives the deadline that it
    /// is stored with.
    pub(crate) fn set(
        &mut self,
        (hash, slot): (u32, Option<Slot>),
        payload: Payload<K, V>,
        ttl: Option<Duration>,
        tags: Vec<Tag>,
        settings: &Settings,
        trash: &mut Trash<K, V>,
    ) -> Option<Instant> {
        self.flights.invalidate(hash);
        let terms = Terms {
            replaces: true,
            outdates: false,
            ttl,
            cost: 0.0,
        };
        let (slot, deadline) = self.store(hash, slot, payload, terms, settings, trash)?;
        if !tags.is_empty() {
            self.tag(slot, tags);
        }
        deadline
    }

    /// Stores the result of a computation that has ended, if it is still valid, and in
    /// the place of a live entry only if that was the purpose.
    #[inline]
    pub(crate) fn land(
        &mut self,
        (hash, slot): (u32, Option<Slot>),
        payload: Payload<K, V>,
        ended: &mut Ended<K, V>,
        terms: Terms,
        settings: &Settings,
        trash: &mut Trash<K, V>,
    ) -> Option<Instant> {
        // An entry that is kept past its time may still be newer than this.
        let is_newer = ended.is_overtaken && slot.is_some();
        let is_resident = !terms.replaces && (is_newer || self.live(slot, settings).is_some());
        if terms.outdates {
            self.flights.invalidate(hash);
        }
        if !ended.is_valid || is_resident {
            trash.push(payload);
            // What is there is out of date, even if this can't take its place.
            if let Some(slot) = slot.filter(|_| terms.outdates) {
                self.discard(slot, settings, trash);
            }
            return None;
        }
        self.flights.overtake(hash, ended.number);
        let (slot, deadline) = self.store(hash, slot, payload, terms, settings, trash)?;
        // Without any, those of the entry that was there stay.
        if !ended.tags.is_empty() {
            self.tag(slot, mem::take(&mut ended.tags));
        }
        deadline
    }

    #[cold]
    fn tag(&mut self, slot: Slot, tags: Vec<Tag>) {
        self.extras.get_or_insert_default().tags.set(slot, tags);
    }

    fn store(
        &mut self,
        hash: u32,
        slot: Option<Slot>,
        payload: Payload<K, V>,
        terms: Terms,
        settings: &Settings,
        trash: &mut Trash<K, V>,
    ) -> Option<(Slot, Option<Instant>)> {
        let ttl = terms.ttl.or(settings.ttl);
        let is_zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        if is_zero(ttl) || is_zero(settings.tti) {
            // Expired before anyone could see it: nothing makes room for that.
            trash.push(payload);
            if let Some(slot) = slot {
                self.discard(slot, settings, trash);
            }
            return None;
        }
        if slot.is_some() && self.live(slot, settings).is_none() {
            self.counters.expirations += 1;
        }
        let now = (ttl.is_some() || settings.tti.is_some()).then(|| settings.clock.now());
        let mut deadline = match (now, ttl) {
            (Some(now), Some(ttl)) => now
                .checked_add(ttl)
                .map(|expiry| expiry.saturating_add(settings.keep()).min(Instant::LAST)),
            _ => None,
        };
        let idle = now
            .zip(settings.tti)
            .map(|(now, tti)| now.saturating_add(tti));
        if idle.is_some() {
            deadline = deadline.or(Some(Instant::NEVER));
        }
        let slot = if let Some(slot) = slot {
            trash.push(self.store.replace(slot, payload, deadline));
            slot
        } else {
            self.expire(&settings.clock, SWEEP, trash);
            if self.limit() == 0 {
                trash.push(payload);
                return None;
            }
            self.make_room(0, trash);
            if self.store.len() < self.limit() {
                self.store.insert(hash, payload, deadline)
            } else {
                let (slot, old) = self.displace(hash, deadline, || payload)?;
                trash.push(old);
                slot
            }
        };
        if let Some(idle) = idle {
            self.store.postpone(slot, idle);
        }
        if settings.xfetch.is_some() {
            self.store.set_cost(slot, terms.cost);
        }
        Some((slot, self.store.deadline(slot)))
    }

    /// Puts an entry in the place of the oldest, and gives that.
    #[inline(always)]
    pub(crate) fn displace(
        &mut self,
        hash: u32,
        deadline: Option<Instant>,
        payload: impl FnOnce() -> Payload<K, V>,
    ) -> Option<(Slot, Payload<K, V>)> {
        let oldest = self.store.oldest()?;
        let old = self.store.reuse(oldest, hash, deadline, payload);
        self.counters.evictions += 1;
        if let Some(extras) = &mut self.extras {
            extras.tags.set(oldest, Vec::new());
        }
        Some((oldest, old))
    }

    /// Takes an entry out of the store. The last one may move into its slot.
    #[inline]
    pub(crate) fn take_out(&mut self, slot: Slot) -> Payload<K, V> {
        let payload = self.store.remove(slot);
        if let Some(extras) = &mut self.extras {
            #[allow(clippy::cast_possible_truncation)]
            extras.tags.removed(slot, self.store.len() as Slot);
        }
        payload
    }

    /// Takes out all entries with this tag, and keeps those from being stored that are
    /// being computed. Says how many were live.
    pub(crate) fn remove_tagged(
        &mut self,
        tag: &str,
        settings: &Settings,
    ) -> (Vec<Payload<K, V>>, usize) {
        self.flights.invalidate_tag(tag);
        let (mut removed, mut live) = (Vec::new(), 0);
        while let Some(slot) = self.extras.as_ref().and_then(|extras| extras.tags.any(tag)) {
            live += usize::from(self.live(Some(slot), settings).is_some());
            removed.push(self.take_out(slot));
        }
        self.counters.invalidations += live as u64;
        self.counters.expirations += (removed.len() - live) as u64;
        (removed, live)
    }

    pub(crate) fn limit(&self) -> usize {
        self.maxsize.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES)
    }

    /// Evicts until there is room for `more` entries.
    pub(crate) fn make_room(&mut self, more: usize, trash: &mut Trash<K, V>) {
        let limit = self.limit().saturating_sub(more);
        while self.store.len() > limit {
            let Some(oldest) = self.store.oldest() else {
                break;
            };
            trash.push(self.take_out(oldest));
            self.counters.evictions += 1;
        }
    }

    /// Drops up to `most` of the entries whose time is up.
    #[inline]
    pub(crate) fn expire(&mut self, clock: &Clock, most: usize, trash: &mut Trash<K, V>) {
        if let Some(next) = self.store.next_deadline() {
            self.expire_from(next, clock, most, trash);
        }
    }

    #[inline(never)]
    fn expire_from(&mut self, next: Instant, clock: &Clock, most: usize, trash: &mut Trash<K, V>) {
        if !clock.has_passed(next) {
            return;
        }
        let now = clock.now();
        for _ in 0..most {
            let Some(slot) = self.store.due(now, most.saturating_mul(LOOKS)) else {
                break;
            };
            self.drop_expired(slot, trash);
        }
    }

    /// Drops an entry that nobody asked to be evicted or removed.
    pub(crate) fn discard(&mut self, slot: Slot, settings: &Settings, trash: &mut Trash<K, V>) {
        if self.live(Some(slot), settings).is_none() {
            self.drop_expired(slot, trash);
        } else {
            trash.push(self.take_out(slot));
        }
    }

    pub(super) fn drop_expired(&mut self, slot: Slot, trash: &mut Trash<K, V>) {
        trash.push(self.take_out(slot));
        self.counters.expirations += 1;
    }

    /// Drops all entries, and keeps from being stored what is being computed: of none of
    /// it is known whether it is valid. The entries are for the caller to drop.
    pub(crate) fn outdate(&mut self) -> Store<Payload<K, V>> {
        self.flights.invalidate_all();
        if let Some(extras) = &mut self.extras {
            extras.tags = Tags::default();
        }
        self.counters.invalidations += self.store.len() as u64;
        mem::replace(&mut self.store, Store::new())
    }

    /// Starts over; the entries are for the caller to drop.
    pub(crate) fn clear(&mut self) -> Store<Payload<K, V>> {
        self.counters = Counters::default();
        self.flights.invalidate_all();
        self.extras = None;
        mem::replace(&mut self.store, Store::new())
    }

    pub(crate) fn info(&self, settings: &Settings) -> CacheInfo {
        let keep = settings.keep();
        let kept = if keep.is_zero() || self.store.next_deadline().is_none() {
            0
        } else {
            self.store.ending(settings.clock.now().saturating_add(keep))
        };
        CacheInfo {
            hits: self.counters.hits,
            misses: self.counters.misses,
            maxsize: self.maxsize,
            currsize: self.store.len() - kept,
            evictions: self.counters.evictions,
            expirations: self.counters.expirations,
            invalidations: self.counters.invalidations,
            stale: self.extras.as_ref().map_or(0, |extras| extras.stale),
            ..CacheInfo::default()
        }
    }
}

impl<K, V> Logged for State<K, V> {
    #[inline]
    fn hits(&self) -> u64 {
        self.counters.hits
    }

    #[inline]
    fn entries(&self) -> usize {
        self.store.len()
    }

    /// What is stored has been missed before, but for what its user stores.
    #[inline]
    fn writes(&self) -> u64 {
        self.counters.misses
    }

    #[inline(always)]
    fn hit(&mut self, slot: Slot) {
        State::hit(self, slot);
    }

    #[inline(always)]
    fn hit_at_once(&mut self, slot: Slot) -> bool {
        let is_done = self.store.touch_at_once(slot);
        self.counters.hits += u64::from(is_done);
        is_done
    }

    #[inline]
    fn take_up(&mut self, hits: u64, used: &[Slot]) {
        self.counters.hits += hits;
        for &slot in used {
            self.store.touch_known(slot);
        }
    }
}
