//! What a store could not be told: it is told as soon as it answers, without a call of
//! anything, and all others see it then.

use std::time::{Duration, Instant};

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{BOUND, find_in, found, publish, tagged};
use crate::servers::{Folder, Server, until};

fn owed(mut server: Server, what: &str) {
    let folder = Folder::new();
    let truth = folder.path().join("truth");
    find_in(&truth);
    publish(0);
    connect(&server.url("")).expect("an address");
    let mut peer = Peer::start(&server.url(""));
    peer.ask(&format!("truth {}", truth.display()));
    for version in 1..=4 {
        until("both are shared", || {
            let hits = (
                found::cache_info().shared_hits,
                tagged::cache_info().shared_hits,
            );
            found(1);
            tagged(1);
            found::cache().clear();
            tagged::cache().clear();
            found(1);
            tagged(1);
            found::cache_info().shared_hits > hits.0 && tagged::cache_info().shared_hits > hits.1
        });
        let old = version - 1;
        assert_eq!(peer.ask("both 1"), format!("{old} {old}"));
        if version % 2 == 1 {
            server.pause();
        } else {
            server.kill();
        }
        publish(version);
        let begin = Instant::now();
        found::cache_remove(1);
        lruheap::invalidate_tag("found");
        assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
        assert_eq!((found(1), tagged(1)), (version, version));
        if version % 2 == 1 {
            server.go_on();
        } else {
            server.resume();
        }
        let begin = Instant::now();
        let expected = format!("{version} {version}");
        until("others see it", || peer.ask("both 1") == expected);
        let time = begin.elapsed();
        say(&format!(
            "{what}: others see what was owed after {time:.1?}"
        ));
        assert!(time < Duration::from_secs(5), "{time:?}");
        assert_eq!((found(1), tagged(1)), (version, version));
    }
}

#[test]
fn to_redis() {
    alone(|| owed(Server::redis(&["--appendonly", "no"]), "Redis"));
}

#[test]
fn to_memcached() {
    alone(|| owed(Server::memcached(&[]), "memcached"));
}
