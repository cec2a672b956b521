//! The thread in the background: it has the connection of tasks, whatever their executor,
//! and what is spoken to by it alone (a cluster, TLS).

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ::redis::{Cmd, Value};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{oneshot, watch};

use super::commands::Plan;
use super::failures::{self, Failure};
use super::link::{Link, Route};
use crate::error::Error;

/// What a thread waits beyond the deadline for the one in the background to say that it is
/// over.
const GRACE: Duration = Duration::from_millis(25);

/// The runtime of a backend. It ends with this.
pub(super) struct Driver {
    handle: Handle,
    deadline: Duration,
    hub: Arc<Hub>,
    _stop: oneshot::Sender<()>,
}

/// Whether there is a connection.
#[derive(Clone)]
enum Phase {
    Down(Option<Error>),
    Connecting,
    Up(Link),
}

struct Hub {
    route: Route,
    patience: Duration,
    phase: watch::Sender<Phase>,
}

fn gone() -> Error {
    Error::Unreachable("the thread of the backend has ended".into())
}

impl Driver {
    /// Starts the thread.
    pub(super) fn start(
        route: Route,
        deadline: Duration,
        patience: Duration,
    ) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("lruheap-redis".into())
            .spawn(move || {
                let _ = runtime.block_on(stopped);
                // A name that is being looked up is not waited for.
                runtime.shutdown_background();
            })?;
        let (phase, _) = watch::channel(Phase::Down(None));
        Ok(Driver {
            handle,
            deadline,
            hub: Arc::new(Hub {
                route,
                patience,
                phase,
            }),
            _stop: stop,
        })
    }

    /// Lets the thread do something else as well.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Sends commands, from whatever executor. Gives the answers, and the epoch.
    pub(super) async fn exchange(&self, plan: Plan) -> Result<(Vec<Value>, u64), Error> {
        let hub = Arc::clone(&self.hub);
        let (begin, deadline) = (Instant::now(), self.deadline);
        let task = self
            .handle
            .spawn(async move { hub.exchange(&plan, begin, deadline).await });
        task.await.map_err(|_| gone())?
    }

    /// Sends commands and waits for the answers, on a thread.
    pub(super) fn wait(&self, plan: Plan) -> Result<(Vec<Value>, u64), Error> {
        let hub = Arc::clone(&self.hub);
        let (begin, deadline) = (Instant::now(), self.deadline);
        self.wait_for(async move { hub.exchange(&plan, begin, deadline).await })
    }

    /// What each master answers to two commands without keys, on a thread that waits.
    pub(super) fn ask_all(&self, one: Cmd, two: Cmd) -> Result<(Vec<Value>, Vec<Value>), Error> {
        let hub = Arc::clone(&self.hub);
        let deadline = self.deadline;
        self.wait_for(async move {
            let both = async {
                let link = hub.link().await?;
                let one = link.ask_all(&one, deadline).await;
                let two = link.ask_all(&two, deadline).await;
                let is_lost = one.as_ref().is_err_and(|failure| failure.is_broken);
                if is_lost {
                    hub.lose(&link);
                }
                let error = |failure: Failure| failure.error;
                Ok((one.map_err(error)?, two.map_err(error)?))
            };
            let both = tokio::time::timeout(deadline, both).await;
            both.unwrap_or(Err(Error::Timeout(deadline)))
        })
    }

    fn wait_for<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let deadline = self.deadline;
        let (done, answers) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            let _ = done.send(task.await);
        });
        match answers.recv_timeout(deadline + GRACE) {
            Ok(answers) => answers,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(Error::Timeout(deadline)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

impl Hub {
    async fn exchange(
        self: &Arc<Self>,
        plan: &Plan,
        begin: Instant,
        deadline: Duration,
    ) -> Result<(Vec<Value>, u64), Error> {
        let mut link = None;
        let all = self.attempts(plan, deadline, &mut link);
        match tokio::time::timeout_at((begin + deadline).into(), all).await {
            Ok(answers) => answers,
            Err(_) => {
                if let Some(link) = link {
                    self.lose(&link);
                }
                Err(Error::Timeout(deadline))
            }
        }
    }

    /// Tries once more if the connection turns out to be closed: each operation may be done
    /// twice.
    async fn attempts(
        self: &Arc<Self>,
        plan: &Plan,
        deadline: Duration,
        current: &mut Option<Link>,
    ) -> Result<(Vec<Value>, u64), Error> {
        let mut is_second = false;
        loop {
            let link = self.link().await?;
            *current = Some(link.clone());
            let Failure { error, is_broken } = match link.exchange(plan, deadline).await {
                Ok(answers) => return Ok(answers),
                Err(failure) if failure.is_worth_another() && !is_second => {
                    self.lose(&link);
                    is_second = true;
                    continue;
                }
                Err(failure) => failure,
            };
            if is_broken {
                self.lose(&link);
            }
            return Err(error);
        }
    }

    /// The connection, which is made if there is none. If it can't be, all who wait for it
    /// are told.
    async fn link(self: &Arc<Self>) -> Result<Link, Error> {
        let mut seen = self.phase.subscribe();
        let mut has_waited = false;
        loop {
            let phase = seen.borrow_and_update().clone();
            match phase {
                Phase::Up(link) => return Ok(link),
                Phase::Connecting => {}
                Phase::Down(Some(error)) if has_waited => return Err(error),
                Phase::Down(_) => self.attempt(),
            }
            has_waited = true;
            seen.changed().await.map_err(|_| gone())?;
        }
    }

    /// Goes on when those who wait for it have given up.
    fn attempt(self: &Arc<Self>) {
        let begins = self.phase.send_if_modified(|phase| {
            let is_down = matches!(phase, Phase::Down(_));
            if is_down {
                *phase = Phase::Connecting;
            }
            is_down
        });
        if begins {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                let opened = tokio::time::timeout(this.patience, this.route.open()).await;
                this.phase.send_replace(match opened {
                    Ok(Ok(link)) => Phase::Up(link),
                    Ok(Err(failure)) => Phase::Down(Some(failure.error)),
                    Err(_) => Phase::Down(Some(Error::Timeout(this.patience))),
                });
            });
        }
    }

    /// Drops a connection, unless it has been replaced already.
    fn lose(&self, lost: &Link) {
        self.phase.send_if_modified(|phase| {
            let is_it = matches!(phase, Phase::Up(link) if link.is(lost));
            if is_it {
                *phase = Phase::Down(None);
            }
            is_it
        });
    }
}

/// An error of the client, without the connection.
pub(super) fn error(error: &::redis::RedisError, deadline: Duration) -> Error {
    failures::by_client(error, deadline).error
}
