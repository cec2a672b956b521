//! What is said of a Redis server, to whoever listens: no password, and that it is not set
//! up as a cache.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lruheap::shared::{Error, connect, status};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::alone::{alone, say};
use crate::common::block_on;
use crate::functions::{change, forget, is_shared_again, later, once, right, right_later, value};
use crate::servers::Server;

/// Writes down all that is said.
struct Ears;

static HEARD: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Ears {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut text = Text(String::new());
        attributes.record(&mut text);
        note(*attributes.metadata().level(), text.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Text(String::new());
        values.record(&mut text);
        note(Level::TRACE, text.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(format!("{} ", event.metadata().target()));
        event.record(&mut text);
        note(*event.metadata().level(), text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn note(level: Level, text: String) {
    let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    heard.push((level, text));
}

/// All that has been said.
fn heard() -> Vec<(Level, String)> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn listen() {
    tracing::subscriber::set_global_default(Ears).expect("it is the first");
}

fn is_quiet_about(secret: &str, said: &str) {
    assert!(!said.contains(secret), "{said}");
}

#[test]
fn a_wrong_password_is_shown_to_nobody() {
    alone(|| {
        listen();
        let server = Server::redis(&["--appendonly", "no", "--requirepass", "right"]);
        let url = format!("redis://hush-user:hush-wrong@127.0.0.1:{}/0", server.port);
        let connected = connect(&url);
        is_quiet_about("hush", &format!("{connected:?}"));
        connected.expect("who asks finds out");
        let begin = Instant::now();
        for x in 0..50 {
            right(x);
            right_later(x);
        }
        change(1);
        right(1);
        right_later(1);
        say(&format!(
            "wrong password: 100 calls in {:.1?}",
            begin.elapsed()
        ));
        assert!(begin.elapsed() < Duration::from_secs(3));
        for info in [value::cache_info(), later::cache_info()] {
            assert!(info.shared_errors + info.shared_skips >= 50, "{info:?}");
            assert_eq!(info.shared_hits, 0);
            is_quiet_about("hush", &format!("{info:?}"));
        }
        let error = once(1, false).expect_err("nobody knows who computes");
        is_quiet_about("hush", &format!("{error} {error:?}"));
        let status = status();
        assert!(!status.is_up);
        is_quiet_about("hush", &format!("{status:?}"));
        let again = connect(&url);
        assert_eq!(again, Err(Error::AlreadyConnected));
        let heard = heard();
        assert!(!heard.is_empty(), "it is said that something is wrong");
        for (_, said) in heard {
            is_quiet_about("hush", &said);
        }
    });
}

#[test]
fn the_right_password_is_shown_to_nobody_either() {
    alone(|| {
        listen();
        let mut server = Server::redis(&["--appendonly", "no", "--requirepass", "hush-right"]);
        let url = format!("redis://:hush-right@127.0.0.1:{}/3", server.port);
        connect(&url).expect("an address");
        is_shared_again();
        let up = status();
        assert!(up.is_up);
        server.kill();
        for x in 0..20 {
            right(x);
            right_later(x);
        }
        change(1);
        let error = once(1, false).expect_err("it is down");
        for said in [
            format!("{up:?}"),
            format!("{:?}", status()),
            format!("{error} {error:?}"),
        ] {
            is_quiet_about("hush", &said);
        }
        let heard = heard();
        assert!(
            heard.iter().any(|(level, _)| *level == Level::WARN),
            "that it is down is said"
        );
        for (_, said) in heard {
            is_quiet_about("hush", &said);
        }
    });
}

#[test]
fn that_it_is_no_cache_is_said_once() {
    alone(|| {
        listen();
        let limit = ["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"];
        let mut server = Server::redis(&[&limit[..], &["--appendonly", "no"]].concat());
        connect(&server.url("")).expect("an address");
        is_shared_again();
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || {
                    for x in 0..20 {
                        assert_eq!(value(thread * 100 + x), 0);
                        assert_eq!(block_on(later(thread * 100 + x)), 0);
                    }
                });
            }
        });
        say(&format!("8 threads, 320 calls: {:.1?}", begin.elapsed()));
        server.kill();
        right(1);
        server.resume();
        is_shared_again();
        forget();
        let warnings: Vec<_> = heard()
            .into_iter()
            .filter(|(level, said)| *level == Level::WARN && said.contains("noeviction"))
            .collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].1.contains("allkeys-lru"), "it says what to do");
    });
}
