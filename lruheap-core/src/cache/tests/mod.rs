//! The cache as a whole: against a model of a few lines, and in the hands of
//! keys and values that panic, call back, or come from many threads at once.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::hash::Hasher;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use super::*;
use crate::time::Clock;

mod bounds;
mod freshness;
#[cfg(loom)]
mod interleavings;
mod invalidation;
#[cfg(not(loom))]
mod leaning;
mod model;
#[cfg(not(loom))]
mod phases;
#[cfg(not(loom))]
mod slow_code;
mod threads;
mod user_code;
#[cfg(not(loom))]
mod ways;

/// A clock that stands still unless moved.
#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn builder(&self) -> CacheBuilder {
        Cache::builder().clock(Clock {
            manual: Some(Arc::clone(&self.0)),
        })
    }

    fn advance(&self, nanoseconds: u64) {
        self.0.fetch_add(nanoseconds, Ordering::SeqCst);
    }
}

fn nanoseconds(n: u64) -> Duration {
    Duration::from_nanos(n)
}

fn validate<K, V>(cache: &Cache<K, V>) {
    cache.engine.inspect(|state| state.store.validate());
}

fn under_way<K, V>(cache: &Cache<K, V>) -> usize {
    cache.engine.inspect(|state| state.flights.under_way())
}

/// Fails where `body` hangs, which is what a deadlock does.
fn in_time(body: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let worker = thread::spawn(move || {
        body();
        done.send(()).expect("the test waits");
    });
    match wait.recv_timeout(Duration::from_secs(60)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a deadlock"),
        _ => worker.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

/// A key or value that stands for a number.
trait Numbered: Clone + Debug + PartialEq + 'static {
    fn of(number: u32) -> Self;
    fn number(&self) -> u32;
}

impl Numbered for u32 {
    fn of(number: u32) -> Self {
        number
    }

    fn number(&self) -> u32 {
        *self
    }
}

/// A type of a user's, of which many have the same hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clashing(Box<u32>);

impl Hash for Clashing {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(*self.0 % 3);
    }
}

impl Numbered for Clashing {
    fn of(number: u32) -> Self {
        Clashing(Box::new(number))
    }

    fn number(&self) -> u32 {
        *self.0
    }
}
