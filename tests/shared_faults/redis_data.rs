//! A Redis server that is full, and one that has something else than what was stored.

use lruheap::shared::connect;

use crate::alone::{Peer, alone};
use crate::functions::{
    RUNS, change, forget, is_now, is_shared_again, later, right, right_later, value,
};
use crate::servers::{Reply, Server, until};
use std::sync::atomic::Ordering;

fn limit(server: &Server, bytes: &str) {
    let set = server.plain().redis(&["CONFIG", "SET", "maxmemory", bytes]);
    assert_eq!(set, Reply::Line("OK".into()));
}

#[test]
fn one_without_room() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no", "--maxmemory-policy", "noeviction"]);
        connect(&server.url("")).expect("an address");
        is_shared_again();
        for x in 0..5 {
            right(x);
            right_later(x);
        }
        limit(&server, "1mb");
        let refused = server.plain().redis(&["SET", "x", "y"]);
        assert!(matches!(refused, Reply::Error(what) if what.starts_with("OOM")));
        let before = (
            value::cache_info().shared_errors,
            later::cache_info().shared_errors,
        );
        for x in 0..100 {
            right(100 + x);
            right_later(100 + x);
        }
        assert!(value::cache_info().shared_errors >= before.0 + 100);
        assert!(later::cache_info().shared_errors >= before.1 + 100);
        // What it has can be read all the same.
        forget();
        let hits = value::cache_info().shared_hits;
        right(0);
        assert_eq!(value::cache_info().shared_hits, hits + 1);
        for x in 0..5 {
            change(x);
            right(x);
            right_later(x);
            forget();
            right(x);
            right_later(x);
        }
        limit(&server, "0");
        is_shared_again();
        forget();
        for x in 0..5 {
            right(x);
            right_later(x);
        }
    });
}

/// Who removes something waits for no room.
#[test]
fn what_is_invalidated_at_one_without_room_is_invalid_for_all() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no", "--maxmemory-policy", "noeviction"]);
        connect(&server.url("")).expect("an address");
        let mut peer = Peer::start(&server.url(""));
        is_shared_again();
        right(1);
        assert_eq!(peer.ask("value 1"), "0");
        limit(&server, "1mb");
        for version in 1..20 {
            is_now(1, version);
            assert_eq!(
                peer.ask(&format!("change 1 {version}")),
                version.to_string()
            );
            until("the others hear of it", || value(1) == version);
            forget();
            right(1);
        }
    });
}

#[test]
fn one_whose_values_are_garbage() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        connect(&server.url("")).expect("an address");
        is_shared_again();
        let mut plain = server.plain();
        let mut rng = fastrand::Rng::with_seed(5);
        for round in 0..30 {
            for x in 0..5 {
                right(x);
                right_later(x);
            }
            for key in plain.keys("lruheap:v:*") {
                let Reply::Bytes(Some(mut value)) = plain.redis(&[&b"GET"[..], &key]) else {
                    continue;
                };
                let at = rng.usize(..value.len().max(1));
                match round % 4 {
                    _ if value.is_empty() => {}
                    0 => value[at] ^= 1 << rng.u8(..8),
                    1 => value.truncate(at),
                    2 => value.iter_mut().for_each(|byte| *byte = rng.u8(..)),
                    _ => value.clear(),
                }
                plain.redis(&[&b"SET"[..], &key, &value]);
            }
            let runs = RUNS.load(Ordering::SeqCst);
            forget();
            for x in 0..5 {
                right(x);
                right_later(x);
            }
            assert_eq!(RUNS.load(Ordering::SeqCst), runs + 10, "all ran again");
        }
        // Of another type than a value is.
        for key in plain.keys("lruheap:v:*") {
            plain.redis(&[&b"DEL"[..], &key]);
            plain.redis(&[&b"LPUSH"[..], &key, b"x"]);
        }
        forget();
        for x in 0..5 {
            right(x);
            right_later(x);
        }
        is_shared_again();
    });
}

/// The same for what is no value: a generation, a lease.
#[test]
fn one_whose_other_keys_are_garbage() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        connect(&server.url("")).expect("an address");
        is_shared_again();
        let mut plain = server.plain();
        for round in 0..10 {
            for key in plain.keys("lruheap:g:*") {
                plain.redis(&[&b"SET"[..], &key, format!("no number {round}").as_bytes()]);
            }
            forget();
            for x in 0..5 {
                right(x);
                right_later(x);
                change(x);
                right(x);
                right_later(x);
            }
        }
        for key in plain.keys("lruheap:g:*") {
            plain.redis(&[&b"SET"[..], &key, b"?"]);
        }
        value::cache_clear();
        later::cache_clear();
        for key in plain.keys("lruheap:g:*") {
            plain.redis(&[&b"DEL"[..], &key]);
        }
        is_shared_again();
    });
}
