//! A store on memcached servers: what belongs here is how the parts of a store (entries,
//! generations, leases) are laid out on them. They have to know the meta commands as version
//! 1.6 has them; one that does not says so at each call, which fails.
//!
//! The protocol is spoken in `wire.rs`, and by no client of others: those that are there
//! have no deadline for connecting, or use a connection again that has an answer under way,
//! or need an executor, and none says how long an entry has left.
//!
//! # Time
//!
//! memcached counts whole seconds, by its own clock. So an entry ends within a second of its
//! time, earlier or later. What it has left is told by the server at each read, and by no
//! clock of this machine; how long it was to live stands in front of the value, for times
//! that are no whole seconds.
//!
//! # What a server forgets
//!
//! A server that was restarted, flushed, or short of room forgets: a generation that it had
//! reads as none, and values that were stored with it are invalid, wherever they are. It
//! never has an old one, because numbers are random and nothing is read from a disk. So the
//! epoch says nothing, and is always the same.
//!
//! # Several servers
//!
//! All that is to be found under a key is on one server, which every process that has the
//! same list of servers finds in the same way; the same for each name. One that is down
//! fails what it has, and takes nothing else with it. There is no copy anywhere, and nothing
//! moves to another server meanwhile: it would be old when the first one comes back. For the
//! same reason, a server that joins a list again is to be restarted before: it may have
//! generations that were replaced elsewhere.

mod command;
mod notices;
mod numbers;
mod servers;
#[cfg(all(test, unix))]
mod tests;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use self::command::{Answer, Command, Found};
use self::notices::Notices;
use self::numbers::{Place, number, stored};
use self::servers::{Question, Servers};
use super::{Backend, Key, Name, Reading, Status, Token};
use crate::address::Timing;
use crate::error::Error;

/// What an entry begins with: the form of what follows.
const FORM: u8 = 1;

/// [`FORM`], and how many milliseconds the entry was to live.
const HEAD: usize = 9;

/// A store on memcached servers.
pub(crate) struct Memcached {
    servers: Arc<Servers>,
    notices: Notices,
    shown: String,
}

/// The store on these servers, each `host:port`. They need not be there yet: each is
/// connected to when it is first asked, and again whenever it was away.
pub(crate) fn connect(
    servers: &[String],
    shown: String,
    timing: Timing,
) -> Result<Memcached, Error> {
    if servers.is_empty() {
        return Err(Error::Address("which servers?".into()));
    }
    let servers = Arc::new(Servers::new(servers, timing.deadline));
    Ok(Memcached {
        notices: Notices::new(&servers),
        servers,
        shown,
    })
}

/// Whole seconds, at least as long, and so many that the server does not end them before:
/// its second may be almost over.
fn seconds(time: Duration) -> u64 {
    let rest = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(rest).saturating_add(1)
}

/// What stands in front of a value.
fn head(ttl: Duration) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    head.push(FORM);
    head.extend_from_slice(&ttl.to_le_bytes());
    head
}

/// The value and the time it has left; none if it has none, or is no entry.
fn entry(found: Found) -> Option<(Vec<u8>, Duration)> {
    let mut value = found.value;
    let (head, _) = value.split_at_checked(HEAD)?;
    let (form, ttl) = head.split_first()?;
    let ttl = Duration::from_millis(u64::from_le_bytes(ttl.try_into().ok()?));
    if *form != FORM {
        return None;
    }
    let age = found
        .left
        .map_or(0, |left| seconds(ttl).saturating_sub(left));
    let left = ttl.saturating_sub(Duration::from_secs(age));
    value.drain(..HEAD);
    (!left.is_zero()).then_some((value, left))
}

impl Memcached {
    fn value(&self, key: Key) -> Place {
        Place {
            server: self.servers.of(key.0),
            key: key.to_string(),
        }
    }

    /// Where the lease of a key is: on the same server as the value, so that one follows
    /// the other.
    fn lock(&self, key: Key) -> Place {
        Place {
            server: self.servers.of(key.0),
            key: format!("lruheap:l:{:032x}", key.0),
        }
    }

    fn places(&self, names: &[Name]) -> Vec<Place> {
        let place = |name: &Name| Place {
            server: self.servers.of(name.0),
            key: name.to_string(),
        };
        names.iter().map(place).collect()
    }

    /// Whether a lease is this token's; and if it is, its version.
    fn held(read: &Answer, token: Token) -> Option<u64> {
        match read {
            Answer::Done(found) if number(read) == Some(token.0) => Some(found.version),
            _ => None,
        }
    }
}

fn taken(lock: &Place, token: Token, length: Duration) -> Command<'static> {
    let bytes = token.0.to_le_bytes().to_vec();
    Command::set(lock.key.clone(), seconds(length), bytes, &[])
}

impl Backend for Memcached {
    fn get(&self, key: Key, names: &[Name]) -> Result<Reading, Error> {
        self.notices.used();
        let value = self.value(key);
        let mut questions = vec![(value.server, Command::get(value.key, "v t"))];
        questions.extend(self.places(names).iter().map(Place::read));
        let mut answers = self
            .servers
            .ask(&questions, self.servers.until())?
            .into_iter();
        let entry = match answers.next() {
            Some(Answer::Done(found)) => entry(found),
            Some(Answer::Refused(what)) => return Err(Error::Other(what)),
            _ => None,
        };
        let mut generations = Vec::with_capacity(names.len());
        for answer in answers {
            if let Answer::Refused(what) = answer {
                return Err(Error::Other(what));
            }
            generations.push(number(&answer));
        }
        Ok(Reading {
            entry,
            generations,
            epoch: 0,
        })
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        let until = self.servers.until();
        let place = self.value(key);
        let store = Command::set(place.key, seconds(ttl), head(ttl), value);
        let mut questions: Vec<Question<'_>> = vec![(place.server, store)];
        let lock = self.lock(key);
        if lease.is_some() {
            questions.push(lock.read());
        }
        let mut answers = self.servers.ask(&questions, until)?.into_iter();
        if let Some(answer) = answers.next() {
            stored(answer)?;
        }
        let version = lease.zip(answers.next());
        let version = version.and_then(|(token, read)| Self::held(&read, token));
        if let Some(version) = version {
            let delete = Command::delete(lock.key).if_still(version);
            self.servers.ask(&[(lock.server, delete)], until)?;
        }
        Ok(())
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        let place = self.value(key);
        let question = (place.server, Command::delete(place.key));
        let answers = self.servers.ask(&[question], self.servers.until())?;
        answers
            .into_iter()
            .try_for_each(|answer| stored(answer).map(drop))
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        numbers::agreed(&self.servers, &self.places(names), self.servers.until())
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let (places, new) = (self.places(names), names.iter().map(|_| numbers::random()));
        let new: Vec<u64> = new.collect();
        let questions: Vec<Question<'_>> = places
            .iter()
            .zip(&new)
            .map(|(place, number)| place.write(*number))
            .collect();
        let answers = self.servers.ask(&questions, self.servers.until())?;
        answers
            .into_iter()
            .try_for_each(|answer| stored(answer).map(drop))?;
        Ok(new)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.notices.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        self.notices.notify(name)
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let until = self.servers.until();
        let lock = self.lock(key);
        let add = taken(&lock, token, length).if_absent();
        let questions = [(lock.server, add), lock.read()];
        let mut answers = self.servers.ask(&questions, until)?.into_iter();
        if let (Some(added), Some(read)) = (answers.next(), answers.next()) {
            if stored(added)? {
                return Ok(true);
            }
            // It may be the same one's, whose first question was not answered in time.
            if let Some(version) = Self::held(&read, token) {
                let again = taken(&lock, token, length).if_still(version);
                let answers = self.servers.ask(&[(lock.server, again)], until)?;
                return answers.into_iter().next().map_or(Ok(false), stored);
            }
        }
        Ok(false)
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let until = self.servers.until();
        let lock = self.lock(key);
        let read = self.servers.ask(&[lock.read()], until)?;
        let Some(version) = read.first().and_then(|read| Self::held(read, token)) else {
            return Ok(false);
        };
        let again = taken(&lock, token, length).if_still(version);
        let answers = self.servers.ask(&[(lock.server, again)], until)?;
        answers.into_iter().next().map_or(Ok(false), stored)
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        let until = self.servers.until();
        let lock = self.lock(key);
        let read = self.servers.ask(&[lock.read()], until)?;
        if let Some(version) = read.first().and_then(|read| Self::held(read, token)) {
            let delete = Command::delete(lock.key).if_still(version);
            self.servers.ask(&[(lock.server, delete)], until)?;
        }
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        let mut status = Status {
            backend: "memcached".into(),
            address: self.shown.clone(),
            is_up: true,
            ..Status::default()
        };
        let (mut entries, mut used, mut limit) = (0, 0, 0);
        let mut policy = "lru";
        let mut failed = None;
        let mut answered = 0;
        // Each has the whole deadline: this is asked for by people.
        for at in 0..self.servers.count() {
            match self.servers.facts(at) {
                Ok(facts) => {
                    answered += 1;
                    entries = facts.entries.saturating_add(entries);
                    used = facts.used.saturating_add(used);
                    limit = facts.limit.saturating_add(limit);
                    if facts.keeps_all {
                        policy = "no evictions (-M)";
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            if answered == 0 {
                return Err(error);
            }
            status.is_up = false;
        }
        status.entries = Some(entries);
        status.used = Some(used);
        status.limit = Some(limit);
        status.policy = Some(policy.into());
        Ok(status)
    }
}
