//! `async` functions, on an executor of the test's own: no task waits longer than a thread.

use lruheap::shared::connect;

use crate::alone::alone;
use crate::functions::{change, forget, is_borne_by_tasks, is_shared_again, right_later};
use crate::servers::Server;

#[test]
fn redis_that_is_killed() {
    alone(|| killed(Server::redis(&["--appendonly", "no"])));
}

#[test]
fn redis_that_is_stopped() {
    alone(|| stopped(&Server::redis(&["--appendonly", "no"])));
}

#[test]
fn memcached_that_is_killed() {
    alone(|| killed(Server::memcached(&[])));
}

#[test]
fn memcached_that_is_stopped() {
    alone(|| stopped(&Server::memcached(&[])));
}

fn killed(mut server: Server) {
    connect(&server.url("")).expect("an address");
    is_shared_again();
    right_later(1);
    server.kill();
    is_borne_by_tasks("killed");
    server.resume();
    is_shared_again();
}

fn stopped(server: &Server) {
    connect(&server.url("")).expect("an address");
    is_shared_again();
    right_later(1);
    server.pause();
    is_borne_by_tasks("stopped");
    change(1);
    server.go_on();
    is_shared_again();
    forget();
    right_later(1);
}
