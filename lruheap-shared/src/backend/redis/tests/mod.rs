//! Tests with a real server: what it is asked, and what it answers.

mod cluster;
mod outages;
mod secrets;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::*;
use crate::backend::BLIND;
use crate::backend::contract::{self, until};
use crate::backend::servers::Server;

const LONG: Duration = Duration::from_secs(100);

/// How much longer than the deadline something may take here: other tests run as well.
const SLACK: Duration = Duration::from_millis(600);

fn timing(millis: u64) -> Timing {
    Timing {
        deadline: Duration::from_millis(millis),
        ..Timing::default()
    }
}

fn patient() -> Timing {
    timing(5000)
}

fn store(server: &Server, timing: Timing) -> Redis {
    connect(&server.url(), "redis://shown".into(), timing).expect("an address")
}

fn key() -> Key {
    Key(fastrand::u128(..))
}

fn name() -> Name {
    Name(fastrand::u128(..))
}

/// What an executor is at the least.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A store as tasks see it, so that it can be held to the same contract.
struct Tasks(Redis);

impl Backend for Tasks {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        block_on(AsyncBackend::get(&self.0, key, generations))
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        block_on(AsyncBackend::set(&self.0, key, value, ttl, lease))
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        block_on(AsyncBackend::remove(&self.0, key))
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        block_on(AsyncBackend::generation(&self.0, names))
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        self.0.advance(names)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.0.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        self.0.notify(name)
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        block_on(AsyncBackend::lease(&self.0, key, token, length))
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        self.0.renew(key, token, length)
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        block_on(AsyncBackend::release(&self.0, key, token))
    }

    fn status(&self) -> Result<Status, Error> {
        self.0.status()
    }
}

/// Something fails, in no more than the deadline.
#[track_caller]
fn fails<T: std::fmt::Debug>(deadline: u64, what: impl Fn() -> Result<T, Error>) -> Error {
    let begin = Instant::now();
    let error = what().expect_err("nobody answers");
    let took = begin.elapsed();
    assert!(
        took < Duration::from_millis(deadline) + SLACK,
        "{took:?}: {error}"
    );
    error
}

#[test]
fn it_holds_what_a_backend_promises() {
    let server = Server::start(&[]);
    contract::holds(&store(&server, patient()), Duration::ZERO);
}

#[test]
fn tasks_of_any_executor_get_the_same() {
    let server = Server::start(&[]);
    contract::holds(&Tasks(store(&server, patient())), Duration::ZERO);
    let store = store(&server, patient());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let read = runtime
        .expect("a runtime")
        .block_on(AsyncBackend::get(&store, key(), &[]));
    assert_eq!(read.expect("it answers").entry, None);
    assert!(store.tasks().is_some());
}

#[test]
fn a_future_may_be_dropped_at_any_time() {
    let server = Server::start(&[]);
    let store = store(&server, patient());
    let a = key();
    Backend::set(&store, a, b"x", LONG, None).expect("it takes a value");
    for _ in 0..100 {
        let mut future = AsyncBackend::get(&store, a, &[]);
        let _ = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        drop(future);
        drop(AsyncBackend::get(&store, a, &[]));
    }
    let read = block_on(AsyncBackend::get(&store, a, &[])).expect("it answers");
    assert_eq!(read.entry.expect("it is there").0, b"x");
}

#[cfg(unix)]
#[test]
fn it_is_reached_by_a_socket_of_the_system() {
    let folder = crate::backend::servers::Folder::new();
    let path = folder.path().join("s");
    let path = path.to_str().expect("a name");
    let _server = Server::start(&["--unixsocket", path]);
    let store = connect(&format!("unix:{path}?db=1"), "unix:".into(), patient());
    contract::holds(&store.expect("an address"), Duration::ZERO);
}

#[test]
fn a_thread_of_an_executor_may_use_it_too() {
    let server = Server::start(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = store(&server, patient());
        Backend::get(&store, key(), &[]).expect("it answers");
        store.status().expect("it answers");
        AsyncBackend::get(&store, key(), &[])
            .await
            .expect("it answers");
    });
}

#[test]
fn a_server_without_room_says_so_and_goes_on() {
    let server = Server::start(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]);
    let store = store(&server, patient());
    let value = vec![7; 100_000];
    let error = (0..1000).find_map(|_| Backend::set(&store, key(), &value, LONG, None).err());
    assert!(matches!(error, Some(Error::Full(_))), "{error:?}");
    let error = block_on(AsyncBackend::set(&store, key(), &value, LONG, None));
    assert!(matches!(error, Err(Error::Full(_))), "{error:?}");
    Backend::get(&store, key(), &[]).expect("it can be read");
    let n = name();
    let generation = |number: &str| {
        let mut plain = server.connection();
        let mut set = ::redis::cmd("SET");
        let mut limit = ::redis::cmd("CONFIG");
        let limit = limit.arg(&["SET", "maxmemory"]);
        limit.clone().arg("100mb").exec(&mut plain).expect("it may");
        set.arg(n.to_string()).arg(number);
        set.exec(&mut plain).expect("there is room");
        limit.arg("4mb").exec(&mut plain).expect("it may");
    };
    generation("7");
    let read = |store: &Redis| Backend::get(store, key(), &[n]).map(|read| read.generations);
    assert_eq!(read(&store), Ok(vec![Some(7)]));
    store.advance(&[n]).expect("this takes no room");
    assert_eq!(read(&store), Ok(vec![None]), "whatever had it is invalid");
    store.notify(n).expect("nor does this");
    let status = store.status().expect("it answers");
    assert_eq!(status.backend, "redis");
    assert_eq!(status.address, "redis://shown");
    assert_eq!(status.limit, Some(4 << 20));
    assert_eq!(status.policy.as_deref(), Some("noeviction"));
    assert!(status.entries > Some(0) && status.used > Some(0));
}

#[test]
fn others_hear_of_what_one_invalidates() {
    let server = Server::start(&[]);
    let (a, b) = (store(&server, patient()), store(&server, patient()));
    let (one, two) = (name(), name());
    let read = |store: &Redis, name| store.watch(name).load(Ordering::Acquire);
    assert_ne!(read(&a, one), BLIND, "connecting waits for it");
    let before = (read(&a, one), read(&b, one), read(&a, two), read(&b, two));
    assert!(!before.1.eq(&BLIND));
    assert_eq!(a.notify(one).expect("it is told"), before.0);
    let own = read(&a, one);
    assert_ne!(own, before.0);
    until("the other hears", || read(&b, one) != before.1);
    assert_eq!((read(&a, two), read(&b, two)), (before.2, before.3));
    a.notify(two).expect("it is told");
    until("the other hears", || read(&b, two) != before.3);
    assert_eq!(read(&a, one), own, "one's own word is not heard again");
}

#[test]
fn generations_that_are_lost_are_known_to_be() {
    let server = Server::start(&[]);
    let store = store(&server, patient());
    let names = [name(), name()];
    let before = Backend::generation(&store, &names).expect("they are made");
    let mut plain = server.connection();
    for name in names {
        let left: i64 = ::redis::cmd("TTL")
            .arg(name.to_string())
            .query(&mut plain)
            .expect("it answers");
        assert!(left > 24 * 3600, "{left}");
    }
    ::redis::cmd("FLUSHALL")
        .exec(&mut plain)
        .expect("it forgets");
    let read = Backend::get(&store, key(), &names).expect("it answers");
    assert_eq!(read.generations, [None, None]);
    let after = Backend::generation(&store, &names).expect("they are made anew");
    assert!(before.iter().all(|number| !after.contains(number)));
}

#[test]
fn all_who_ask_at_the_same_time_get_one_generation() {
    let server = Server::start(&[]);
    let stores = [store(&server, patient()), store(&server, patient())];
    let name = name();
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|i| {
                let store = &stores[i % 2];
                scope.spawn(move || Backend::generation(store, &[name]).expect("it answers")[0])
            })
            .collect();
        let ends = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ends.map(|end| end.expect("it ends")).collect()
    });
    assert!(numbers.iter().all(|number| *number == numbers[0]));
}

#[test]
fn a_server_that_will_refuse_when_it_is_full_is_warned_of_once() {
    let look = |limit, policy: &str| {
        let report = report("redis://shown");
        report.look(&Info {
            limit,
            policy: Some(policy.into()),
            ..Info::default()
        });
        report.has_warned.load(Ordering::Relaxed)
    };
    assert!(look(Some(1), "noeviction"));
    assert!(!look(None, "noeviction"), "it has no limit");
    assert!(!look(Some(1), "allkeys-lru"));
}
