//! Several processes over one Redis: what one invalidates is seen by the others, and a body
//! runs once for all of them.

use std::time::{Duration, Instant};

use lruheap::shared::connect;

use crate::alone::{Peer, alone, say};
use crate::functions::{BOUND, NOTICE, becomes_right, is_now, once, right, value};
use crate::servers::Server;

/// How often one tells the other.
const ROUNDS: u64 = 10_000;

/// How long a lease lives whose holder has died.
const LEASE: Duration = Duration::from_secs(1);

#[test]
fn two_that_tell_each_other_what_has_changed() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        connect(&server.url("")).expect("an address");
        let mut peer = Peer::start(&server.url(""));
        let mut late: Vec<Duration> = Vec::new();
        let begin = Instant::now();
        for version in 1..=ROUNDS {
            is_now(1, version);
            if version % 2 == 0 {
                value::cache_remove(1);
                // As a program does that goes on using it.
                if version % 4 == 0 {
                    right(1);
                }
                match peer.ask(&format!("expect 1 {version}")).parse() {
                    Ok(micros) => late.push(Duration::from_micros(micros)),
                    Err(_) => assert_eq!(value(1), version),
                }
            } else {
                let changed = peer.ask(&format!("change 1 {version}"));
                assert_eq!(changed, version.to_string());
                late.extend(becomes_right(1));
            }
        }
        let time = begin.elapsed();
        late.sort_unstable();
        let worst = late.last().copied().unwrap_or_default();
        let median = late.get(late.len() / 2).copied().unwrap_or_default();
        say(&format!(
            "{ROUNDS} changes in {time:.1?}: {} were not seen at once; by then in {median:.1?}, at worst {worst:.1?}",
            late.len()
        ));
        assert!(worst < NOTICE, "a notice took {worst:?}");
        let info = value::cache_info();
        assert_eq!((info.shared_errors, info.shared_skips), (0, 0));
    });
}

#[test]
fn eight_that_want_the_same_run_the_body_once() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        let url = server.url("?deadline=1s");
        let mut peers: Vec<Peer> = (0..8).map(|_| Peer::start(&url)).collect();
        for x in 0..3 {
            let begin = Instant::now();
            for peer in &mut peers {
                peer.tell(&format!("slow {x}"));
            }
            for peer in &mut peers {
                assert_eq!(peer.answer(), "0");
            }
            say(&format!("8 processes, one body: {:.1?}", begin.elapsed()));
        }
        let runs = peers.iter_mut().map(|peer| {
            let runs: u64 = peer.ask("runs").parse().expect("a number");
            runs
        });
        assert_eq!(runs.sum::<u64>(), 3);
    });
}

#[test]
fn what_runs_at_most_once_does_not_run_again_when_who_runs_it_is_killed() {
    alone(|| {
        let server = Server::redis(&["--appendonly", "no"]);
        let url = server.url("?lease=1s");
        connect(&url).expect("an address");
        let (mut holder, mut other) = (Peer::start(&url), Peer::start(&url));
        holder.tell("hold 1");
        assert_eq!(holder.answer(), "began");
        // It is held for longer than a lease lasts: whoever lives goes on having it.
        let begin = Instant::now();
        let mut third = Peer::start(&url);
        third.tell("once 1");
        while begin.elapsed() < 2 * LEASE {
            assert_eq!(other.ask("runs"), "0");
            std::thread::sleep(Duration::from_millis(10));
        }
        other.tell("once 1");
        holder.child.kill().expect("it can be killed");
        let killed = Instant::now();
        let refused = [third.answer(), other.answer()];
        let time = killed.elapsed();
        say(&format!(
            "the holder is killed: after {time:.1?} {refused:?}"
        ));
        // One of them is told; it may be that the other has the right to run by then.
        assert!(
            refused.iter().any(|answer| answer == "Err(Abandoned)"),
            "{refused:?}"
        );
        // It was renewed when a third of it was over.
        assert!(time > LEASE / 2, "{time:?}");
        assert!(time < LEASE + 2 * BOUND, "{time:?}");
        // Now it is known that nobody runs it.
        assert_eq!(once(1, true), Ok(0));
        assert_eq!(other.ask("once 1"), "Ok(0)");
    });
}
