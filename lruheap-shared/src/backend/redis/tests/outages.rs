//! Tests with a server that is killed, stopped, restarted, or slow.

use super::*;

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
    // More than sockets buffer.
    let large = vec![0; 16 << 20];

    server.signal("STOP");
    for _ in 0..3 {
        let error = fails(200, || Backend::get(&store, a, &[n]));
        assert!(matches!(error, Error::Timeout(_)), "{error:?}");
        let error = fails(200, || block_on(AsyncBackend::get(&store, a, &[n])));
        assert!(matches!(error, Error::Timeout(_)), "{error:?}");
        fails(200, || store.status());
    }
    fails(200, || Backend::set(&store, a, &large, LONG, None));
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
fn a_server_that_is_restored_is_another_whatever_it_remembers() {
    let mut server = Server::start(&[]);
    let store = store(&server, patient());
    let (a, n) = (key(), name());
    let old = Backend::generation(&store, &[n]).expect("it is made");
    Backend::set(&store, a, b"x", LONG, None).expect("it takes a value");
    let before = Backend::get(&store, a, &[n]).expect("it answers");
    let mut plain = server.connection();
    ::redis::cmd("SAVE").exec(&mut plain).expect("it is saved");
    store.advance(&[n]).expect("it is replaced");
    server.kill();
    server.resume();
    let after = Backend::get(&store, a, &[n]).expect("it answers");
    assert_eq!(
        after.generations,
        [Some(old[0])],
        "the old one has come back"
    );
    assert_eq!(after.entry.expect("and the value").0, b"x");
    assert_ne!(after.epoch, before.epoch, "but the epoch tells");
    let task = block_on(AsyncBackend::get(&store, a, &[n])).expect("it answers");
    assert_eq!(task.epoch, after.epoch);
}

#[test]
fn what_takes_connections_and_says_nothing_costs_a_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    let url = format!("redis://127.0.0.1:{port}");
    let begin = Instant::now();
    let store = connect(&url, "redis://shown".into(), timing(100)).expect("an address");
    assert!(begin.elapsed() < Duration::from_millis(100) + SLACK);
    let urls = [url];
    let cluster = connect_cluster(&urls, "redis-cluster://shown".into(), timing(100));
    for store in [store, cluster.expect("an address")] {
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| fails(100, || Backend::get(&store, key(), &[])));
                scope.spawn(|| fails(100, || block_on(AsyncBackend::get(&store, key(), &[]))));
            }
        });
        fails(100, || store.notify(name()));
    }
}
