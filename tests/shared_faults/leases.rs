//! Leases that were taken by who could not give them back, or never heard of having them: no
//! other waits for those as long as for one who computes.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{
    HAPPENS, interrupted, is_borne, is_shared_again, later, right, right_later,
};
use crate::proxy::{Proxy, Way};
use crate::servers::Server;

/// What another waits at most; a lease lasts 5 s.
const SOON: Duration = Duration::from_millis(1500);

/// This process is connected by a proxy, the other is not.
fn connected(server: &Server) -> (Arc<Proxy>, Peer) {
    let proxy = Arc::new(Proxy::to(server.port));
    let url = server.url("");
    let theirs = url.replace(&server.port.to_string(), &proxy.port.to_string());
    connect(&theirs).expect("an address");
    is_shared_again();
    (proxy, Peer::start(&url))
}

fn is_soon(peer: &mut Peer, what: &str) -> Duration {
    let begin = Instant::now();
    assert_eq!(peer.ask(what), "0");
    let time = begin.elapsed();
    assert!(time < SOON, "{what}: {time:?}");
    time
}

fn not_given_back(server: &Server) {
    let (proxy, mut peer) = connected(server);
    let way = Arc::clone(&proxy);
    *HAPPENS.lock().expect("nobody panics") = Some(Box::new(move || {
        way.is(Way::Closed);
        way.cut();
    }));
    assert_eq!(interrupted(1), 0);
    // Meanwhile it is tried to give it back.
    is_borne("the way is closed");
    proxy.is(Way::Good);
    is_shared_again();
    let time = is_soon(&mut peer, "interrupted 1");
    say(&format!("a lease that was not given back: {time:.1?}"));
}

fn not_heard_of(server: &Server) {
    let (proxy, mut peer) = connected(server);
    proxy.is(Way::Loses("lruheap:l:"));
    right(77);
    right_later(77);
    proxy.is(Way::Good);
    is_shared_again();
    let times = ["value 77", "later 77"].map(|what| is_soon(&mut peer, what));
    say(&format!("a lease that was not heard of: {times:.1?}"));
}

fn of_tasks_that_are_dropped(server: &Server) {
    let (proxy, mut peer) = connected(server);
    let mut times = Vec::new();
    for step in 0..15 {
        proxy.is(Way::Slow(Duration::from_millis(20)));
        {
            let mut task = pin!(later(100 + step));
            let end = Instant::now() + Duration::from_millis(7 * step);
            let mut context = Context::from_waker(Waker::noop());
            while task.as_mut().poll(&mut context).is_pending() && Instant::now() < end {
                std::thread::yield_now();
            }
        }
        proxy.is(Way::Good);
        times.push(is_soon(&mut peer, &format!("later {}", 100 + step)));
    }
    say(&format!("leases of tasks that are dropped: {times:.1?}"));
}

#[test]
fn one_of_redis_that_was_not_given_back() {
    alone(|| not_given_back(&Server::redis(&["--appendonly", "no"])));
}

#[test]
fn one_of_redis_that_was_not_heard_of() {
    alone(|| not_heard_of(&Server::redis(&["--appendonly", "no"])));
}

#[test]
fn those_of_redis_of_tasks_that_are_dropped() {
    alone(|| of_tasks_that_are_dropped(&Server::redis(&["--appendonly", "no"])));
}

#[test]
fn one_of_memcached_that_was_not_given_back() {
    alone(|| not_given_back(&Server::memcached(&[])));
}

#[test]
fn one_of_memcached_that_was_not_heard_of() {
    alone(|| not_heard_of(&Server::memcached(&[])));
}

#[test]
fn those_of_memcached_of_tasks_that_are_dropped() {
    alone(|| of_tasks_that_are_dropped(&Server::memcached(&[])));
}
