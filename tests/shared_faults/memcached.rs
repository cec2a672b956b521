//! A memcached that dies, stops, forgets, and takes no large values.

use std::time::{Duration, Instant};

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{
    BOUND, becomes_right, change, forget, is_borne, is_now, is_shared_again, large,
    removal_is_borne, right, right_later,
};
use crate::proxy::{Proxy, Way};
use crate::servers::Server;

/// A server, and this process connected to it.
fn connected() -> Server {
    let server = Server::memcached(&[]);
    connect(&server.url("")).expect("an address");
    is_shared_again();
    server
}

#[test]
fn one_that_is_killed() {
    alone(|| {
        let mut server = connected();
        right(1);
        right_later(1);
        server.kill();
        is_borne("memcached is killed");
        server.resume();
        is_shared_again();
        forget();
        right(1);
        right_later(1);
    });
}

#[test]
fn one_that_is_stopped_for_a_while() {
    alone(|| {
        let server = connected();
        for x in 0..3 {
            right(x);
            right_later(x);
        }
        server.pause();
        is_borne("memcached is stopped");
        for x in 0..3 {
            change(x);
        }
        server.go_on();
        is_shared_again();
        for x in 0..3 {
            forget();
            right(x);
            right_later(x);
        }
    });
}

#[test]
fn one_that_is_stopped_when_something_is_removed() {
    alone(|| {
        let server = connected();
        right(1);
        right_later(1);
        server.pause();
        removal_is_borne("memcached is stopped");
        server.go_on();
        is_shared_again();
        forget();
        right(1);
        right_later(1);
    });
}

#[test]
fn one_behind_a_bad_way() {
    alone(|| {
        let server = Server::memcached(&[]);
        let proxy = Proxy::to(server.port);
        connect(&format!("memcached://127.0.0.1:{}", proxy.port)).expect("an address");
        for way in [
            Way::Slow(Duration::from_millis(200)),
            Way::Mute,
            Way::Drips(Duration::from_millis(20)),
            Way::Closed,
        ] {
            is_shared_again();
            right(1);
            right_later(1);
            proxy.is(way);
            is_borne(&format!("memcached, {way:?}"));
            change(1);
            proxy.is(Way::Good);
            is_shared_again();
            forget();
            right(1);
            right_later(1);
        }
        for round in 0..200 {
            if round % 3 == 0 {
                proxy.cut();
            }
            change(round % 5);
            right(round % 5);
            right_later(round % 5);
        }
        is_shared_again();
    });
}

#[test]
fn one_that_forgets_everything() {
    alone(|| {
        let server = connected();
        let mut plain = server.plain();
        for round in 0..20 {
            right(1);
            right_later(1);
            if round % 2 == 0 {
                change(1);
            }
            assert_eq!(plain.line("flush_all"), "OK");
            forget();
            right(1);
            right_later(1);
            change(1);
        }
        is_shared_again();
    });
}

#[test]
fn a_value_of_more_than_a_megabyte_is_not_shared_and_no_error() {
    alone(|| {
        let _server = connected();
        for round in 1..=3 {
            let begin = Instant::now();
            assert_eq!(large(2 << 20).len(), 2 << 20);
            // Two megabytes are written, and read again, without optimization.
            assert!(begin.elapsed() < 5 * BOUND);
            large::cache().clear();
            let info = large::cache_info();
            assert_eq!((info.shared_skips, info.shared_errors), (round, 0));
        }
        assert_eq!(large(1000).len(), 1000);
        large::cache().clear();
        assert_eq!(large(1000).len(), 1000);
        assert_eq!(large::cache_info().shared_hits, 1, "others are shared");
        right(1);
        is_shared_again();
    });
}

/// Others look for what was invalidated ten times a second.
#[test]
fn what_others_invalidate_is_noticed() {
    alone(|| {
        let server = connected();
        let mut peer = Peer::start(&server.url(""));
        right(1);
        let mut longest = Duration::ZERO;
        for version in 1..20 {
            is_now(1, version);
            let changed = peer.ask(&format!("change 1 {version}"));
            assert_eq!(changed, version.to_string());
            longest = longest.max(becomes_right(1).unwrap_or_default());
        }
        say(&format!("memcached: noticed after {longest:.1?} at most"));
    });
}
