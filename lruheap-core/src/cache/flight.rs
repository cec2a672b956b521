//! A computation in the hands of whoever runs it: it lands with a result, or is
//! dropped without one and leaves no trace but word for those who wait for it.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::board::{Arrival, Asked, Call, Lead, Mode};
use super::boarding::{Boarding, Waiter};
use super::direct::Direct;
use super::engine::Engine;
use super::flights::Known;
use super::gate::Scope;
use super::landing::Audience;
use super::payload::{Held, Pair, Trash, Values};
use super::settings::Terms;
use super::wait::{Brought, Wait};
use crate::key::Part;
use crate::leading::Leader;
use crate::time::Instant;
use crate::turns;

/// Where the engine of a cache is at home: a static, a handle, a thread.
pub trait Home {
    /// The keys of the cache.
    type Key;
    /// Its values.
    type Value;
    /// Who shares it.
    type Scope: Scope;

    /// The engine itself.
    #[doc(hidden)]
    fn engine(&self) -> &Engine<Self::Key, Self::Value, Self::Scope>;
}

/// What a call is given. It stays where it was made: to copy it right after costs more than
/// to make it.
pub enum Given<H: Home> {
    /// The value.
    Value(H::Value),
    /// The computation, which is its own.
    Flight(Flight<H>),
    /// It has been taken.
    Nothing,
}

impl<H: Home> Given<H> {
    /// The value.
    ///
    /// # Panics
    ///
    /// If there is none, or it has been taken.
    pub(crate) fn take(&mut self) -> H::Value {
        match mem::replace(self, Given::Nothing) {
            Given::Value(value) => value,
            Given::Flight(_) | Given::Nothing => unreachable!("there is a value, once"),
        }
    }
}

type WaitOf<H> = Wait<<H as Home>::Key, <H as Home>::Value>;
type PairOf<H> = Pair<<H as Home>::Key, <H as Home>::Value>;

/// Why a computation was begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Call,
    /// It was asked for, and is no call.
    Asked,
    /// Likewise, and what others have found meanwhile is older than its result.
    Newest,
    /// Whoever the call would have waited for waits for it.
    Alone,
}

/// A computation under way. Dropped without a result (a panic, a cancelled
/// future), it leaves no trace, and those who waited for it look again.
pub struct Flight<H: Home> {
    home: H,
    call: Call<H::Key>,
    lead: Lead,
    /// The entry to be, where comparing its key may run code of the user's.
    pair: Option<Arc<PairOf<H>>>,
    /// Whether this thread is in the middle of it.
    is_entered: bool,
    /// When it began, where that is of interest; else `NEVER`.
    began: Instant,
    /// Where others wait for a task, from the beginning.
    wait: Option<Arc<WaitOf<H>>>,
    /// What was waited for in vain before this was begun, and with what patience.
    instead_of: Option<(Arc<WaitOf<H>>, u64)>,
    cause: Cause,
    has_ended: bool,
}

impl<H: Home> Flight<H> {
    /// Answers a call that could not be answered at once, if need be by waiting for
    /// another's computation, or takes on its own.
    #[inline(never)]
    pub(crate) fn board(
        home: H,
        asked: Asked,
        part: &impl Part<Owned = H::Key>,
        values: &impl Values<H::Value>,
    ) -> Given<H> {
        let call = home.engine().describe(part, asked, false);
        // What code of the user's compares has been looked for so.
        if home.engine().is_open() && (call.inert || !asked.is_hashed()) {
            if let Some(value) = home.engine().glance(call.hash, part, values) {
                return Given::Value(value);
            }
        }
        match home
            .engine()
            .call_directly((call, asked.is_absent()), part, values)
        {
            Direct::Held(held) => Given::Value(held.release(values)),
            Direct::Lead(lead) => {
                if lead.is_open {
                    lead.leader.enter();
                }
                Given::Flight(Flight {
                    home,
                    call,
                    lead,
                    pair: None,
                    is_entered: lead.is_open,
                    began: Instant::NEVER,
                    wait: None,
                    instead_of: None,
                    cause: Cause::Call,
                    has_ended: false,
                })
            }
            Direct::Other => Flight::board_roundabout(home, call, part, values),
        }
    }

    #[inline(never)]
    fn board_roundabout(
        home: H,
        call: Call<H::Key>,
        part: &impl Part<Owned = H::Key>,
        values: &impl Values<H::Value>,
    ) -> Given<H> {
        match Flight::arrive(home, call, part, values) {
            Boarding::Held(held) => Given::Value(held.release(values)),
            Boarding::Lead(flight) => Given::Flight(flight),
            Boarding::Wait(waiter) => match waiter.block(values) {
                Ok(value) => Given::Value(value),
                Err(flight) => Given::Flight(flight),
            },
        }
    }

    /// The same for a task, which does its waiting by itself.
    #[inline]
    pub(crate) fn begin(
        home: H,
        part: &impl Part<Owned = H::Key>,
        values: &impl Values<H::Value>,
    ) -> Boarding<H> {
        let call = home.engine().describe(part, Asked::NOTHING, true);
        match home.engine().glance(call.hash, part, values) {
            Some(value) => Boarding::Held(Held::Copied(value)),
            None => Flight::arrive(home, call, part, values),
        }
    }

    /// Where a call comes to that has found nothing at a glance.
    fn arrive(
        home: H,
        call: Call<H::Key>,
        part: &impl Part<Owned = H::Key>,
        values: &impl Values<H::Value>,
    ) -> Boarding<H> {
        let mut trash = Trash::new();
        match home.engine().call(call, part, values, &mut trash) {
            Arrival::Held(held) => Boarding::Held(held),
            Arrival::Lead(lead) => {
                let mut flight = Flight::new(home, call, lead, None);
                // From here on the ticket has an owner: the user's `Drop` and `Clone`
                // may panic, and the flight ends as any other.
                drop(trash);
                if !call.inert {
                    flight.own(part);
                }
                Boarding::Lead(flight)
            }
            Arrival::Join(join) => {
                let key = Known::Inert(part.to_key());
                Boarding::Wait(Waiter::new(home, call, key, Some(join)))
            }
            Arrival::Unknown => {
                drop(trash);
                let key = Known::Pair(Arc::new(Pair::of(part.to_key())));
                Waiter::new(home, call, key, None).decide(&Mode::Join, values)
            }
        }
    }

    /// Takes on a computation whose result takes the place of a live entry.
    pub(crate) fn anew(home: H, part: &impl Part<Owned = H::Key>, is_task: bool) -> Self {
        let call = home.engine().describe(part, Asked::NOTHING, is_task);
        let key = part.to_key();
        let mut flight = if call.inert {
            let lead = home.engine().begin(call, Known::Inert(key));
            Flight::new(home, call, lead, None)
        } else {
            let pair = Arc::new(Pair::of(key));
            let lead = home.engine().begin(call, Known::Pair(Arc::clone(&pair)));
            Flight::new(home, call, lead, Some(pair))
        };
        flight.cause = Cause::Asked;
        flight
    }

    #[inline]
    pub(super) fn new(
        home: H,
        call: Call<H::Key>,
        lead: Lead,
        pair: Option<Arc<PairOf<H>>>,
    ) -> Self {
        let settings = home.engine().settings();
        let began = match settings.xfetch {
            Some(_) => settings.clock.now(),
            None => Instant::NEVER,
        };
        let mut flight = Flight {
            home,
            call,
            lead,
            pair,
            is_entered: false,
            began,
            wait: None,
            instead_of: None,
            cause: Cause::Call,
            has_ended: false,
        };
        flight.enter();
        flight
    }

    /// Others may wait for it from here on: a thread is in the middle of it, and a
    /// task has a place for them.
    fn enter(&mut self) {
        match (self.lead.is_open, self.call.is_task) {
            (false, _) => {}
            (true, true) => self.wait = Some(self.home.engine().wait_at(self.lead.ticket)),
            (true, false) => {
                self.lead.leader.enter();
                self.is_entered = true;
            }
        }
    }

    /// Makes the key of a call that is on its way already.
    #[cold]
    fn own(&mut self, part: &impl Part<Owned = H::Key>) {
        let pair = Arc::new(Pair::of(part.to_key()));
        self.home.engine().open(&mut self.lead, self.call, &pair);
        self.pair = Some(pair);
        self.enter();
    }

    pub(super) fn alone(mut self, is_alone: bool) -> Self {
        if is_alone {
            self.cause = Cause::Alone;
        }
        self
    }

    /// What is under way when this lands is out of date, even if it began later.
    pub(crate) fn outdate(&mut self) {
        self.cause = Cause::Newest;
    }

    /// Whether another has the same under way and can't be waited for, as it waits for this.
    pub fn is_alone(&self) -> bool {
        self.cause == Cause::Alone
    }

    pub(super) fn instead_of(mut self, lost: Option<(Arc<WaitOf<H>>, u64)>) -> Self {
        self.instead_of = lost;
        self
    }

    /// Stores the result, unless it was invalidated meanwhile.
    #[inline(always)]
    pub(crate) fn land(&mut self, value: H::Value, values: &impl Values<H::Value>) {
        // The user's closure may panic: the flight is still in the air then.
        let ttl = values.lifetime(&value);
        let is_simple = self.pair.is_none() && self.instead_of.is_none() && ttl.is_none();
        let value = if is_simple && !self.lead.replaces {
            let engine = self.home.engine();
            match engine.land_directly(self.call, self.lead.ticket, value, values) {
                Ok((old, deadline)) => {
                    self.has_ended = true;
                    Engine::<H::Key, H::Value, H::Scope>::note(deadline);
                    // The user's `Drop` may panic: there is nothing left to do.
                    drop(old);
                    return;
                }
                Err(value) => value,
            }
        } else {
            value
        };
        self.land_slowly(value, ttl, values);
    }

    #[inline(never)]
    fn land_slowly(
        &mut self,
        value: H::Value,
        ttl: Option<Duration>,
        values: &impl Values<H::Value>,
    ) {
        let terms = Terms {
            replaces: self.lead.replaces,
            outdates: self.cause == Cause::Newest,
            ttl,
            cost: self.cost(),
        };
        let audience = Audience {
            own: 1 + usize::from(self.wait.is_some()),
            is_elsewhere: self.instead_of.is_some(),
        };
        let (mut trash, pair) = (Trash::new(), self.pair.take());
        // A panicking `Eq` leaves before the ticket is handed in, a panicking
        // `Drop` in the trash comes after.
        let landed = self.home.engine().land(
            self.call,
            self.lead.ticket,
            pair,
            value,
            (terms, audience),
            values,
            &mut trash,
        );
        self.has_ended = true;
        Engine::<H::Key, H::Value, H::Scope>::note(landed.deadline);
        landed.others.look_again();
        if let Some(held) = landed.held {
            self.bring(landed.wait, held, false, values);
        }
        drop(landed.deserted);
    }

    /// Gives a value to those who wait for this, and to those who still wait for what it
    /// was begun in the place of.
    #[cold]
    fn bring(
        &mut self,
        wait: Option<Arc<WaitOf<H>>>,
        held: Held<H::Key, H::Value>,
        is_stale: bool,
        values: &impl Values<H::Value>,
    ) {
        let brought = Brought { held, is_stale };
        let instead = self.instead_of.take().inspect(|lost| self.learn(lost));
        let rest = instead.and_then(|(wait, _)| wait.end(Some(brought.again(values))));
        let more = wait.and_then(|wait| wait.end(Some(brought)));
        // The user's `Drop` may panic: by now all have been told.
        turns::drop_each([rest, more]);
    }

    fn learn(&self, (wait, own): &(Arc<WaitOf<H>>, u64)) {
        let patience = self.home.engine().patience();
        patience.learn(*own, wait.has_ended());
    }

    #[allow(clippy::cast_possible_truncation)]
    fn cost(&self) -> f32 {
        if self.began == Instant::NEVER {
            return 0.0;
        }
        let now = self.home.engine().settings().clock.now();
        now.since(self.began).as_secs_f32()
    }

    /// Ends with a result that is not to be kept. What it was to replace goes; those
    /// who wait get a copy, which is made only if there are any.
    pub(crate) fn refuse(
        &mut self,
        copy: impl FnOnce() -> H::Value,
        values: &impl Values<H::Value>,
    ) {
        let mut trash = Trash::new();
        let engine = self.home.engine();
        // As in `land`: a panicking `Eq` leaves before the ticket is handed in.
        let mut ended = engine.refuse(self.call, self.lead, self.pair.as_ref(), &mut trash);
        self.has_ended = true;
        let own = 1 + usize::from(self.wait.is_some());
        let wait = ended.wait.take();
        let wait = wait.filter(|wait| Arc::strong_count(wait) > own);
        if wait.is_none() && self.instead_of.is_none() {
            return;
        }
        // The user's `Clone` may panic: nobody is left waiting.
        let mut nobody = OnPanic(wait.clone());
        let pair = match (self.pair.take(), ended.key.take()) {
            (Some(pair), _) => pair,
            (None, Some(Known::Inert(key))) => Arc::new(Pair::of(key)),
            (None, _) => return,
        };
        pair.set(copy());
        drop(nobody.0.take());
        self.bring(wait, Held::Shared(pair), false, values);
    }

    /// The value that stands in for the error that the body gave, if there is one; for
    /// those who wait as well.
    pub(crate) fn fall_back(&mut self, values: &impl Values<H::Value>) -> Option<H::Value> {
        let engine = self.home.engine();
        let may_be_old = !engine.settings().stale_if_error.is_zero();
        let is_asked_for = matches!(self.cause, Cause::Asked | Cause::Newest);
        if is_asked_for || !(may_be_old || self.lead.replaces) {
            return None;
        }
        let pair = self.pair.as_ref();
        let (held, is_old) = engine.fall_back(self.call, self.lead, pair, values)?;
        let mut ended = engine.abandon(self.lead.ticket);
        self.has_ended = true;
        self.bring(ended.wait.take(), held.again(values), is_old, values);
        Some(held.release(values))
    }

    /// Runs what belongs to the body of a task: the thread is in the middle of it.
    pub(crate) fn in_middle<R>(&self, body: impl FnOnce() -> R) -> R {
        let _middle = self.middle();
        body()
    }

    /// From here on the thread is in the middle of a task's computation, until this is
    /// dropped.
    pub(crate) fn middle(&self) -> Middle {
        Middle(self.wait.as_ref().map(|wait| {
            self.lead.leader.enter();
            wait.polled();
            self.lead.leader
        }))
    }

    /// Ends without a result.
    #[cold]
    fn leave_no_trace(&mut self) {
        let ended = self.home.engine().abandon(self.lead.ticket);
        if let Some(wait) = &ended.wait {
            wait.end(None);
        }
    }

    /// Gives the entry to be its tags.
    pub(crate) fn tag(&self, tags: Vec<super::tags::Tag>) {
        self.home.engine().tag(self.lead.ticket, tags);
    }
}

/// A thread that is in the middle of a task's computation.
pub(crate) struct Middle(Option<Leader>);

impl Drop for Middle {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            leader.leave();
        }
    }
}

/// Tells those who wait to look again, should the value for them panic in the making.
struct OnPanic<K, V>(Option<Arc<Wait<K, V>>>);

impl<K, V> Drop for OnPanic<K, V> {
    fn drop(&mut self) {
        if let Some(wait) = self.0.take() {
            wait.end(None);
        }
    }
}

impl<H: Home> Drop for Flight<H> {
    #[inline]
    fn drop(&mut self) {
        if self.is_entered {
            self.lead.leader.leave();
        }
        if !self.has_ended {
            self.leave_no_trace();
        }
        if let Some(lost) = self.instead_of.take() {
            self.learn(&lost);
            lost.0.look_again();
        }
    }
}
