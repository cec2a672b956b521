//! The servers: which has what, connections to each that are used again, and questions to
//! several of them at once.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::command::{Answer, Command, Facts};
use super::wire::Connection;
use crate::error::Error;

/// Connections to a server that are kept while nobody uses them.
const IDLE: usize = 32;

/// Commands that are sent before their answers are read: few enough for both to fit into
/// what the system buffers, so that neither side waits for the other to read.
const AT_ONCE: usize = 256;

/// How long the addresses of a name are taken for right when nothing is there.
const FRESH: Duration = Duration::from_secs(1);

/// What a server takes if nothing else is said.
const USUAL_MOST: usize = 1 << 20;

/// All servers.
pub(super) struct Servers {
    servers: Vec<Server>,
    deadline: Duration,
}

struct Server {
    name: String,
    /// The hash of the name.
    seed: u64,
    addresses: Arc<Addresses>,
    idle: Mutex<Vec<Connection>>,
}

/// Where a server is, which the system may take its time to say.
#[derive(Default)]
struct Addresses {
    state: Mutex<Resolved>,
    came: Condvar,
}

#[derive(Default)]
struct Resolved {
    known: Option<Result<Vec<SocketAddr>, String>>,
    is_asked: bool,
    /// When it was last found.
    since: Option<Instant>,
}

/// A command, and which server it is for.
pub(super) type Question<'a> = (usize, Command<'a>);

impl Servers {
    pub(super) fn new(names: &[String], deadline: Duration) -> Self {
        let mut servers: Vec<Server> = Vec::new();
        for name in names {
            if servers.iter().all(|server| server.name != *name) {
                servers.push(Server {
                    name: name.clone(),
                    seed: xxh3_64(name.as_bytes()),
                    addresses: Arc::default(),
                    idle: Mutex::default(),
                });
            }
        }
        Servers { servers, deadline }
    }

    pub(super) fn count(&self) -> usize {
        self.servers.len()
    }

    /// Which server has this: the one whose name and this hash highest together. It depends
    /// on the names as they are written in the address, not on their order, and if there is
    /// one server more or less, only what was or will be there moves.
    pub(super) fn of(&self, id: u128) -> usize {
        let weight = |server: &Server| xxh3_64_with_seed(&id.to_le_bytes(), server.seed);
        let all = self.servers.iter().enumerate();
        all.max_by_key(|(_, server)| weight(server))
            .map_or(0, |(at, _)| at)
    }

    /// When something that begins now has to be over.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Asks, and gives the answers in order. All servers are asked at the same time, and one
    /// that does not answer fails all that is asked along with it.
    pub(super) fn ask(
        &self,
        questions: &[Question<'_>],
        until: Instant,
    ) -> Result<Vec<Answer>, Error> {
        let mut answers = Vec::with_capacity(questions.len());
        for some in questions.chunks(AT_ONCE) {
            self.ask_some(some, until, &mut answers)?;
        }
        Ok(answers)
    }

    fn ask_some(
        &self,
        questions: &[Question<'_>],
        until: Instant,
        answers: &mut Vec<Answer>,
    ) -> Result<(), Error> {
        let mut asked = self.connections(questions, until)?;
        for (at, connection) in &mut asked {
            let its: Vec<&Command<'_>> = its(questions, *at).collect();
            let sent = connection.send(&its, until);
            sent.map_err(|error| self.failed(*at, &error))?;
        }
        for (server, command) in questions {
            let Some((_, connection)) = asked.iter_mut().find(|(at, _)| at == server) else {
                continue;
            };
            let answer = connection.answer(until);
            let answer = answer.map_err(|error| self.failed(*server, &error))?;
            answers.push(match answer {
                Answer::Refused(what) if what.starts_with("object too large") => Answer::TooLarge {
                    len: command.len(),
                    most: connection.facts().most.unwrap_or(USUAL_MOST),
                },
                answer => answer,
            });
        }
        self.keep(asked);
        Ok(())
    }

    /// Connections to all servers that are asked, before the first of them is.
    fn connections(
        &self,
        questions: &[Question<'_>],
        until: Instant,
    ) -> Result<Vec<(usize, Connection)>, Error> {
        let mut connections: Vec<(usize, Connection)> = Vec::new();
        for (at, server) in self.servers.iter().enumerate() {
            if its(questions, at).next().is_none() {
                continue;
            }
            let connection = match server.connection(until) {
                Ok(connection) => connection,
                Err(error) => {
                    self.keep(connections);
                    return Err(self.failed(at, &error));
                }
            };
            let most = connection.facts().most.unwrap_or(usize::MAX);
            let largest = its(questions, at).map(Command::len).max();
            connections.push((at, connection));
            if let Some(len) = largest.filter(|len| *len > most) {
                self.keep(connections);
                return Err(Error::TooLarge { len, most });
            }
        }
        Ok(connections)
    }

    fn keep(&self, connections: Vec<(usize, Connection)>) {
        for (at, connection) in connections {
            self.servers[at].keep(connection);
        }
    }

    /// Asks a server about itself.
    pub(super) fn facts(&self, at: usize) -> Result<Facts, Error> {
        let until = self.until();
        let server = &self.servers[at];
        let asked = server.connection(until).and_then(|mut connection| {
            let facts = connection.stats(until)?;
            server.keep(connection);
            Ok(facts)
        });
        asked.map_err(|error| self.failed(at, &error))
    }

    /// A connection on which this happened is not kept; if the server is gone, the others
    /// to it are looked at before they are used.
    fn failed(&self, at: usize, error: &io::Error) -> Error {
        let name = &self.servers[at].name;
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Error::Timeout(self.deadline),
            ErrorKind::InvalidData => Error::Other(format!("{name}: {error}")),
            ErrorKind::UnexpectedEof => Error::Unreachable(format!("{name} closed the connection")),
            _ => Error::Unreachable(format!("{name}: {error}")),
        }
    }
}

/// What of this is for a server.
fn its<'a>(questions: &'a [Question<'a>], at: usize) -> impl Iterator<Item = &'a Command<'a>> {
    let its = questions.iter().filter(move |(server, _)| *server == at);
    its.map(|(_, command)| command)
}

impl Server {
    /// One that is not in use, or a new one.
    fn connection(&self, until: Instant) -> io::Result<Connection> {
        loop {
            let Some(connection) = self.idle.lock().pop() else {
                break;
            };
            if connection.is_quiet() {
                return Ok(connection);
            }
        }
        let addresses = self.addresses.get(&self.name, until)?;
        let mut failed = io::Error::from(ErrorKind::NotFound);
        for (at, address) in addresses.iter().enumerate() {
            // Each gets its part of what is left, so that the last one has a turn.
            let left = until.saturating_duration_since(Instant::now());
            let others = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
            match Connection::open(*address, Instant::now() + left / others) {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = error,
            }
        }
        self.addresses.doubt();
        Err(failed)
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}

impl Addresses {
    /// The addresses of `host:port`. A name is looked up on a thread of its own: there is
    /// no other way not to wait longer.
    fn get(self: &Arc<Self>, name: &str, until: Instant) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        let mut state = self.state.lock();
        loop {
            if let Some(known) = &state.known {
                let known = known.clone().map_err(io::Error::other);
                if known.is_err() {
                    state.known = None;
                }
                return known;
            }
            if !state.is_asked {
                let (addresses, name) = (Arc::clone(self), name.to_owned());
                std::thread::Builder::new()
                    .name("lruheap-memcached".into())
                    .spawn(move || addresses.look_up(&name))?;
                state.is_asked = true;
            }
            if self.came.wait_until(&mut state, until).timed_out() {
                return Err(ErrorKind::TimedOut.into());
            }
        }
    }

    /// Nothing is at these addresses: it may have moved. That is not looked up all the time.
    fn doubt(&self) {
        let mut state = self.state.lock();
        if state.since.is_some_and(|since| since.elapsed() > FRESH) {
            state.known = None;
        }
    }

    fn look_up(&self, name: &str) {
        let found = name.to_socket_addrs().map(Vec::from_iter);
        let mut state = self.state.lock();
        state.known = Some(found.map_err(|error| error.to_string()));
        state.since = Some(Instant::now());
        state.is_asked = false;
        self.came.notify_all();
    }
}
