//! The connections of threads: an idle one is taken, or one is made.
//!
//! They are made on threads of their own. Who needs one waits until its deadline; a
//! connection that takes longer (a name that is looked up, a far server) is there for those
//! who come later, so a deadline that is shorter than connecting takes costs calls at the
//! beginning, and not all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::redis::{ConnectionInfo, Value};
use parking_lot::{Condvar, Mutex};

use super::Report;
use super::commands::Plan;
use super::wire::Wire;
use crate::error::Error;

/// The most connections that are kept while nobody uses them.
const MOST_IDLE: usize = 64;

/// The most that are being made at the same time.
const MOST_ATTEMPTS: usize = 8;

/// Connections to one server.
pub(super) struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    target: ConnectionInfo,
    deadline: Duration,
    patience: Duration,
    report: Arc<Report>,
    state: Mutex<State>,
    /// There is a connection, or there won't be one.
    change: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Wire>,
    attempts: usize,
    waiting: usize,
    /// How many attempts have failed, and what was wrong with the last one.
    failures: u64,
    last: Option<Error>,
}

impl Pool {
    pub(super) fn new(
        target: ConnectionInfo,
        deadline: Duration,
        patience: Duration,
        report: Arc<Report>,
    ) -> Self {
        Pool {
            inner: Arc::new(Inner {
                target,
                deadline,
                patience,
                report,
                state: Mutex::default(),
                change: Condvar::new(),
            }),
        }
    }

    /// Sends commands to the server. Gives the answers, and its epoch.
    ///
    /// If the server has closed a connection that was idle, they are sent once more: each
    /// operation here may be done twice.
    pub(super) fn exchange(&self, plan: &Plan) -> Result<(Vec<Value>, u64), Error> {
        let until = Instant::now() + self.inner.deadline;
        let mut is_second = false;
        loop {
            let mut wire = self.inner.take(until)?;
            match wire.exchange(plan, until) {
                Ok(values) => {
                    let epoch = wire.epoch;
                    self.inner.give_back(wire);
                    return Ok((values, epoch));
                }
                Err(failure) => {
                    let was_idle = wire.was_idle;
                    if failure.is_broken {
                        // The others have the same server at their other ends, and one of
                        // them a call would be too many.
                        self.inner.state.lock().idle.clear();
                    } else {
                        self.inner.give_back(wire);
                    }
                    if is_second || !was_idle || !failure.is_worth_another() {
                        return Err(failure.error);
                    }
                    is_second = true;
                }
            }
        }
    }
}

impl Inner {
    fn give_back(&self, mut wire: Wire) {
        wire.was_idle = true;
        let mut state = self.state.lock();
        if state.idle.len() < MOST_IDLE {
            state.idle.push(wire);
            if state.waiting > 0 {
                self.change.notify_one();
            }
        }
    }

    fn take(self: &Arc<Self>, until: Instant) -> Result<Wire, Error> {
        let mut state = self.state.lock();
        if let Some(wire) = state.idle.pop() {
            return Ok(wire);
        }
        let failures = state.failures;
        state.waiting += 1;
        let taken = loop {
            if let Some(wire) = state.idle.pop() {
                break Ok(wire);
            }
            if state.failures != failures {
                let last = state.last.clone();
                break Err(last.unwrap_or(Error::Timeout(self.deadline)));
            }
            if state.attempts < state.waiting.min(MOST_ATTEMPTS) {
                state.attempts += 1;
                let this = Arc::clone(self);
                blocking::unblock(move || this.attempt()).detach();
            }
            if self.change.wait_until(&mut state, until).timed_out() {
                break state.idle.pop().ok_or(Error::Timeout(self.deadline));
            }
        };
        state.waiting -= 1;
        taken
    }

    fn attempt(&self) {
        let wire = Wire::open(&self.target, self.deadline, self.patience, &self.report);
        let mut state = self.state.lock();
        state.attempts -= 1;
        match wire {
            Ok(mut wire) => {
                wire.was_idle = state.waiting == 0;
                state.idle.push(wire);
                self.change.notify_one();
            }
            Err(error) => {
                state.failures += 1;
                state.last = Some(error);
                self.change.notify_all();
            }
        }
    }
}
