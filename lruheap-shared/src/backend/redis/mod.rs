//! A Redis server, or a cluster of them, and what speaks as Redis does (Valkey, `KeyDB`).
//!
//! What belongs here is all that is spoken with them; a file each for the commands, the
//! connections of threads, the connection of tasks, and notices.
//!
//! # What is guaranteed
//!
//! Generations are random numbers that are stored under keys of their own. A read brings the
//! value and the generations from one command, at one moment. In a cluster they are read by
//! a command each, at the same time: the value may then be older or newer than a generation
//! that is being replaced, but one that was replaced before the read began is seen.
//!
//! The epoch is a hash of the server's `run_id`, which it draws anew whenever it starts: a
//! server that has been restored from a dump, and may have forgotten the newest generations,
//! makes invalid all that was stored before. It is read when a connection is made, and a
//! connection does not outlive the process at its other end. That of a cluster is a hash of
//! the `run_id`s of all masters, and at most a second old when a read begins: for so long
//! after a fail-over, results may be seen that the master before had made invalid. The same
//! is so of a single master that was demoted to a replica and still serves connections.
//!
//! # What a user needs
//!
//! Where users are told apart, this one needs `~lruheap:* &lruheap:notices +get +mget +set
//! +del +pttl +expire +pexpire +eval +publish +subscribe +ping +info +dbsize`, for a database
//! other than 0 `+select`, in a cluster `+cluster|slots`. Without `INFO` nothing is stored:
//! the epoch would not be known.

mod commands;
mod driver;
mod failures;
mod link;
mod notices;
mod pool;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use ::redis::cluster::ClusterClient;
use ::redis::{Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, Value};

use self::commands::{Info, Plan};
use self::driver::Driver;
use self::link::{Route, Way};
use self::notices::Listener;
use self::pool::Pool;
use crate::address::Timing;
use crate::backend::{AsyncBackend, Backend, Key, Name, Pending, Reading, Status, Token};
use crate::cells::Cells;
use crate::error::Error;

/// The longest value that a server takes unless it was told otherwise.
const MOST: usize = 512 << 20;

/// How long making a connection may take, beyond the deadline of those who wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is told of once: a server that is not set up as a cache.
struct Report {
    shown: String,
    has_warned: AtomicBool,
}

impl Report {
    /// Warns of a server that will refuse to store when it is full.
    fn look(&self, info: &Info) {
        let is_fatal = info.limit.is_some() && info.policy.as_deref() == Some("noeviction");
        if is_fatal && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                store = %self.shown,
                "the server has a maxmemory and the policy `noeviction`: once it is full, nothing more is shared. Set `maxmemory-policy` to `allkeys-lru`, or to `volatile-lru` if it keeps other things as well"
            );
        }
    }
}

/// A store at a Redis server or a cluster.
pub(crate) struct Redis {
    shown: String,
    is_cluster: bool,
    cells: Arc<Cells>,
    sender: u64,
    /// The connections of threads, where they have their own.
    pool: Option<Pool>,
    driver: Driver,
}

/// Connects to one server: `redis://`, `rediss://`, `unix:`. One that is down now may come
/// up later.
///
/// # Errors
///
/// If the address is wrong, or a thread can't be started.
pub(crate) fn connect(url: &str, shown: String, timing: Timing) -> Result<Redis, Error> {
    let client = client(url)?;
    let deadline = timing.deadline;
    let patience = deadline.max(PATIENCE);
    let report = report(&shown);
    let target = client.get_connection_info();
    let pool = wire::reaches(target)
        .then(|| Pool::new(target.clone(), deadline, patience, Arc::clone(&report)));
    let way = Way::Server(client.clone());
    start(shown, deadline, way, vec![client], report, pool)
}

/// Connects to a cluster, by some of its nodes.
///
/// # Errors
///
/// If an address is wrong, or a thread can't be started.
pub(crate) fn connect_cluster(
    urls: &[String],
    shown: String,
    timing: Timing,
) -> Result<Redis, Error> {
    let clients: Vec<Client> = urls
        .iter()
        .map(|url| client(url))
        .collect::<Result<_, Error>>()?;
    let nodes = clients
        .iter()
        .map(|client| client.get_connection_info().clone());
    let deadline = timing.deadline;
    let cluster = ClusterClient::builder(nodes)
        .connection_timeout(deadline.max(PATIENCE))
        .response_timeout(deadline.max(PATIENCE))
        .retries(3)
        .min_retry_wait(1)
        .max_retry_wait(10)
        .build()
        .map_err(|_| failures::address())?;
    let report = report(&shown);
    let way = Way::Cluster(cluster);
    start(shown, deadline, way, clients, report, None)
}

fn client(url: &str) -> Result<Client, Error> {
    let info = url
        .into_connection_info()
        .map_err(|_| failures::address())?;
    if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
        if *insecure {
            return Err(Error::Address("`#insecure` is not supported".into()));
        }
        // The client takes the provider of the process; the first one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let settings = info.redis_settings().clone();
    let info = info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP2));
    Client::open(info).map_err(|_| failures::address())
}

fn report(shown: &str) -> Arc<Report> {
    Arc::new(Report {
        shown: shown.to_owned(),
        has_warned: AtomicBool::new(false),
    })
}

fn start(
    shown: String,
    deadline: Duration,
    way: Way,
    clients: Vec<Client>,
    report: Arc<Report>,
    pool: Option<Pool>,
) -> Result<Redis, Error> {
    let patience = deadline.max(PATIENCE);
    let is_cluster = matches!(way, Way::Cluster(_));
    let route = Route {
        way,
        patience,
        report,
    };
    let driver = Driver::start(route, deadline, patience)?;
    let cells = Arc::new(Cells::blind());
    let sender = commands::fresh();
    let listener = Listener {
        clients,
        cells: Arc::clone(&cells),
        sender,
        deadline,
        patience,
    };
    let (first, subscribed) = mpsc::sync_channel(1);
    driver.spawn(listener.run(first));
    // So that the first calls are not blind, if the server is there.
    let _ = subscribed.recv_timeout(deadline);
    Ok(Redis {
        shown,
        is_cluster,
        cells,
        sender,
        pool,
        driver,
    })
}

impl Redis {
    fn exchange(&self, plan: Plan) -> Result<(Vec<Value>, u64), Error> {
        match &self.pool {
            Some(pool) => pool.exchange(&plan),
            None => self.driver.wait(plan),
        }
    }

    fn check(value: &[u8]) -> Result<(), Error> {
        if value.len() > MOST {
            let len = value.len();
            return Err(Error::TooLarge { len, most: MOST });
        }
        Ok(())
    }
}

impl Backend for Redis {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        let plan = commands::get(key, generations, self.is_cluster);
        let (values, epoch) = self.exchange(plan)?;
        commands::reading(values, generations.len(), epoch)
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        Self::check(value)?;
        self.exchange(commands::set(key, value, ttl, lease))?;
        Ok(())
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        self.exchange(commands::remove(key))?;
        Ok(())
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (values, _) = self.exchange(commands::generation(names))?;
        commands::numbers(&values)
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let numbers: Vec<u64> = names.iter().map(|_| commands::fresh()).collect();
        if !names.is_empty() {
            match self.exchange(commands::advance(names, &numbers)) {
                // One without room takes nothing, but lets go of what it has. A generation
                // that is not there is as good as one that was replaced.
                Err(Error::Full(_)) => self.exchange(commands::forget(names))?,
                done => done?,
            };
        }
        Ok(numbers)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.cells.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        let before = self.cells.change(name);
        let message = notices::message(name, self.sender);
        self.exchange(commands::publish(notices::CHANNEL, &message))?;
        Ok(before)
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let (values, _) = self.exchange(commands::lease(key, token, length))?;
        commands::is_taken(&values, token)
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let (values, _) = self.exchange(commands::renew(key, token, length))?;
        commands::is_done(&values)
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        self.exchange(commands::release(key, token))?;
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        let (sizes, texts) = self
            .driver
            .ask_all(commands::size(), commands::info("memory"))?;
        let sum = |values: &mut dyn Iterator<Item = Option<u64>>| values.sum::<Option<u64>>();
        let nodes: Vec<Info> = texts.iter().map(|text| Info::read([text])).collect();
        Ok(Status {
            backend: if self.is_cluster {
                "redis-cluster".into()
            } else {
                "redis".into()
            },
            address: self.shown.clone(),
            is_up: true,
            error: None,
            entries: sum(&mut sizes.iter().map(|size| match size {
                Value::Int(size) => u64::try_from(*size).ok(),
                _ => None,
            })),
            used: sum(&mut nodes.iter().map(|node| node.used)),
            limit: sum(&mut nodes.iter().map(|node| node.limit)),
            policy: nodes.into_iter().find_map(|node| node.policy),
        })
    }

    fn tasks(&self) -> Option<&dyn AsyncBackend> {
        Some(self)
    }
}

impl AsyncBackend for Redis {
    fn get<'a>(&'a self, key: Key, generations: &'a [Name]) -> Pending<'a, Reading> {
        Box::pin(async move {
            let plan = commands::get(key, generations, self.is_cluster);
            let (values, epoch) = self.driver.exchange(plan).await?;
            commands::reading(values, generations.len(), epoch)
        })
    }

    fn set<'a>(
        &'a self,
        key: Key,
        value: &'a [u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Pending<'a, ()> {
        Box::pin(async move {
            Self::check(value)?;
            let plan = commands::set(key, value, ttl, lease);
            self.driver.exchange(plan).await?;
            Ok(())
        })
    }

    fn remove(&self, key: Key) -> Pending<'_, ()> {
        Box::pin(async move {
            self.driver.exchange(commands::remove(key)).await?;
            Ok(())
        })
    }

    fn generation<'a>(&'a self, names: &'a [Name]) -> Pending<'a, Vec<u64>> {
        Box::pin(async move {
            if names.is_empty() {
                return Ok(Vec::new());
            }
            let (values, _) = self.driver.exchange(commands::generation(names)).await?;
            commands::numbers(&values)
        })
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Pending<'_, bool> {
        Box::pin(async move {
            let plan = commands::lease(key, token, length);
            let (values, _) = self.driver.exchange(plan).await?;
            commands::is_taken(&values, token)
        })
    }

    fn release(&self, key: Key, token: Token) -> Pending<'_, ()> {
        Box::pin(async move {
            self.driver.exchange(commands::release(key, token)).await?;
            Ok(())
        })
    }
}
