//! A way to Redis that is bad: cut, slow, silent, dripping, or without notices.

use std::time::Duration;

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{
    change, forget, is_borne, is_borne_by_tasks, is_now, is_shared_again, right, right_later, value,
};
use crate::proxy::{Proxy, Way};
use crate::servers::{Server, until};

/// A server, and this process connected to it by a proxy.
fn connected() -> (Server, Proxy) {
    let server = Server::redis(&["--appendonly", "no"]);
    let proxy = Proxy::to(server.port);
    connect(&format!("redis://127.0.0.1:{}", proxy.port)).expect("an address");
    is_shared_again();
    (server, proxy)
}

fn borne_and_over(way: Way) {
    let (_server, proxy) = connected();
    right(1);
    right_later(1);
    proxy.is(way);
    is_borne(&format!("{way:?}"));
    change(1);
    proxy.is(Way::Good);
    is_shared_again();
    forget();
    right(1);
    right_later(1);
    // Now the tasks come first.
    proxy.is(way);
    is_borne_by_tasks(&format!("{way:?}"));
    proxy.is(Way::Good);
    is_shared_again();
}

#[test]
fn one_that_delays() {
    alone(|| borne_and_over(Way::Slow(Duration::from_millis(200))));
}

#[test]
fn one_that_swallows() {
    alone(|| borne_and_over(Way::Mute));
}

#[test]
fn one_that_drips() {
    alone(|| borne_and_over(Way::Drips(Duration::from_millis(20))));
}

#[test]
fn one_that_is_closed() {
    alone(|| borne_and_over(Way::Closed));
}

#[test]
fn one_that_is_cut_again_and_again() {
    alone(|| {
        let (_server, proxy) = connected();
        for round in 0..300 {
            let x = round % 5;
            if round % 3 == 0 {
                proxy.cut();
            }
            if round % 2 == 0 {
                change(x);
            }
            right(x);
            right_later(x);
            if round % 4 == 0 {
                forget();
            }
        }
        is_shared_again();
    });
}

#[test]
fn while_no_notices_come_what_others_invalidate_is_seen_at_once() {
    alone(|| {
        let (server, proxy) = connected();
        let mut peer = Peer::start(&server.url(""));
        right(1);
        // So that it is this process's memory that would be wrong.
        until("it is in memory", || {
            let before = value::cache_info();
            right(1);
            let info = value::cache_info();
            info.hits > before.hits && info.shared_hits == before.shared_hits
        });
        proxy.is(Way::Deaf);
        proxy.cut();
        // A connection that was idle is found to be closed when it is used.
        until("it is known that nothing is heard", || {
            let before = value::cache_info().shared_hits;
            right(1);
            value::cache_info().shared_hits > before
        });
        for version in 1..200 {
            is_now(1, version);
            assert_eq!(
                peer.ask(&format!("change 1 {version}")),
                version.to_string()
            );
            right(1);
        }
        let info = value::cache_info();
        say(&format!("without notices: {info:?}"));
        assert_eq!(info.shared_skips, 0, "the store was asked each time");
        proxy.is(Way::Good);
        until("memory is trusted again", || {
            right(1);
            let before = value::cache_info();
            right(1);
            let info = value::cache_info();
            info.hits > before.hits && info.shared_hits == before.shared_hits
        });
    });
}
