//! The store that this process shares with others: it is asked through a breaker, and never
//! forgets an invalidation that it could not be told of.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::address::{Address, Timing};
use crate::backend::{self, BLIND, Backend, Name, Status};
use crate::breaker::Breaker;
use crate::error::Error;
use crate::heart::Heart;

/// Why something was not done.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// The store was not asked, because it had failed before.
    Skipped,
    Failed(Error),
}

impl Failure {
    /// Whether the store may have done it all the same.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self, Failure::Failed(error) if error.is_outage())
    }
}

/// A store, and what is known of it.
pub(crate) struct Store {
    backend: Box<dyn Backend>,
    pub(crate) timing: Timing,
    shown: String,
    breaker: Breaker,
    /// What it said when it failed last.
    last: Mutex<Option<Error>>,
    debts: Mutex<Debts>,
    owes: AtomicBool,
    pub(crate) heart: Heart,
}

/// What the store has yet to be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Debt {
    // In this order: nobody is told of a change that has not been made.
    Advance(Name),
    Notify(Name),
}

/// All of it. Each has a number that is another one when it was added once more: what was told
/// meanwhile is the one before.
#[derive(Default)]
struct Debts {
    list: BTreeMap<Debt, u64>,
    count: u64,
}

impl Debts {
    fn add(&mut self, debt: Debt) {
        self.count += 1;
        self.list.insert(debt, self.count);
    }
}

/// How many debts the store is told of in one operation, which has a deadline.
const AT_ONCE: usize = 256;

/// The one that is connected.
static STORE: OnceLock<Store> = OnceLock::new();

/// Keeps two threads from opening two stores.
static OPENING: Mutex<()> = Mutex::new(());

/// The environment variable with the address.
pub(crate) const VARIABLE: &str = "LRUHEAP_SHARED";

impl Store {
    pub(crate) fn new(backend: Box<dyn Backend>, timing: Timing, shown: String) -> Self {
        Store {
            backend,
            timing,
            shown,
            breaker: Breaker::default(),
            last: Mutex::default(),
            debts: Mutex::default(),
            owes: AtomicBool::new(false),
            heart: Heart::default(),
        }
    }

    fn open(address: Address) -> Result<Self, Error> {
        let Address {
            place,
            timing,
            shown,
        } = address;
        let at = |what: String| format!("{shown}: {what}");
        let backend = backend::open(&place, &shown, timing).map_err(|error| match error {
            Error::Unreachable(what) => Error::Unreachable(at(what)),
            Error::Full(what) => Error::Full(at(what)),
            Error::Other(what) => Error::Other(at(what)),
            error => error,
        })?;
        Ok(Store::new(backend, timing, shown))
    }

    /// The one that is connected; else the one that the environment names, or the embedded
    /// one.
    pub(crate) fn get() -> &'static Store {
        STORE.get().unwrap_or_else(Store::first)
    }

    #[cold]
    fn first() -> &'static Store {
        let mut failed = None;
        let opening = OPENING.lock();
        let store = STORE.get_or_init(|| {
            let address = match std::env::var(VARIABLE) {
                Ok(text) if !text.is_empty() => Address::parse(&text),
                _ => Address::embedded(),
            };
            address.and_then(Store::open).unwrap_or_else(|error| {
                failed = Some(error.clone());
                let broken = Box::new(backend::broken::Broken::new(error));
                Store::new(broken, Timing::default(), "none".into())
            })
        });
        drop(opening);
        // A subscriber may call a function that looks for the store.
        if let Some(error) = failed {
            tracing::error!(%error, "no store can be shared: every process is for itself");
        }
        store
    }

    /// One that is not shared with anybody.
    pub(crate) fn for_itself() -> &'static Store {
        Box::leak(Box::new(Store::none()))
    }

    fn none() -> Store {
        let null = Box::new(backend::null::Null::default());
        Store::new(null, Timing::default(), "null:".into())
    }

    /// The one that is connected, or that other processes of this user may have used.
    pub(crate) fn if_any() -> Option<&'static Store> {
        if let Some(store) = STORE.get() {
            return Some(store);
        }
        let is_named = std::env::var_os(VARIABLE).is_some_and(|text| !text.is_empty());
        let is_there = || {
            let place = Address::embedded().ok().map(|address| address.place);
            matches!(place, Some(crate::address::Place::Lmdb(folder, _)) if folder.exists())
        };
        (is_named || is_there()).then(Store::get)
    }

    pub(crate) fn connect(address: &str) -> Result<(), Error> {
        let address = Address::parse(address)?;
        Store::set(|| Store::open(address))
    }

    pub(crate) fn set(open: impl FnOnce() -> Result<Store, Error>) -> Result<(), Error> {
        let _opening = OPENING.lock();
        if STORE.get().is_some() {
            return Err(Error::AlreadyConnected);
        }
        let store = open()?;
        STORE.set(store).map_err(|_| Error::AlreadyConnected)
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(crate) fn owes(&self) -> bool {
        self.owes.load(Ordering::Acquire)
    }

    /// Whether the store may be asked. What it has yet to be told is told before anything
    /// is read from it: `settle` has failed if that is still so.
    pub(crate) fn admit(&self) -> Result<(), Failure> {
        if self.owes() || !self.breaker.lets_through() {
            return Err(Failure::Skipped);
        }
        Ok(())
    }

    /// What an answer says of the store.
    pub(crate) fn judge<T>(&self, answer: Result<T, Error>) -> Result<T, Failure> {
        match answer {
            Ok(answer) => {
                if self.breaker.succeeded() {
                    tracing::info!(store = self.shown, "the shared store answers again");
                }
                Ok(answer)
            }
            Err(error) => {
                *self.last.lock() = Some(error.clone());
                if error.is_outage() && self.breaker.failed() {
                    tracing::warn!(store = self.shown, %error, "the shared store is left alone for a while");
                } else {
                    tracing::debug!(store = self.shown, %error, "the shared store has failed");
                }
                Err(Failure::Failed(error))
            }
        }
    }

    /// Asks the store, if it answers these days.
    pub(crate) fn ask<T>(
        &self,
        what: impl FnOnce(&dyn Backend) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        if self.owes() {
            self.settle();
        }
        self.admit()?;
        self.ask_now(what)
    }

    /// Asks the store, whether it answers these days or not.
    pub(crate) fn ask_now<T>(
        &self,
        what: impl FnOnce(&dyn Backend) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let begin = Instant::now();
        let answer = what(&*self.backend);
        // An answer that comes this late is an outage for whoever waits for it.
        let is_late = answer.is_ok() && begin.elapsed() > 2 * self.timing.deadline;
        if is_late && self.breaker.failed() {
            tracing::warn!(
                store = self.shown,
                "the shared store is slow, and left alone for a while"
            );
        }
        match answer {
            Ok(answer) if is_late => Ok(answer),
            answer => self.judge(answer),
        }
    }

    /// What belongs to these generations becomes invalid, for all who share the store, and
    /// they are told under this name. What the store can't be told now, it is told before
    /// it is asked for anything else.
    pub(crate) fn invalidate(&'static self, generations: &[Name], watch: Name) -> Invalidated {
        let advanced = if generations.is_empty() {
            self.admit().map(|()| Vec::new())
        } else {
            self.ask(|backend| backend.advance(generations))
        };
        let told = match &advanced {
            Ok(_) => self.backend.notify(watch),
            // Nobody is told of a change that has not been made: this process knows.
            Err(_) => Ok(BLIND),
        };
        let (numbers, failure) = match advanced {
            Ok(numbers) => (numbers, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        if failure.is_some() || told.is_err() {
            let mut debts = self.debts.lock();
            if failure.is_some() {
                for name in generations {
                    debts.add(Debt::Advance(*name));
                }
            }
            debts.add(Debt::Notify(watch));
            self.owes.store(true, Ordering::Release);
            drop(debts);
            self.heart.owe(self);
        }
        Invalidated {
            before: told.unwrap_or(BLIND),
            numbers,
            failure,
        }
    }

    /// Tells the store what it has yet to be told, for as long as one operation may take;
    /// whether that is all.
    pub(crate) fn settle(&self) -> bool {
        if !self.owes() {
            return true;
        }
        if !self.breaker.lets_through() {
            return false;
        }
        let begin = Instant::now();
        loop {
            let some: Vec<(Debt, u64)> = {
                let debts = self.debts.lock();
                let some = debts.list.iter().take(AT_ONCE);
                some.map(|(debt, number)| (*debt, *number)).collect()
            };
            if self.tell(&some).is_err() {
                return false;
            }
            let mut debts = self.debts.lock();
            for (debt, number) in some {
                // What was added meanwhile stays, even if it is the same once more: it
                // may be newer than what the store was told.
                if debts.list.get(&debt) == Some(&number) {
                    debts.list.remove(&debt);
                }
            }
            let is_settled = debts.list.is_empty();
            self.owes.store(!is_settled, Ordering::Release);
            if is_settled || begin.elapsed() >= self.timing.deadline {
                return is_settled;
            }
        }
    }

    fn tell(&self, debts: &[(Debt, u64)]) -> Result<(), Failure> {
        let names: Vec<Name> = debts
            .iter()
            .filter_map(|(debt, _)| match debt {
                Debt::Advance(name) => Some(*name),
                Debt::Notify(_) => None,
            })
            .collect();
        if !names.is_empty() {
            self.ask_now(|backend| backend.advance(&names))?;
        }
        for (debt, _) in debts {
            if let Debt::Notify(name) = debt {
                self.ask_now(|backend| backend.notify(*name))?;
            }
        }
        Ok(())
    }

    pub(crate) fn status(&self) -> Status {
        match self.ask(Backend::status) {
            Ok(status) => status,
            Err(_) => Status {
                backend: self.shown.split(':').next().unwrap_or_default().into(),
                address: self.shown.clone(),
                is_up: false,
                error: self.last.lock().as_ref().map(Error::to_string),
                ..Status::default()
            },
        }
    }

    /// Why the store is left alone.
    pub(crate) fn last_error(&self) -> Error {
        let last = self.last.lock().clone();
        last.unwrap_or_else(|| Error::Unreachable("it has failed a moment ago".into()))
    }
}

/// What came of an invalidation.
pub(crate) struct Invalidated {
    /// The number that was watched before, in this process.
    pub(crate) before: u64,
    /// The new generations; none if there was a failure.
    pub(crate) numbers: Vec<u64>,
    pub(crate) failure: Option<Failure>,
}
