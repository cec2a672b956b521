//! A Redis server that dies, stops, or comes back as another.

use lruheap::shared::connect;

use crate::alone::alone;
use crate::functions::{
    BOUND, change, forget, is_borne, is_shared_again, removal_is_borne, right, right_later,
};
use crate::servers::{Folder, Server, until};

/// A server, and this process connected to it.
fn connected(options: &[&str]) -> Server {
    let server = Server::redis(options);
    connect(&server.url("")).expect("an address");
    is_shared_again();
    server
}

#[test]
fn one_that_is_killed_and_comes_back_empty() {
    alone(|| {
        let mut server = connected(&["--appendonly", "no"]);
        right(1);
        right_later(1);
        server.kill();
        is_borne("Redis is killed");
        server.resume();
        is_shared_again();
        forget();
        right(1);
        // What was owed has been told meanwhile; a new debt is none.
        change(1);
        forget();
        right(1);
    });
}

#[test]
fn one_that_is_stopped_for_a_while() {
    alone(|| {
        let server = connected(&["--appendonly", "no"]);
        for x in 0..3 {
            right(x);
            right_later(x);
        }
        server.pause();
        is_borne("Redis is stopped");
        for x in 0..3 {
            change(x);
        }
        server.go_on();
        // What was sent to it before it stopped is done now, and changes nothing.
        is_shared_again();
        for _ in 0..3 {
            for x in 0..3 {
                forget();
                right(x);
                right_later(x);
            }
        }
    });
}

#[test]
fn one_that_is_stopped_when_something_is_removed() {
    alone(|| {
        let server = connected(&["--appendonly", "no"]);
        right(1);
        right_later(1);
        server.pause();
        removal_is_borne("Redis is stopped");
        server.go_on();
        is_shared_again();
        forget();
        right(1);
        right_later(1);
    });
}

#[test]
fn one_that_is_not_there_yet() {
    alone(|| {
        let mut server = Server::redis(&["--appendonly", "no"]);
        server.kill();
        connect(&server.url("")).expect("an address");
        is_borne("Redis is not there yet");
        server.resume();
        is_shared_again();
        forget();
        right(1);
    });
}

#[test]
fn one_that_takes_no_more_connections() {
    alone(|| {
        let server = connected(&["--appendonly", "no"]);
        let mut plain = server.plain();
        plain.redis(&["CONFIG", "SET", "maxclients", "4"]);
        let _others: Vec<_> = (0..4).map(|_| server.plain()).collect();
        plain.redis(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        let _others: Vec<_> = (0..4).map(|_| server.plain()).collect();
        std::thread::scope(|scope| {
            for thread in 1..=8 {
                scope.spawn(move || {
                    for x in 0..50 {
                        let time = right(thread * 100 + x).max(right_later(thread * 100 + x));
                        assert!(time < 2 * BOUND, "{time:?}");
                    }
                });
            }
        });
        plain.redis(&["CONFIG", "SET", "maxclients", "1000"]);
        is_shared_again();
    });
}

#[test]
fn one_that_is_restored_from_an_old_dump() {
    alone(|| {
        let mut server = connected(&["--appendonly", "no"]);
        for x in 0..5 {
            right(x);
            right_later(x);
        }
        server.plain().redis(&["SAVE"]);
        for x in 0..5 {
            change(x);
        }
        server.kill();
        server.resume();
        let keys = server.plain().keys("lruheap:v:*").len();
        assert!(keys >= 10, "it has the old values: {keys}");
        for _ in 0..2 {
            forget();
            for x in 0..5 {
                right(x);
                right_later(x);
            }
        }
        is_shared_again();
        forget();
        for x in 0..5 {
            right(x);
            right_later(x);
        }
    });
}

#[test]
fn one_that_is_restored_from_an_old_log() {
    alone(|| {
        let mut server = connected(&["--appendonly", "yes", "--appendfsync", "always"]);
        for x in 0..5 {
            right(x);
            right_later(x);
        }
        let (log, old) = (server.folder().join("appendonlydir"), Folder::new());
        copy(&log, old.path());
        for x in 0..5 {
            change(x);
        }
        server.kill();
        std::fs::remove_dir_all(&log).expect("it is there");
        std::fs::create_dir(&log).expect("there is room");
        copy(old.path(), &log);
        server.resume();
        let keys = server.plain().keys("lruheap:v:*").len();
        assert!(keys >= 10, "it has the old values: {keys}");
        for _ in 0..2 {
            forget();
            for x in 0..5 {
                right(x);
                right_later(x);
            }
        }
        is_shared_again();
    });
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for file in std::fs::read_dir(from).expect("it is a folder") {
        let file = file.expect("it is there");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("there is room");
    }
}

#[test]
fn one_that_loses_everything() {
    alone(|| {
        let server = connected(&["--appendonly", "no"]);
        let mut plain = server.plain();
        for round in 0..20 {
            right(1);
            right_later(1);
            if round % 2 == 0 {
                change(1);
            }
            plain.redis(&["FLUSHALL"]);
            forget();
            right(1);
            right_later(1);
            change(1);
        }
        is_shared_again();
        until("it has something again", || {
            !plain.keys("lruheap:v:*").is_empty()
        });
    });
}
