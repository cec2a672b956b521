//! The store with real servers. What may happen to them is in `outages.rs`.

mod outages;
mod process;

use std::sync::atomic::Ordering;
use std::time::Instant;

use self::process::Server;
use super::*;
use crate::backend::BLIND;
use crate::backend::contract::{self, until};

/// Patient enough for a machine that is busy.
const DEADLINE: Duration = Duration::from_millis(500);

const LONG: Duration = Duration::from_secs(100);

fn store_at(addresses: &[String]) -> Memcached {
    let timing = Timing {
        deadline: DEADLINE,
        ..Timing::default()
    };
    connect(addresses, "memcached://test".into(), timing).expect("it need not be there")
}

fn store(servers: &[&Server]) -> Memcached {
    let addresses: Vec<String> = servers.iter().map(|server| server.address()).collect();
    store_at(&addresses)
}

fn watched(store: &Memcached, name: Name) -> u64 {
    store.watch(name).load(Ordering::Acquire)
}

fn sees(store: &Memcached, name: Name) {
    until("it sees", || watched(store, name) != BLIND);
}

#[test]
fn it_holds_what_a_backend_promises() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    sees(&store, Name(1));
    contract::holds(&store, Duration::from_secs(1));
}

#[test]
fn two_servers_hold_it_as_well() {
    let servers = [Server::start(&[]), Server::start(&[])];
    let store = store(&[&servers[0], &servers[1]]);
    for name in 0..20 {
        sees(&store, Name(name));
    }
    for _ in 0..3 {
        contract::holds(&store, Duration::from_secs(1));
    }
}

#[test]
fn names_and_keys_are_found_in_the_same_place_in_whatever_order_the_servers_are_named() {
    let (a, b, c) = ("a:1".to_owned(), "b:1".to_owned(), "c:1".to_owned());
    let one = Servers::new(&[a.clone(), b.clone(), c.clone()], DEADLINE);
    let other = Servers::new(&[c, a.clone(), b.clone(), a], DEADLINE);
    let without = Servers::new(&["a:1".to_owned(), b], DEADLINE);
    let mut counts = [0; 3];
    for id in 0..3000 {
        let at = one.of(id);
        counts[at] += 1;
        assert_eq!(other.of(id), (at + 1) % 3);
        assert!(at == 2 || without.of(id) == at, "only what c had moves");
    }
    assert!(counts.iter().all(|count| *count > 800), "{counts:?}");
    // Other versions of this crate find them there as well.
    let places: Vec<usize> = (0..12).map(|id| one.of(id)).collect();
    assert_eq!(places, [0, 0, 0, 2, 2, 0, 0, 2, 0, 1, 0, 1]);
}

#[test]
fn a_host_is_found_by_its_name() {
    let server = Server::start(&[]);
    let store = store_at(&[server.address().replace("127.0.0.1", "localhost")]);
    store.set(Key(1), b"x", LONG, None).expect("it is found");
}

#[test]
fn a_value_that_is_too_large_is_told() {
    for options in [&[][..], &["-I", "2m"]] {
        let server = Server::start(options);
        let store = store(&[&server]);
        let most = if options.is_empty() { 1 << 20 } else { 2 << 20 };
        for len in [most, 4 << 20] {
            let value = vec![7; len];
            let error = store
                .set(Key(1), &value, LONG, None)
                .expect_err("too large");
            let len = len + HEAD;
            assert_eq!(error, Error::TooLarge { len, most });
        }
        // One that is within the limit, but not together with what the server adds.
        let value = vec![7; most - HEAD - 10];
        let error = store
            .set(Key(1), &value, LONG, None)
            .expect_err("too large");
        assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
        let value = vec![7; most - 1000];
        store.set(Key(1), &value, LONG, None).expect("it takes it");
        let read = store.get(Key(1), &[]).expect("it answers");
        assert_eq!(read.entry.map(|(value, _)| value.len()), Some(most - 1000));
    }
}

#[test]
fn a_server_that_may_forget_nothing_is_full_at_some_time() {
    let server = Server::start(&["-M", "-m", "2"]);
    let store = store(&[&server]);
    let value = vec![7; 500_000];
    let error = (0..200).find_map(|key| store.set(Key(key), &value, LONG, None).err());
    assert!(matches!(error, Some(Error::Full(_))), "{error:?}");
    let status = store.status().expect("it answers");
    assert_eq!(status.policy.as_deref(), Some("no evictions (-M)"));
}

#[test]
fn times_of_any_length_are_kept() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    let day = Duration::from_secs(24 * 3600);
    for ttl in [
        10 * day,
        30 * day,
        31 * day,
        365 * day,
        36_500 * day,
        Duration::MAX,
    ] {
        store
            .set(Key(1), b"x", ttl, None)
            .expect("it takes a value");
        let read = store.get(Key(1), &[]).expect("it answers");
        let (_, left) = read.entry.expect("it is there");
        let most = ttl.min(Duration::from_millis(u64::MAX));
        assert!(
            left <= most && left + 3 * Duration::from_secs(1) >= most,
            "{ttl:?} {left:?}"
        );
    }
    // Less than the server can tell apart.
    store
        .set(Key(1), b"x", Duration::from_millis(10), None)
        .expect("it takes a value");
    if let Some((_, left)) = store.get(Key(1), &[]).expect("it answers").entry {
        assert!(left <= Duration::from_millis(10));
    }
    store
        .set(Key(1), b"x", Duration::ZERO, None)
        .expect("it takes a value");
    assert_eq!(store.get(Key(1), &[]).expect("it answers").entry, None);
}

#[test]
fn who_is_notified_and_who_is_not() {
    let server = Server::start(&[]);
    let (one, other) = (store(&[&server]), store(&[&server]));
    let (a, b) = (Name(1), Name(2));
    for store in [&one, &other] {
        sees(store, a);
        sees(store, b);
    }
    let (mine, still) = (watched(&other, a), watched(&other, b));
    one.notify(a).expect("it is told");
    let (own, begin) = (watched(&one, a), Instant::now());
    until("it is heard", || watched(&other, a) != mine);
    assert!(begin.elapsed() < Duration::from_secs(2));
    one.notify(b).expect("it is told");
    until("it is heard", || watched(&other, b) != still);
    // All that was asked for meanwhile has not made it look as if another had changed it.
    assert_eq!(watched(&one, a), own);
    let before = (watched(&one, a), watched(&other, a), watched(&other, b));
    server.say("flush_all\r\n", "OK\r\n");
    until("what is lost has changed", || {
        let after = (watched(&one, a), watched(&other, a), watched(&other, b));
        before.0 != after.0 && before.1 != after.1 && before.2 != after.2
    });
}

#[test]
fn a_change_while_one_was_blind_is_not_missed_and_the_rest_is_as_it_was() {
    let server = Server::start(&[]);
    let (one, other) = (store(&[&server]), store(&[&server]));
    let (a, b) = (Name(1), Name(2));
    sees(&one, a);
    sees(&one, b);
    let before = (watched(&one, a), watched(&one, b));
    let cell = one.watch(a);
    one.notices.rest();
    until("it does not look", || cell.load(Ordering::Acquire) == BLIND);
    other.notify(a).expect("it is told");
    sees(&one, a);
    assert_ne!(watched(&one, a), before.0);
    assert_eq!(watched(&one, b), before.1);
}

#[test]
fn what_others_put_there_is_nothing() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    let (key, name) = (Key(1), Name(1));
    for garbage in ["", "x", "123456789", "12345678", "a longer one, of others"] {
        let len = garbage.len();
        for place in [key.to_string(), name.to_string()] {
            let words = format!("set {place} 0 0 {len}\r\n{garbage}\r\n");
            server.say(&words, "STORED\r\n");
        }
        let read = store.get(key, &[name]).expect("it answers");
        assert_eq!(read.entry, None, "{garbage}");
        let made = store.generation(&[name]).expect("one is made");
        let read = store.get(key, &[name]).expect("it answers");
        assert_eq!(read.generations, [Some(made[0])]);
    }
}

#[test]
fn a_generation_is_the_same_for_all_who_ask_at_once() {
    let server = Server::start(&[]);
    let stores: Vec<Memcached> = (0..4).map(|_| store(&[&server])).collect();
    for round in 0..20 {
        let names: Vec<Name> = (0..300).map(|at| Name(round * 1000 + at)).collect();
        let made: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let ask = |store: &Memcached| store.generation(&names).expect("they are made");
            let threads: Vec<_> = stores
                .iter()
                .map(|store| scope.spawn(move || ask(store)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("it ends"))
                .collect()
        });
        assert!(made.iter().all(|one| *one == made[0]));
    }
}

#[test]
fn one_of_many_has_the_lease() {
    let server = Server::start(&[]);
    let store = store(&[&server]);
    for round in 0..50 {
        let won: usize = std::thread::scope(|scope| {
            let store = &store;
            let take = |token| {
                store
                    .lease(Key(round), Token(token), LONG)
                    .expect("it answers")
            };
            let threads: Vec<_> = (0..4)
                .map(|token| scope.spawn(move || take(token)))
                .collect();
            threads
                .into_iter()
                .map(|thread| usize::from(thread.join().expect("it ends")))
                .sum()
        });
        assert_eq!(won, 1);
    }
}
