//! What a store has to be able to do, and those that come with the crate, a file each.
//!
//! A backend moves bytes: it knows nothing of functions, of how values are encoded, of when
//! to give up on itself. What belongs here is how one kind of store is spoken to; what all
//! of them have in common is in `store.rs` and above.

pub(crate) mod broken;
#[cfg(test)]
pub(crate) mod contract;
pub(crate) mod file;
pub(crate) mod lmdb;
#[cfg(feature = "memcached")]
pub(crate) mod memcached;
pub(crate) mod memory;
pub(crate) mod null;
#[cfg(all(test, unix))]
pub(crate) mod other;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(all(test, feature = "redis"))]
pub(crate) mod servers;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::address::{Place, Timing};
use crate::error::Error;

/// Opens the store at a place, which may be shown like this.
pub(crate) fn open(place: &Place, shown: &str, timing: Timing) -> Result<Box<dyn Backend>, Error> {
    match place {
        Place::Lmdb(folder, size) => {
            let store = lmdb::Lmdb::open(folder, *size, shown, timing)?;
            Ok(Box::new(store))
        }
        Place::File(folder) => Ok(Box::new(file::File::open(folder, shown, timing)?)),
        Place::Memory => Ok(Box::new(memory::Memory::default())),
        Place::Null => Ok(Box::new(null::Null::default())),
        #[cfg(feature = "memcached")]
        Place::Memcached(servers) => {
            let store = memcached::connect(servers, shown.to_owned(), timing)?;
            Ok(Box::new(store))
        }
        #[cfg(not(feature = "memcached"))]
        Place::Memcached(_) => Err(Error::Address(
            "memcached needs the feature `memcached` of lruheap".into(),
        )),
        #[cfg(feature = "redis")]
        Place::Redis(url) => Ok(Box::new(redis::connect(url, shown.to_owned(), timing)?)),
        #[cfg(feature = "redis")]
        Place::RedisCluster(urls) => {
            let store = redis::connect_cluster(urls, shown.to_owned(), timing)?;
            Ok(Box::new(store))
        }
        #[cfg(not(feature = "redis"))]
        Place::Redis(_) | Place::RedisCluster(_) => Err(Error::Address(
            "Redis needs the feature `redis` of lruheap".into(),
        )),
    }
}

/// The name of an entry in a store: a hash of 128 bits of all that makes up its key. The
/// key itself stands in the value, and is compared there.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub u128);

/// The name of a generation: a number that is replaced by another when what belongs to it
/// becomes invalid (all results of a function, some of them, those with a tag).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub u128);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lruheap:v:{:032x}", self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lruheap:g:{:032x}", self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is found under a key, as one look at the store shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The value, if it has not expired, and how long it has left by the store's own clock.
    pub entry: Option<(Vec<u8>, Duration)>,
    /// The generations that were asked for, in order; `None` for one that the store does
    /// not have (any more).
    pub generations: Vec<Option<u64>>,
    /// Changes whenever the store may have forgotten the latest generations: it was
    /// restarted, restored, made anew.
    pub epoch: u64,
}

/// Who has the lease of a key: random, and so not anyone else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub u64);

/// What a store tells of itself, by [`status`](crate::status).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What kind of store it is: `lmdb`, `file`, `redis`, `redis-cluster`, `memcached`, …
    pub backend: String,
    /// Its address, without user and password.
    pub address: String,
    /// Whether it answers, as far as is known.
    pub is_up: bool,
    /// Why it does not, if it does not.
    pub error: Option<String>,
    /// How many entries it has, where it says so. Of a server that is used for other
    /// things as well, these are all.
    pub entries: Option<u64>,
    /// The bytes that it uses.
    pub used: Option<u64>,
    /// The most bytes that it uses.
    pub limit: Option<u64>,
    /// Which entries make room for others, in its own words.
    pub policy: Option<String>,
}

/// A future of a backend.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The value of a [watch](Backend::watch) while nothing is known of what other processes
/// invalidate: results in memory are not to be trusted.
pub const BLIND: u64 = lruheap_core::memo::BLIND;

/// A store that processes share.
///
/// Everything in here may be called from any thread at any time, several calls at once.
/// Each call returns within the deadline that the backend was made with, or shortly after:
/// a store that is slow is one that fails.
///
/// # Invalidation
///
/// Whoever computes a value reads the generations that it belongs to before it begins, and
/// they are stored with it; whoever reads it compares. So a value is invalid from the
/// moment on at which one of its generations is replaced, and a computation that began
/// before brings one that is born invalid. What a store has to guarantee is that a
/// generation never comes back: one that is lost reads as `None`, or the
/// [epoch](Reading::epoch) changes.
///
/// Results in the memory of other processes are reached by [`notify`](Backend::notify) and
/// [`watch`](Backend::watch).
pub trait Backend: Send + Sync + 'static {
    /// The value under a key and the current generations, at one look: if a generation is
    /// replaced before this begins, the new one is seen.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error>;

    /// Puts a value under a key for `ttl`. With a lease, this ends it, if it is still
    /// `Token`'s, once the value is there for others.
    ///
    /// # Errors
    ///
    /// If the store does not answer, or does not take the value.
    fn set(&self, key: Key, value: &[u8], ttl: Duration, lease: Option<Token>)
    -> Result<(), Error>;

    /// Removes what is under a key, if there is anything.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn remove(&self, key: Key) -> Result<(), Error>;

    /// The current generations. One that the store does not have is made, by one of those
    /// who ask at the same time, and all of them get that.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error>;

    /// Replaces generations, each by a number that it never had; gives these. Who asks at
    /// the same time is given others, and those of one of them stay.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error>;

    /// The number that changes, here and in all other processes, when somebody
    /// [notifies](Backend::notify) of this name; [`BLIND`] while that would not be known.
    /// It is read at every hit, and is the same place for the same name each time.
    ///
    /// Other names may have the same place: what it says then is that something may have
    /// changed.
    fn watch(&self, name: Name) -> &'static AtomicU64;

    /// Adds one to the number that is [watched](Backend::watch) under this name, in this
    /// process before it returns, and gives the one that was there before, in this process.
    /// The numbers of others change when they hear of it. None ever goes back, and word
    /// from others adds one as well, or more.
    ///
    /// # Errors
    ///
    /// If others can't be told. This process knows even so.
    fn notify(&self, name: Name) -> Result<u64, Error>;

    /// Takes the lease of a key for `length`, unless somebody else has it.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error>;

    /// Prolongs a lease, to `length` from now. Says whether it was still `token`'s.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error>;

    /// Gives a lease back, if it is still `token`'s.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn release(&self, key: Key, token: Token) -> Result<(), Error>;

    /// What the store tells of itself. It is asked for this alone.
    ///
    /// # Errors
    ///
    /// If the store does not answer.
    fn status(&self) -> Result<Status, Error>;

    /// Whether reading takes a few microseconds and never waits: then tasks do it where
    /// they are, and not on a thread for what blocks.
    fn is_immediate(&self) -> bool {
        false
    }

    /// The same store for tasks, if it can be asked without blocking a thread. For one that
    /// can't, tasks use the rest of this trait from threads that may block.
    fn tasks(&self) -> Option<&dyn AsyncBackend> {
        None
    }
}

/// A [`Backend`] as tasks use it, whatever their executor: no future of these needs one
/// that is known by name. What each does is said there.
#[allow(clippy::missing_errors_doc)]
pub trait AsyncBackend: Send + Sync {
    /// As [`Backend::get`].
    fn get<'a>(&'a self, key: Key, generations: &'a [Name]) -> Pending<'a, Reading>;

    /// As [`Backend::set`].
    fn set<'a>(
        &'a self,
        key: Key,
        value: &'a [u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Pending<'a, ()>;

    /// As [`Backend::remove`].
    fn remove(&self, key: Key) -> Pending<'_, ()>;

    /// As [`Backend::generation`].
    fn generation<'a>(&'a self, names: &'a [Name]) -> Pending<'a, Vec<u64>>;

    /// As [`Backend::lease`].
    fn lease(&self, key: Key, token: Token, length: Duration) -> Pending<'_, bool>;

    /// As [`Backend::release`].
    fn release(&self, key: Key, token: Token) -> Pending<'_, ()>;
}
