//! Tests with a real server, which is killed, stopped, filled and restarted.

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
use crate::backend::servers::{Server, free_port};

const LONG: Duration = Duration::from_secs(100);

/// How much longer than the deadline something may take here: other tests run as well.
const SLACK: Duration = Duration::from_millis(400);

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

    fn advance(&self, names: &[Name]) -> Result<(), Error> {
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
fn a_cluster_holds_what_a_backend_promises() {
    let server = Server::start(&["--cluster-enabled", "yes"]);
    let mut plain = server.connection();
    ::redis::cmd("CLUSTER")
        .arg(&["ADDSLOTSRANGE", "0", "16383"])
        .exec(&mut plain)
        .expect("it takes all slots");
    let ready = std::cell::RefCell::new(plain);
    until("the cluster is up", || {
        let mut info = ::redis::cmd("CLUSTER");
        let info = info.arg("INFO").query::<String>(&mut *ready.borrow_mut());
        info.expect("it answers").contains("cluster_state:ok")
    });
    let connect = || connect_cluster(&[server.url()], "redis-cluster://shown".into(), patient());
    let (a, b) = (connect().expect("an address"), connect().expect("another"));
    contract::holds(&a, Duration::ZERO);
    let status = a.status().expect("it answers");
    assert_eq!(status.backend, "redis-cluster");
    assert!(status.is_up && status.entries.is_some() && status.used.is_some());
    let name = name();
    until("both listen", || {
        a.watch(name).load(Ordering::Acquire) != BLIND
            && b.watch(name).load(Ordering::Acquire) != BLIND
    });
    let before = b.watch(name).load(Ordering::Acquire);
    a.notify(name).expect("it is told");
    until("the other hears of it", || {
        b.watch(name).load(Ordering::Acquire) != before
    });
    contract::holds(&Tasks(b), Duration::ZERO);
}

#[test]
fn a_server_that_is_not_there_yet_is_found_later() {
    let mut server = Server::prepare(&[]);
    let store = store(&server, timing(300));
    let error = fails(300, || Backend::get(&store, key(), &[]));
    assert!(error.is_outage(), "{error:?}");
    let error = fails(300, || block_on(AsyncBackend::get(&store, key(), &[])));
    assert!(error.is_outage(), "{error:?}");
    let cell = store.watch(name());
    assert_eq!(cell.load(Ordering::Acquire), BLIND);
    server.resume();
    until("it is found", || Backend::get(&store, key(), &[]).is_ok());
    until("tasks find it", || {
        block_on(AsyncBackend::get(&store, key(), &[])).is_ok()
    });
    until("notices are heard", || {
        cell.load(Ordering::Acquire) != BLIND
    });
}

/// TLS takes the certificates of the system, and those are told of by the environment: so
/// this is done by a process of its own.
#[test]
fn a_server_is_spoken_to_by_tls() {
    let folder = crate::backend::servers::Folder::new();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("there is room");
        path.to_str().expect("a name").to_owned()
    };
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let authority = authority.self_signed(&authority_key).expect("an authority");
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).expect("a name");
    let certificate = certificate
        .signed_by(&key, &authority, &authority_key)
        .expect("a certificate");
    let authority = file("authority", authority.pem());
    let certificate = file("certificate", certificate.pem());
    let key = file("key", key.serialize_pem());
    let port = free_port().to_string();
    let mut options = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
    options.extend(["--tls-cert-file", &certificate, "--tls-key-file", &key]);
    options.extend(["--tls-ca-cert-file", &authority]);
    let _server = Server::start(&options);
    for (trusted, is_good) in [(&authority, true), (&certificate, false)] {
        let test = std::env::current_exe().expect("this is one");
        let status = std::process::Command::new(test)
            .args(["--ignored", "--exact"])
            .arg("backend::redis::tests::tls_of_another_process")
            .env("SSL_CERT_FILE", trusted)
            .env("LRUHEAP_TEST_TLS", &port)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.expect("it runs").success(), is_good);
    }
}

#[test]
#[ignore = "another test starts it"]
fn tls_of_another_process() {
    let Ok(port) = std::env::var("LRUHEAP_TEST_TLS") else {
        return;
    };
    let url = format!("rediss://localhost:{port}");
    let store = connect(&url, "rediss://shown".into(), patient()).expect("an address");
    contract::holds(&store, Duration::ZERO);
    contract::holds(&Tasks(store), Duration::ZERO);
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
fn a_server_that_is_killed_costs_a_deadline_and_comes_back_as_another() {
    let mut server = Server::start(&[]);
    let store = store(&server, timing(500));
    let (a, n) = (key(), name());
    Backend::set(&store, a, b"x", LONG, None).expect("it takes a value");
    Backend::generation(&store, &[n]).expect("it is made");
    let before = Backend::get(&store, a, &[n]).expect("it answers");
    let task = block_on(AsyncBackend::get(&store, a, &[n])).expect("it answers");
    assert_eq!(task.epoch, before.epoch);
    assert_ne!(store.watch(n).load(Ordering::Acquire), BLIND);

    server.kill();
    for _ in 0..3 {
        let error = fails(500, || Backend::get(&store, a, &[n]));
        assert!(error.is_outage(), "{error:?}");
        let error = fails(500, || block_on(AsyncBackend::get(&store, a, &[n])));
        assert!(error.is_outage(), "{error:?}");
    }
    fails(500, || store.notify(n));
    until("it is known that nothing is known", || {
        store.watch(n).load(Ordering::Acquire) == BLIND
    });

    server.resume();
    until("threads have it again", || {
        Backend::get(&store, a, &[n]).is_ok()
    });
    until("tasks have it again", || {
        block_on(AsyncBackend::get(&store, a, &[n])).is_ok()
    });
    let after = Backend::get(&store, a, &[n]).expect("it answers");
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.generations, [None]);
    let task = block_on(AsyncBackend::get(&store, a, &[n])).expect("it answers");
    assert_eq!(task.epoch, after.epoch);
    until("notices are heard again", || {
        store.watch(n).load(Ordering::Acquire) != BLIND
    });
}

#[test]
fn a_restart_between_two_calls_is_not_felt() {
    let mut server = Server::start(&[]);
    let store = store(&server, patient());
    Backend::get(&store, key(), &[]).expect("it answers");
    block_on(AsyncBackend::get(&store, key(), &[])).expect("it answers");
    server.kill();
    server.resume();
    Backend::get(&store, key(), &[]).expect("it answers by another connection");
    block_on(AsyncBackend::get(&store, key(), &[])).expect("likewise");
}

#[test]
fn a_server_that_is_stopped_costs_a_deadline() {
    let server = Server::start(&[]);
    let store = store(&server, timing(200));
    let (a, n) = (key(), name());
    until("it answers", || Backend::get(&store, a, &[n]).is_ok());
    until("tasks as well", || {
        block_on(AsyncBackend::get(&store, a, &[n])).is_ok()
    });
    let large = vec![0; 30 << 20];

    server.signal("STOP");
    for _ in 0..3 {
        let error = fails(200, || Backend::get(&store, a, &[n]));
        assert!(matches!(error, Error::Timeout(_)), "{error:?}");
        let error = fails(200, || block_on(AsyncBackend::get(&store, a, &[n])));
        assert!(matches!(error, Error::Timeout(_)), "{error:?}");
        fails(200, || Backend::set(&store, a, &large, LONG, None));
        fails(200, || store.status());
    }
    until("it is known that nothing is known", || {
        store.watch(n).load(Ordering::Acquire) == BLIND
    });

    server.signal("CONT");
    until("threads have it again", || {
        Backend::get(&store, a, &[n]).is_ok()
    });
    until("tasks have it again", || {
        block_on(AsyncBackend::get(&store, a, &[n])).is_ok()
    });
    until("notices are heard again", || {
        store.watch(n).load(Ordering::Acquire) != BLIND
    });
}

#[test]
fn an_answer_that_drips_is_not_waited_for() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    let info = "run_id:0123456789012345678901234567890123456789\r\n";
    let run = format!("${}\r\n{info}\r\n", info.len());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let run = run.clone();
            std::thread::spawn(move || {
                let mut bytes = [0; 10_000];
                let _ = stream.read(&mut bytes);
                let _ = write!(stream, "{run}$0\r\n\r\n");
                let _ = stream.read(&mut bytes);
                let _ = write!(stream, ":1\r\n*1\r\n$100000\r\n");
                while stream.write_all(b"x").is_ok() {
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
    });
    let url = format!("redis://127.0.0.1:{port}");
    let store = connect(&url, "redis://shown".into(), timing(200)).expect("an address");
    let error = fails(200, || Backend::get(&store, key(), &[]));
    assert_eq!(error, Error::Timeout(Duration::from_millis(200)));
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
fn user_and_password_are_used_and_not_shown() {
    let user = [
        "--user",
        "hush-user",
        "on",
        ">hush-password",
        "~*",
        "&*",
        "+@all",
    ];
    let server = Server::start(&[&user[..], &["--requirepass", "hush-other"]].concat());
    let connect = |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}/2", server.port);
        connect(&url, "redis://shown".into(), patient()).expect("an address")
    };
    contract::holds(&connect("hush-user:hush-password@"), Duration::ZERO);
    contract::holds(&Tasks(connect(":hush-other@")), Duration::ZERO);
    let mut plain = server.connection();
    ::redis::cmd("AUTH")
        .arg("hush-other")
        .exec(&mut plain)
        .expect("it is right");
    let mut limit = ::redis::cmd("ACL");
    limit.arg(&["SETUSER", "hush-user", "-set"]);
    limit.exec(&mut plain).expect("it may");
    let errors = [
        Backend::get(&connect("hush-user:hush-wrong@"), key(), &[]).expect_err("wrong"),
        Backend::get(&connect(":hush-wrong@"), key(), &[]).expect_err("wrong"),
        Backend::get(&connect(""), key(), &[]).expect_err("none"),
        block_on(AsyncBackend::get(
            &connect("hush-user:hush-wrong@"),
            key(),
            &[],
        ))
        .expect_err("wrong"),
        block_on(AsyncBackend::get(&connect(""), key(), &[])).expect_err("none"),
        Backend::set(
            &connect("hush-user:hush-password@"),
            key(),
            b"x",
            LONG,
            None,
        )
        .expect_err("it may not"),
    ];
    for error in errors {
        let all = format!("{error} {error:?}");
        assert!(!all.contains("hush"), "{all}");
        assert!(!error.is_outage(), "{all}");
    }
}

#[test]
fn an_address_that_is_wrong_is_told_without_what_was_written() {
    for wrong in [
        "redis://u:hush@h/hush",
        "redis://u:hush@h?protocol=hush",
        "rediss://u:hush@h/#insecure",
        "rediss://u:hush@h/#hush",
        "redis://u:hush@h:hush",
        "hush",
        "http://hush",
    ] {
        let Err(error) = connect(wrong, "shown".into(), timing(10)) else {
            panic!("{wrong} is none");
        };
        assert!(matches!(error, Error::Address(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        let urls = [wrong.to_owned()];
        assert!(connect_cluster(&urls, "shown".into(), timing(10)).is_err());
    }
}
