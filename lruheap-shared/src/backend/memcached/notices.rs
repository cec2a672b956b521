//! Who is told what is invalid, although memcached tells nobody anything: each name that is
//! watched has a number on a server, which is asked for again and again.
//!
//! Whoever notifies replaces the number; others see that within [`BEAT`] and a round trip,
//! or are blind: the latter from the first question on that is not answered in time. Each
//! server has a thread that asks, and its own cells, so that one that is down blinds for its
//! own names only. While nobody uses the store, nothing is asked, and everybody is blind.
//! Hits in memory are no use that is seen here; so those of a process that has nothing but
//! hits go to the store once in [`REST`], and find what they know confirmed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::command::Answer;
use super::numbers::{self, Place};
use super::servers::Servers;
use crate::backend::Name;
use crate::cells::Cells;
use crate::error::Error;

/// How often the numbers are asked for.
const BEAT: Duration = Duration::from_millis(100);

/// How long nobody uses the store before nothing is asked any more.
const REST: Duration = Duration::from_secs(10);

/// The names of all servers.
pub(super) struct Notices {
    servers: Arc<Servers>,
    channels: Vec<Arc<Channel>>,
    usage: Arc<Usage>,
}

/// When the store was last used.
struct Usage {
    begin: Instant,
    /// That, in milliseconds as [`now`](Self::now) counts them; 0 is long ago.
    last: AtomicU64,
}

/// The names of one server.
struct Channel {
    servers: Arc<Servers>,
    at: usize,
    usage: Arc<Usage>,
    cells: Cells,
    is_asleep: AtomicBool,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    /// The number that each name had when it was last read, if it was.
    seen: HashMap<Name, Option<u64>>,
    is_blind: bool,
    is_running: bool,
    is_closed: bool,
}

impl Usage {
    fn now(&self) -> u64 {
        let since = self.begin.elapsed() + 2 * REST;
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn is_over(&self) -> bool {
        let since = self.now().saturating_sub(self.last.load(Ordering::SeqCst));
        Duration::from_millis(since) > REST
    }
}

impl Notices {
    pub(super) fn new(servers: &Arc<Servers>) -> Self {
        let usage = Arc::new(Usage {
            begin: Instant::now(),
            last: AtomicU64::new(0),
        });
        let channel = |at| {
            Arc::new(Channel {
                servers: Arc::clone(servers),
                at,
                usage: Arc::clone(&usage),
                cells: Cells::blind(),
                is_asleep: AtomicBool::new(false),
                state: Mutex::new(State {
                    seen: HashMap::new(),
                    is_blind: true,
                    is_running: false,
                    is_closed: false,
                }),
                wake: Condvar::new(),
            })
        };
        Notices {
            servers: Arc::clone(servers),
            channels: (0..servers.count()).map(channel).collect(),
            usage,
        }
    }

    /// Somebody uses the store.
    pub(super) fn used(&self) {
        self.usage.last.store(self.usage.now(), Ordering::SeqCst);
        for channel in &self.channels {
            if channel.is_asleep.load(Ordering::SeqCst) {
                let _state = channel.state.lock();
                channel.is_asleep.store(false, Ordering::SeqCst);
                channel.wake.notify_all();
            }
        }
    }

    fn channel(&self, name: Name) -> &Arc<Channel> {
        &self.channels[self.servers.of(name.0)]
    }

    /// The cell of a name. For a name that is new, its number is read first, unless that
    /// can't be: then it is blind.
    pub(super) fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.used();
        self.channel(name).watch(name)
    }

    /// Changes the cell here, and then the number for all others.
    pub(super) fn notify(&self, name: Name) -> Result<u64, Error> {
        self.used();
        let channel = self.channel(name);
        let before = channel.cells.change(name);
        channel.tell(name)?;
        Ok(before)
    }

    /// As if nobody had used the store for a long time.
    #[cfg(test)]
    pub(super) fn rest(&self) {
        self.usage.last.store(0, Ordering::SeqCst);
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        for channel in &self.channels {
            channel.state.lock().is_closed = true;
            channel.wake.notify_all();
        }
    }
}

impl Channel {
    fn place(&self, name: Name) -> Place {
        Place {
            server: self.at,
            key: format!("lruheap:n:{:032x}", name.0),
        }
    }

    fn watch(self: &Arc<Self>, name: Name) -> &'static AtomicU64 {
        let is_blind = {
            let state = self.state.lock();
            if state.is_running && state.seen.contains_key(&name) {
                return self.cells.watch(name);
            }
            state.is_blind
        };
        let number = if is_blind {
            None
        } else {
            let until = self.servers.until();
            let numbers = numbers::agreed(&self.servers, &[self.place(name)], until);
            numbers.ok().and_then(|numbers| numbers.first().copied())
        };
        let mut state = self.state.lock();
        // Somebody else may have been faster; what was seen first says more.
        let seen = state.seen.entry(name).or_insert(number);
        if seen.is_none() {
            self.lose(&mut state);
            self.wake.notify_all();
        }
        self.start(&mut state);
        self.cells.watch(name)
    }

    fn start(self: &Arc<Self>, state: &mut State) {
        if state.is_running {
            return;
        }
        let channel = Arc::clone(self);
        let thread = std::thread::Builder::new().name("lruheap-memcached".into());
        // Without a thread, all stays blind, and it is tried again.
        state.is_running = thread.spawn(move || channel.run()).is_ok();
    }

    fn lose(&self, state: &mut State) {
        self.cells.lose();
        state.is_blind = true;
    }

    /// Replaces the number of a name.
    fn tell(&self, name: Name) -> Result<(), Error> {
        let until = self.servers.until();
        let (place, number) = (self.place(name), numbers::random());
        let seen = self.state.lock().seen.get(&name).copied().flatten();
        if seen.is_some() {
            let read = self.servers.ask(&[place.read()], until)?;
            if let Some(Answer::Done(found)) = read.first() {
                if read.first().and_then(numbers::number) == seen {
                    // Nobody was between what was seen last and this, so what this process
                    // does itself need not look as if it came from another.
                    let (server, command) = place.write(number);
                    let question = (server, command.if_still(found.version));
                    let answers = self.servers.ask(&[question], until)?;
                    if answers
                        .into_iter()
                        .all(|answer| matches!(answer, Answer::Done(_)))
                    {
                        self.state.lock().seen.insert(name, Some(number));
                        return Ok(());
                    }
                }
            }
        }
        let answers = self.servers.ask(&[place.write(number)], until)?;
        answers
            .into_iter()
            .try_for_each(|answer| numbers::stored(answer).map(drop))
    }

    fn run(&self) {
        loop {
            let Some(names) = self.names() else {
                return;
            };
            let places: Vec<Place> = names.iter().map(|name| self.place(*name)).collect();
            let numbers = numbers::agreed(&self.servers, &places, self.servers.until());
            let mut state = self.state.lock();
            match numbers {
                Ok(numbers) => self.compare(&mut state, &names, numbers),
                Err(error) => {
                    if !state.is_blind {
                        tracing::debug!(%error, "not known what other processes invalidate");
                    }
                    self.lose(&mut state);
                }
            }
            if !state.is_closed {
                self.wake.wait_for(&mut state, BEAT);
            }
        }
    }

    /// The names to ask for, once somebody uses the store; none if it is closed.
    fn names(&self) -> Option<Vec<Name>> {
        let mut state = self.state.lock();
        while !state.is_closed && self.usage.is_over() {
            // Blind first: whoever has nothing but hits is not seen here, and is not to
            // rely on numbers that nobody looks after.
            self.lose(&mut state);
            self.is_asleep.store(true, Ordering::SeqCst);
            if self.usage.is_over() {
                self.wake.wait(&mut state);
            }
            self.is_asleep.store(false, Ordering::SeqCst);
        }
        (!state.is_closed).then(|| state.seen.keys().copied().collect())
    }

    /// Takes note of the numbers, and what has changed. A number is never there twice, so
    /// that whoever was blind meanwhile knows what it has missed.
    fn compare(&self, state: &mut State, names: &[Name], numbers: Vec<u64>) {
        for (name, number) in names.iter().zip(numbers) {
            if state.seen.insert(*name, Some(number)) != Some(Some(number)) {
                self.cells.change(*name);
            }
        }
        // One that came meanwhile is not known yet.
        let is_known = state.seen.values().all(Option::is_some);
        if state.is_blind && is_known && !names.is_empty() {
            self.cells.resume();
            state.is_blind = false;
        }
    }
}
