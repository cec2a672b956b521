//! Word of what others invalidate, by `PUBLISH` and `SUBSCRIBE`.
//!
//! What is guaranteed: a notice that is published while the subscription stands, at the
//! server that it stands with, changes the number of its name; when the connection is found
//! to be lost, all numbers are [`BLIND`](crate::BLIND) until there is another one, and
//! different from before after that. A connection that is closed is found at once, one that
//! has fallen silent (a server that is stopped, a cable) after half a second and the longer
//! of half a second and the deadline.
//!
//! What is not: a notice takes the time that it takes through the network, and until silence
//! is found, what was published meanwhile is not known. Servers that can't reach each other
//! but can both be reached (a cluster that is split, a replica that is promoted while the
//! old master lives) don't pass notices to each other, and answer to pings all the same.
//! Entries in the store don't rely on any of this: their generations are read.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use ::redis::Client;
use ::redis::aio::PubSub;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep, timeout};

use super::driver;
use crate::backend::Name;
use crate::cells::Cells;
use crate::error::Error;

/// Where notices are published.
pub(super) const CHANNEL: &str = "lruheap:notices";

/// How often the server is asked whether it is there.
const PING: Duration = Duration::from_millis(500);

/// How long is waited between two attempts to subscribe: the first and the longest time.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What is published: the name, and who says so.
pub(super) fn message(name: Name, sender: u64) -> String {
    format!("{:032x} {sender:016x}", name.0)
}

fn read(message: &[u8]) -> Option<(Name, u64)> {
    let (name, sender) = std::str::from_utf8(message).ok()?.split_once(' ')?;
    let name = u128::from_str_radix(name, 16).ok()?;
    Some((Name(name), u64::from_str_radix(sender, 16).ok()?))
}

/// Who is subscribed.
pub(super) struct Listener {
    /// Servers to subscribe at, one of them.
    pub(super) clients: Vec<Client>,
    pub(super) cells: Arc<Cells>,
    /// Who publishes here: this one's notices are known already.
    pub(super) sender: u64,
    pub(super) deadline: Duration,
    pub(super) patience: Duration,
}

impl Listener {
    /// Listens forever. Says when the first attempt has been made.
    pub(super) async fn run(self, first: SyncSender<()>) {
        let mut pause = PAUSES.0;
        for client in self.clients.iter().cycle() {
            match timeout(self.patience, self.subscribe(client)).await {
                Ok(Ok(subscription)) => {
                    self.cells.restore();
                    let _ = first.try_send(());
                    pause = PAUSES.0;
                    self.listen(subscription).await;
                    self.cells.lose();
                }
                Ok(Err(error)) => tracing::debug!(%error, "not subscribed to notices"),
                Err(_) => tracing::debug!("not subscribed to notices: no answer"),
            }
            let _ = first.try_send(());
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn subscribe(&self, client: &Client) -> Result<PubSub, Error> {
        let fail = |error| driver::error(&error, self.patience);
        let mut subscription = client.get_async_pubsub().await.map_err(fail)?;
        subscription.subscribe(CHANNEL).await.map_err(fail)?;
        Ok(subscription)
    }

    /// Until the connection is lost.
    async fn listen(&self, subscription: PubSub) {
        let (mut sink, mut messages) = subscription.split();
        let patience = self.deadline.max(PING);
        let mut next = Instant::now() + PING;
        loop {
            let message = tokio::time::timeout_at(next, messages.next()).await;
            match message {
                Ok(Some(message)) => {
                    self.hear(message.get_payload_bytes());
                    // However many there are, the server is asked in time.
                    if Instant::now() < next {
                        continue;
                    }
                }
                Ok(None) => return,
                Err(_) => {}
            }
            let mut ping = std::pin::pin!(timeout(patience, sink.ping::<::redis::Value>()));
            loop {
                match select(ping.as_mut(), messages.next()).await {
                    Either::Left((Ok(Ok(_)), _)) => break,
                    Either::Right((Some(message), _)) => self.hear(message.get_payload_bytes()),
                    Either::Left(_) | Either::Right((None, _)) => return,
                }
            }
            next = Instant::now() + PING;
        }
    }

    fn hear(&self, message: &[u8]) {
        match read(message) {
            Some((_, sender)) if sender == self.sender => {}
            Some((name, _)) => {
                self.cells.change(name);
            }
            // Of another version, perhaps: whatever it means, something has changed.
            None => self.cells.restore(),
        }
    }
}
