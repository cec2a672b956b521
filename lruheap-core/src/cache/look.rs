//! Looking for an entry, and what its age makes of it: a hit, a miss, or a value that is
//! to be renewed. Runs inside the gate only; some of it beside others who look, and then
//! it changes nothing. Storing is next door.

use std::sync::Arc;
use std::time::Duration;

use super::payload::{Held, Pair, Payload, Trash, Values};
use super::settings::Settings;
use super::state::State;
use crate::random;
use crate::store::Slot;
use crate::time::{Clock, Instant};

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
        let found = self.is_hit(first, value, settings, values);
        found.then_some((first, payload))
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
        let found = self.is_hit(slot, payload.value(), settings, values);
        found.then_some((slot, payload))
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
        let Payload::Shared(own) = self.store.payload(slot) else {
            return None;
        };
        let is_hit = Arc::ptr_eq(own, pair) && self.is_hit(slot, pair.value(), settings, values);
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
        let is_hit = self.is_hit(slot, payload.value(), settings, values);
        is_hit.then(|| Held::take(payload, values))
    }

    /// Whether an entry with this value is in time, and can be handed out.
    #[inline(always)]
    fn is_hit(&self, slot: Slot, value: &V, settings: &Settings, values: &impl Values<V>) -> bool {
        !self.is_over(slot, &settings.clock) && values.is_good(value)
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
}
