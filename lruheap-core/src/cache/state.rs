//! What the gate guards: the store, the counters and the flights of a cache,
//! and the rules that tie them together. Runs inside the gate only; what has
//! to go is put in the trash, for the caller to drop outside.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::flights::{Ended, Flights};
use super::gate::Logged;
use super::payload::{Held, Pair, Payload, Trash, Values};
use super::settings::{Settings, Terms};
use super::tags::{Tag, Tags};
use crate::random;
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

/// Who looks for an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Somebody who can compute it.
    Call,
    /// Somebody who can't.
    Get,
}

/// What a look-up gives.
pub(crate) enum Look<K, V> {
    Hit(Held<K, V>),
    /// There is a value, and this caller is to compute it anew.
    Renew,
    Miss,
}

/// How old an entry is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    /// Past its time to live, and to be served while it is being renewed.
    Stale,
    /// Kept for nothing but to stand in for an error.
    Over,
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

    /// The slot of a key whose comparing runs no code of the user's.
    #[inline(always)]
    pub(crate) fn slot_of(&self, hash: u32, is_it: impl Fn(&K) -> bool) -> Option<Slot> {
        let mut candidates = self.store.candidates(hash);
        candidates.find(|&slot| is_it(self.store.payload(slot).key()))
    }

    /// Whether the entry's time is up: without the need to know what time it is.
    #[inline]
    fn is_over(&self, slot: Slot, clock: &Clock) -> bool {
        let deadline = self.store.deadline(slot);
        deadline.is_some_and(|deadline| clock.has_passed(deadline))
    }

    /// The slot, if there is one and its time to live is not up.
    #[inline]
    pub(crate) fn live(&self, slot: Option<Slot>, settings: &Settings) -> Option<Slot> {
        slot.filter(|&slot| {
            !self.is_over(slot, &settings.clock) && self.age(slot, settings) == Age::Fresh
        })
    }

    /// When an entry's time to live is up.
    pub(crate) fn expiry(&self, slot: Slot, settings: &Settings) -> Option<Instant> {
        let end = self.store.end(slot)?.back(settings.keep());
        self.store.deadline(slot).map(|deadline| deadline.min(end))
    }

    /// How old an entry is whose time is not up.
    fn age(&self, slot: Slot, settings: &Settings) -> Age {
        let keep = settings.keep();
        let Some(end) = self.store.end(slot).filter(|_| !keep.is_zero()) else {
            return Age::Fresh;
        };
        let expiry = end.back(keep);
        if !settings.clock.has_passed(expiry) {
            Age::Fresh
        } else if !settings
            .clock
            .has_passed(expiry.saturating_add(settings.stale))
        {
            Age::Stale
        } else {
            Age::Over
        }
    }

    /// Looks for an entry. Where it is a hit, counts and touches it, and holds its
    /// value.
    #[inline]
    pub(crate) fn look(
        &mut self,
        (hash, slot): (u32, Option<Slot>),
        asking: Asking,
        settings: &Settings,
        values: &impl Values<V>,
        trash: &mut Trash<K, V>,
    ) -> Look<K, V> {
        let Some(slot) = slot else { return Look::Miss };
        // To put an entry off takes the exact time, which tells all the rest.
        let now = settings.tti.map(|_| settings.clock.now());
        let is_over = match now {
            Some(now) => self.store.is_expired(slot, now),
            None => self.is_over(slot, &settings.clock),
        };
        if is_over {
            self.drop_expired(slot, trash);
            return Look::Miss;
        }
        if !values.is_good(self.store.payload(slot).value()) {
            // It can't be handed out, so it must not keep its place either.
            trash.push(self.take_out(slot));
            return Look::Miss;
        }
        if settings.ages {
            if let Some(other) = self.look_at_age(hash, slot, asking, settings) {
                return other;
            }
        }
        self.hit(slot);
        if let (Some(tti), Some(now)) = (settings.tti, now) {
            self.store.postpone(slot, now.saturating_add(tti));
        }
        Look::Hit(Held::take(self.store.payload(slot), values))
    }

    /// Looks for an entry beside others who look, where nothing but a hit can come of it.
    #[inline(always)]
    pub(crate) fn glance(
        &self,
        hash: u32,
        is_it: impl Fn(&K) -> bool,
        settings: &Settings,
        values: &impl Values<V>,
    ) -> Option<(Slot, &Payload<K, V>)> {
        let first = self.store.near(hash)?;
        let payload = self.store.payload(first);
        // Looked at once: key and value lie side by side.
        let (key, value) = payload.pair()?;
        if !is_it(key) {
            return self.glance_at_others(hash, &is_it, settings, values);
        }
        let is_hit = !self.is_over(first, &settings.clock) && values.is_good(value);
        is_hit.then_some((first, payload))
    }

    /// The same where another key has the same hash.
    #[cold]
    #[inline(never)]
    fn glance_at_others(
        &self,
        hash: u32,
        is_it: &impl Fn(&K) -> bool,
        settings: &Settings,
        values: &impl Values<V>,
    ) -> Option<(Slot, &Payload<K, V>)> {
        let slot = self.slot_of(hash, is_it)?;
        let payload = self.store.payload(slot);
        let is_hit = !self.is_over(slot, &settings.clock) && values.is_good(payload.value());
        is_hit.then_some((slot, payload))
    }

    /// The slot of a pair that stood first under its hash a moment ago, if it still does
    /// and is a hit that changes nothing but the order of use.
    pub(crate) fn still_good(
        &self,
        hash: u32,
        pair: &Arc<Pair<K, V>>,
        settings: &Settings,
        values: &impl Values<V>,
    ) -> Option<Slot> {
        let slot = self.store.near(hash)?;
        let is_it =
            matches!(self.store.payload(slot), Payload::Shared(own) if Arc::ptr_eq(own, pair));
        let is_hit = is_it && !self.is_over(slot, &settings.clock) && values.is_good(pair.value());
        is_hit.then_some(slot)
    }

    /// The value of an entry, if it is a hit that changes nothing but the order of use.
    #[inline(always)]
    pub(crate) fn hold(
        &self,
        slot: Slot,
        settings: &Settings,
        values: &impl Values<V>,
    ) -> Option<Held<K, V>> {
        let payload = self.store.payload(slot);
        let is_good = !self.is_over(slot, &settings.clock) && values.is_good(payload.value());
        is_good.then(|| Held::take(payload, values))
    }

    /// Counts and touches an entry.
    #[inline(always)]
    pub(crate) fn hit(&mut self, slot: Slot) {
        self.counters.hits += 1;
        self.store.touch(slot);
    }

    /// What an entry's age makes of a hit, if anything.
    #[cold]
    fn look_at_age(
        &mut self,
        hash: u32,
        slot: Slot,
        asking: Asking,
        settings: &Settings,
    ) -> Option<Look<K, V>> {
        let age = self.age(slot, settings);
        match (age, asking) {
            (Age::Fresh, Asking::Get) => return None,
            (Age::Fresh, Asking::Call) if !self.nears_expiry(slot, settings) => return None,
            (Age::Fresh | Age::Stale, Asking::Call) => {}
            (Age::Stale, Asking::Get) | (Age::Over, _) => return Some(Look::Miss),
        }
        // One at a time; that two keys with one hash may have to take turns delays a
        // renewal, no more.
        if !self.flights.is_replacing(hash, &settings.clock) {
            return Some(Look::Renew);
        }
        if age == Age::Stale {
            self.count_stale();
        }
        None
    }

    /// Whether it is this caller's turn to recompute early: "`XFetch`".
    fn nears_expiry(&self, slot: Slot, settings: &Settings) -> bool {
        let end = self.store.end(slot).filter(|end| *end != Instant::NEVER);
        let (Some(beta), Some(end)) = (settings.xfetch, end) else {
            return false;
        };
        let expiry = end.back(settings.keep());
        let early = f64::from(self.store.cost(slot)) * beta;
        // Nobody draws a number that makes more of it than this.
        let most = Duration::try_from_secs_f64(early * random::MOST_NATS);
        let first = most.map_or(Instant::FIRST, |most| expiry.back(most));
        settings.clock.has_passed(first) && {
            let left = expiry.since(settings.clock.now()).as_secs_f64();
            -(early * random::share().ln()) >= left
        }
    }

    /// The value that stands in for an error, if there is one that may, and whether it is
    /// an old one: one that is still good does where it was only to be renewed.
    pub(crate) fn fall_back(
        &mut self,
        slot: Option<Slot>,
        is_renewal: bool,
        settings: &Settings,
        values: &impl Values<V>,
    ) -> Option<(Held<K, V>, bool)> {
        let slot = slot.filter(|&slot| {
            !self.is_over(slot, &settings.clock) && values.is_good(self.store.payload(slot).value())
        })?;
        let is_old = !is_renewal || self.live(Some(slot), settings).is_none();
        if is_old {
            let end = self.store.end(slot).map(|end| end.back(settings.keep()));
            let end = end.map(|end| end.saturating_add(settings.stale_if_error));
            let is_in_time = end.is_none_or(|end| !settings.clock.has_passed(end));
            if settings.stale_if_error.is_zero() || !is_in_time {
                return None;
            }
            self.count_stale();
        }
        Some((Held::take(self.store.payload(slot), values), is_old))
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
        if !ended.is_valid || is_resident {
            trash.push(payload);
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
                let (slot, old) = self.displace(hash, payload, deadline)?;
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
        payload: Payload<K, V>,
        deadline: Option<Instant>,
    ) -> Option<(Slot, Payload<K, V>)> {
        let oldest = self.store.oldest()?;
        let old = self.store.reuse(oldest, hash, payload, deadline);
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
            let Some(slot) = self.store.due(now) else {
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

    fn drop_expired(&mut self, slot: Slot, trash: &mut Trash<K, V>) {
        trash.push(self.take_out(slot));
        self.counters.expirations += 1;
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
        }
    }
}

impl<K, V> Logged for State<K, V> {
    #[inline]
    fn hits(&self) -> u64 {
        self.counters.hits
    }

    /// What is stored has been missed before, but for what its user stores.
    #[inline]
    fn writes(&self) -> u64 {
        self.counters.misses
    }

    #[inline]
    fn take_up(&mut self, hits: u64, used: &[Slot]) {
        self.counters.hits += hits;
        for &slot in used {
            self.store.touch_known(slot);
        }
    }
}
