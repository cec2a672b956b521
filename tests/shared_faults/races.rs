//! Processes that compute while another invalidates: what is older than an invalidation that
//! the store has acknowledged is never read, whatever goes wrong on the way of others.

use std::time::{Duration, Instant};

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{find_in, found, publish};
use crate::proxy::{Proxy, Way};
use crate::servers::{Folder, Server};

/// How long each store is tried.
const TIME: Duration = Duration::from_secs(2);

/// This process invalidates at `url`, others compute at `theirs`, and one reads what they
/// have left.
fn race(what: &str, url: &str, theirs: &str, mut disturb: impl FnMut(u64)) {
    let folder = Folder::new();
    let truth = folder.path().join("truth");
    find_in(&truth);
    publish(0);
    connect(url).expect("an address");
    let mut reader = Peer::start(url);
    let mut peers = [Peer::start(theirs), Peer::start(theirs)];
    for peer in peers.iter_mut().chain([&mut reader]) {
        peer.ask(&format!("truth {}", truth.display()));
    }
    for peer in &mut peers {
        peer.ask("hammer");
    }
    let (begin, mut version) = (Instant::now(), 0);
    while begin.elapsed() < TIME {
        version += 1;
        publish(version);
        let before = found::cache_info();
        match version % 3 {
            0 => found::cache_clear(),
            _ => drop(found::cache_remove(1)),
        }
        let after = found::cache_info();
        let failures = after.shared_errors + after.shared_skips;
        let is_told = version % 3 == 0 || failures == before.shared_errors + before.shared_skips;
        disturb(version);
        // Whoever is first finds what others have left.
        if version % 2 == 0 {
            assert_eq!(found(1), version, "{what}: in this process");
        }
        if is_told {
            let read = reader.ask("found 1");
            assert_eq!(read, version.to_string(), "{what}: in another");
        }
        assert_eq!(found(1), version, "{what}: in this process");
    }
    for peer in &mut peers {
        peer.ask("rest");
    }
    let runs: Vec<String> = peers.iter_mut().map(|peer| peer.ask("runs")).collect();
    let read = reader.ask("runs");
    say(&format!(
        "{what}: {version} changes, none was missed; runs of others {runs:?}, of the reader {read}"
    ));
}

fn local(scheme: &str) {
    let folder = Folder::new();
    let url = format!("{scheme}:{}?deadline=1s", folder.path().display());
    race(scheme, &url, &url, |_| {});
}

#[test]
fn redis() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        let url = server.url("?deadline=1s");
        race("Redis", &url, &url, |_| {});
    });
}

#[test]
fn memcached() {
    alone(|| {
        let server = Server::memcached(&[]);
        let url = server.url("?deadline=1s");
        race("memcached", &url, &url, |_| {});
    });
}

#[test]
fn lmdb() {
    alone(|| local("lmdb"));
}

#[test]
fn files() {
    alone(|| local("file"));
}

#[test]
fn redis_with_a_way_that_is_cut_and_slow() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        let proxy = Proxy::to(server.port);
        let theirs = format!("redis://127.0.0.1:{}?deadline=20ms", proxy.port);
        let url = server.url("?deadline=1s&wait=100ms&lease=1s");
        race("Redis, a bad way", &url, &theirs, |version| {
            disturb(&proxy, version);
        });
    });
}

#[test]
fn memcached_with_a_way_that_is_cut_and_slow() {
    alone(|| {
        let server = Server::memcached(&[]);
        let proxy = Proxy::to(server.port);
        let theirs = format!("memcached://127.0.0.1:{}?deadline=20ms", proxy.port);
        let url = server.url("?deadline=1s&wait=100ms&lease=1s");
        race("memcached, a bad way", &url, &theirs, |version| {
            disturb(&proxy, version);
        });
    });
}

fn disturb(proxy: &Proxy, version: u64) {
    if version % 5 == 0 {
        proxy.cut();
    }
    proxy.is(match version % 11 {
        3 | 4 => Way::Slow(Duration::from_millis(15)),
        7 => Way::Slow(Duration::from_millis(30)),
        _ => Way::Good,
    });
}
