//! What may happen to a server, and to the way there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::process::{Server, free_port};
use super::*;

/// What the system may add to a deadline.
const SLACK: Duration = Duration::from_millis(500);

/// A key that is on this server.
fn key_on(store: &Memcached, server: usize) -> Key {
    let mut keys = (0..).map(Key);
    keys.find(|key| store.servers.of(key.0) == server)
        .expect("there is one")
}

/// That this fails, and is no longer about it than it may be.
#[track_caller]
fn fails<T>(act: impl FnOnce() -> Result<T, Error>) -> Error {
    let begin = Instant::now();
    let Err(error) = act() else {
        panic!("it does not fail");
    };
    let took = begin.elapsed();
    assert!(took < DEADLINE + SLACK, "{took:?}");
    error
}

#[test]
fn a_server_that_is_killed_fails_its_own_and_comes_back_without_what_it_had() {
    let mut servers = [Server::start(&[]), Server::start(&[])];
    let store = store(&[&servers[0], &servers[1]]);
    let (here, there) = (key_on(&store, 0), key_on(&store, 1));
    let (near, far) = (Name(here.0), Name(there.0));
    store.generation(&[near, far]).expect("they are made");
    sees(&store, near);
    sees(&store, far);
    for key in [here, there] {
        store.set(key, b"x", LONG, None).expect("it takes a value");
    }
    servers[1].kill();
    let error = fails(|| store.get(there, &[]));
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    let read = store.get(here, &[near]).expect("the other is well");
    assert!(read.entry.is_some() && read.generations[0].is_some());
    until("one is blind", || watched(&store, far) == BLIND);
    assert_ne!(watched(&store, near), BLIND, "only one");
    let status = store.status().expect("one answers");
    assert!(!status.is_up);
    assert_eq!(status.backend, "memcached");
    servers[1].restart();
    until("it is found again", || store.get(there, &[]).is_ok());
    let read = store.get(there, &[near, far]).expect("it answers");
    assert_eq!(read.entry, None);
    assert!(read.generations[0].is_some());
    assert_eq!(read.generations[1], None);
    sees(&store, far);
    let status = store.status().expect("it answers");
    assert!(status.is_up && status.entries >= Some(3), "{status:?}");
    assert_eq!(status.limit, Some(2 * (64 << 20)));
    assert_eq!(status.policy.as_deref(), Some("lru"));
}

#[test]
fn a_server_that_restarted_unnoticed_costs_no_error() {
    let mut server = Server::start(&[]);
    let store = store(&[&server]);
    let name = Name(1);
    let before = store.generation(&[name]).expect("it is made");
    server.kill();
    server.restart();
    let after = store
        .generation(&[name])
        .expect("the old connection is not used");
    assert_ne!(before, after);
}

#[test]
fn a_server_that_hangs_costs_the_deadline_and_blinds() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    let (key, name) = (Key(1), Name(1));
    sees(&store, name);
    store.set(key, b"x", LONG, None).expect("it takes a value");
    server.signal("STOP");
    let large = vec![1; 900 << 10];
    assert_eq!(fails(|| store.get(key, &[name])), Error::Timeout(DEADLINE));
    assert_eq!(
        fails(|| store.set(key, &large, LONG, None)),
        Error::Timeout(DEADLINE)
    );
    assert_eq!(
        fails(|| store.generation(&[name])),
        Error::Timeout(DEADLINE)
    );
    assert_eq!(
        fails(|| store.lease(key, Token(1), LONG)),
        Error::Timeout(DEADLINE)
    );
    fails(|| store.notify(name));
    fails(|| store.status());
    until("it is blind", || watched(&store, name) == BLIND);
    server.signal("CONT");
    until("it answers again", || store.get(key, &[]).is_ok());
    sees(&store, name);
}

#[test]
fn nobody_there_at_first_is_no_error_yet() {
    let port = free_port();
    let store = store_at(&[format!("127.0.0.1:{port}")]);
    let error = fails(|| store.get(Key(1), &[]));
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    let error = fails(|| store.status());
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert_eq!(watched(&store, Name(1)), BLIND);
    assert!(fails(|| store.notify(Name(1))).is_outage());
}

#[test]
fn a_host_that_has_no_address_is_out_of_reach() {
    let store = store_at(&["no-such-host.invalid:11211".into()]);
    assert!(fails(|| store.get(Key(1), &[])).is_outage());
    assert!(fails(|| store.get(Key(1), &[])).is_outage());
}

#[test]
fn whoever_talks_otherwise_is_no_memcached() {
    for (says, stays) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", true),
        ("", false),
        ("VA 99999999999 t1\r\n", true),
        ("STAT a b\r\nEND\r\nEND\r\nVA 3 t\r\nabcdefgh", true),
        ("END\r\nEND\r\nVA 300 t9\r\nab", true),
        ("END\r\nEND\r\nHD c-1\r\n", true),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener
            .local_addr()
            .expect("it has an address")
            .to_string();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            stream.write_all(says.as_bytes()).expect("it can be told");
            while stays && stream.read(&mut [0; 100]).is_ok_and(|read| read > 0) {}
        });
        fails(|| store_at(&[address]).get(Key(1), &[]));
        thread.join().expect("it is let go");
    }
}

#[test]
fn a_server_that_is_flushed_has_no_generations() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    let before = store.generation(&[Name(1)]).expect("it is made");
    server.say("flush_all\r\n", "OK\r\n");
    let read = store.get(Key(1), &[Name(1)]).expect("it answers");
    assert_eq!(read.generations, [None]);
    assert_ne!(store.generation(&[Name(1)]).expect("it is made"), before);
}

#[test]
fn an_answer_that_never_ends_costs_the_deadline() {
    for drop in ["STAT a b\r\n", "x"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener
            .local_addr()
            .expect("it has an address")
            .to_string();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody comes");
            while stream.write_all(drop.as_bytes()).is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let error = fails(|| store_at(&[address]).get(Key(1), &[]));
        assert_eq!(error, Error::Timeout(DEADLINE));
        thread.join().expect("it is let go");
    }
}

/// Hands on what comes, after some time: often at once, sometimes too late.
fn hand_on(mut from: TcpStream, mut to: TcpStream, longest: u64) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if fastrand::u8(..10) == 0 {
            std::thread::sleep(Duration::from_millis(fastrand::u64(..=longest)));
        }
        if to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[test]
fn an_answer_that_is_late_is_never_that_to_another_question() {
    let server = Server::start(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let proxy = listener
        .local_addr()
        .expect("it has an address")
        .to_string();
    let address = server.address();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(there) = TcpStream::connect(&address) else {
                return;
            };
            let back = stream.try_clone().expect("it can be used twice");
            let out = there.try_clone().expect("it can be used twice");
            std::thread::spawn(move || hand_on(stream, out, 0));
            std::thread::spawn(move || hand_on(there, back, 60));
        }
    });
    let timing = Timing {
        deadline: Duration::from_millis(30),
        ..Timing::default()
    };
    let late = connect(&[proxy], "memcached://late".into(), timing).expect("it is there");
    let direct = store(&[&server]);
    for key in 0..50 {
        let value = [u8::try_from(key).expect("it is small"); 100];
        direct
            .set(Key(key), &value, LONG, None)
            .expect("it takes a value");
    }
    let (answers, failures) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let key = fastrand::u8(..50);
                    let Ok(read) = late.get(Key(key.into()), &[]) else {
                        failures.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    let (value, _) = read.entry.expect("it is there");
                    assert_eq!(value, [key; 100]);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(answers.into_inner() > 0 && failures.into_inner() > 0);
}
