//! A call that waits for another's computation, as a thread or as a task, until it has
//! its value or is the one to compute.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::board::{Arrival, Call, Lost, Mode};
use super::flight::{Flight, Home};
use super::flights::{Join, Known};
use super::patience::{Patience, Who};
use super::payload::{Held, Trash, Values};
use super::wait::{Brought, Name, Waited};
use crate::leading::{self, Waits};
use crate::time::Instant;
use crate::timer::Alarm;

/// Where a call has come to.
pub(crate) enum Boarding<H: Home> {
    Held(Held<H::Key, H::Value>),
    Lead(Flight<H>),
    Wait(Waiter<H>),
}

impl<H: Home> Boarding<H> {
    /// Whether there is a value.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self, Boarding::Held(_))
    }

    /// Goes on as a task until there is a value, or a computation to lead.
    pub(crate) async fn wait(self, values: &impl Values<H::Value>) -> Result<H::Value, Flight<H>> {
        match self {
            Boarding::Held(held) => Ok(held.release(values)),
            Boarding::Lead(flight) => Err(flight),
            Boarding::Wait(waiter) => waiter.wait(values).await,
        }
    }
}

/// A call that may wait.
pub(crate) struct Waiter<H: Home> {
    home: H,
    call: Call<H::Key>,
    key: Option<Known<H::Key, H::Value>>,
    join: Option<Join<H::Key, H::Value>>,
}

/// How a wait ended.
enum End<K, V> {
    Value(Brought<K, V>),
    Again,
    /// It would not, because of whoever waits: nobody is waited for.
    Never,
    /// It may never.
    Impatient(Lost<K, V>),
}

impl<H: Home> Waiter<H> {
    pub(super) fn new(
        home: H,
        call: Call<H::Key>,
        key: Known<H::Key, H::Value>,
        join: Option<Join<H::Key, H::Value>>,
    ) -> Self {
        Waiter {
            home,
            call,
            key: Some(key),
            join,
        }
    }

    /// Looks what there is now.
    pub(super) fn decide(
        mut self,
        mode: &Mode<'_, H::Key, H::Value>,
        values: &impl Values<H::Value>,
    ) -> Boarding<H> {
        let mut trash = Trash::new();
        let pair = match &self.key {
            Some(Known::Pair(pair)) => Some(Arc::clone(pair)),
            _ => None,
        };
        let engine = self.home.engine();
        match engine.call_owned(self.call, &mut self.key, mode, values, &mut trash) {
            Arrival::Held(held) => Boarding::Held(held),
            Arrival::Lead(lead) => {
                let instead_of = match mode {
                    Mode::InsteadOf(lost) => Some((Arc::clone(&lost.wait), lost.patience)),
                    _ => None,
                };
                let flight = Flight::new(self.home, self.call, lead, pair);
                let is_alone = matches!(mode, Mode::Alone);
                let flight = flight.instead_of(instead_of).alone(is_alone);
                // As the ticket has an owner now, the user's `Drop` may panic.
                drop(trash);
                Boarding::Lead(flight)
            }
            Arrival::Join(join) => {
                self.join = Some(join);
                Boarding::Wait(self)
            }
            Arrival::Unknown => unreachable!("who waits has a key"),
        }
    }

    /// Goes on after a wait.
    fn go_on(self, end: End<H::Key, H::Value>, values: &impl Values<H::Value>) -> Boarding<H> {
        match end {
            End::Value(brought) => {
                let mut trash = Trash::new();
                let engine = self.home.engine();
                let key = self.key.as_ref();
                Boarding::Held(engine.arrive(self.call, key, brought, values, &mut trash))
            }
            End::Again => self.decide(&Mode::Join, values),
            End::Never => self.decide(&Mode::Alone, values),
            End::Impatient(lost) => self.decide(&Mode::InsteadOf(&lost), values),
        }
    }

    /// Waits as a thread.
    #[cold]
    pub(super) fn block(mut self, values: &impl Values<H::Value>) -> Result<H::Value, Flight<H>> {
        loop {
            let end = match self.join.take() {
                Some(join) => self.block_for(&join, values),
                None => End::Again,
            };
            match self.go_on(end, values) {
                Boarding::Held(held) => return Ok(held.release(values)),
                Boarding::Lead(flight) => return Err(flight),
                Boarding::Wait(waiter) => self = waiter,
            }
        }
    }

    fn block_for(
        &self,
        join: &Join<H::Key, H::Value>,
        values: &impl Values<H::Value>,
    ) -> End<H::Key, H::Value> {
        let Some(_waits) = leading::wait_for(join.leader) else {
            return End::Never;
        };
        let own = self.home.engine().patience().own();
        let patience = Patience::of(own, Who::here(), join.links);
        match join.wait.block(join.looks, patience, values) {
            Some(Waited::Value(brought)) => End::Value(brought),
            Some(Waited::Again) => End::Again,
            None => End::Impatient(Lost::new(join, own)),
        }
    }

    /// Waits as a task.
    async fn wait(mut self, values: &impl Values<H::Value>) -> Result<H::Value, Flight<H>> {
        loop {
            let end = match self.join.take() {
                Some(join) => {
                    let mut waiting = Waiting::new(&self.home, join);
                    poll_fn(|cx| waiting.poll(cx, values)).await
                }
                None => End::Again,
            };
            match self.go_on(end, values) {
                Boarding::Held(held) => return Ok(held.release(values)),
                Boarding::Lead(flight) => return Err(flight),
                Boarding::Wait(waiter) => self = waiter,
            }
        }
    }
}

/// A task that waits.
struct Waiting<'a, H: Home> {
    home: &'a H,
    join: Join<H::Key, H::Value>,
    /// The name of its waker there.
    waker: Option<Name>,
    waits: Option<Waits>,
    /// Since when the leader has not been polled, and how often it was before.
    left: Option<(Instant, u64)>,
    alarm: Option<Alarm>,
}

impl<'a, H: Home> Waiting<'a, H> {
    fn new(home: &'a H, join: Join<H::Key, H::Value>) -> Self {
        Waiting {
            home,
            join,
            waker: None,
            waits: None,
            left: None,
            alarm: None,
        }
    }

    fn poll(
        &mut self,
        cx: &Context<'_>,
        values: &impl Values<H::Value>,
    ) -> Poll<End<H::Key, H::Value>> {
        let Join { wait, looks, .. } = &self.join;
        if let Some(waited) = wait.poll(*looks, &mut self.waker, cx.waker(), values) {
            return Poll::Ready(match waited {
                Waited::Value(brought) => End::Value(brought),
                Waited::Again => End::Again,
            });
        }
        // Each poll may be in the middle of something else.
        let is_noted = self
            .waits
            .as_ref()
            .is_some_and(|waits| !waits.are_in_something());
        if !is_noted || leading::leads() {
            self.waits = None;
            match leading::wait_for(self.join.leader) {
                Some(waits) => self.waits = Some(waits),
                None => return Poll::Ready(End::Never),
            }
        }
        match self.lost_patience(cx) {
            Some(own) => Poll::Ready(End::Impatient(Lost::new(&self.join, own))),
            None => Poll::Pending,
        }
    }

    /// The patience that has ended, if the leader has not been polled for so long, or
    /// computes for so long; if not, sees to it that this is asked again.
    fn lost_patience(&mut self, cx: &Context<'_>) -> Option<u64> {
        let engine = self.home.engine();
        let now = engine.settings().clock.now();
        let polls = self.join.wait.polls();
        let since = match self.left {
            Some((since, before)) if polls == before => since,
            _ => now,
        };
        self.left = Some((since, polls));
        let own = engine.patience().own();
        let over = since.saturating_add(Patience::of(own, Who::here(), self.join.links));
        if over <= now {
            return Some(own);
        }
        self.alarm = Some(Alarm::set(over, cx.waker()));
        None
    }
}

impl<K, V> Lost<K, V> {
    fn new(join: &Join<K, V>, patience: u64) -> Self {
        Lost {
            wait: Arc::clone(&join.wait),
            links: join.links,
            patience,
        }
    }
}

impl<H: Home> Drop for Waiting<'_, H> {
    fn drop(&mut self) {
        if let Some(own) = self.waker {
            self.join.wait.forget(own);
        }
    }
}
