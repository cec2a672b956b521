//! Processes that share a store: this test once more, told line by line what to call.
//!
//! `LRUHEAP_TEST_STORE` names another store (`redis://localhost/`) for what holds for each kind.

#![cfg(unix)]

#[path = "shared_processes/child.rs"]
mod child;
mod common;
#[path = "shared_processes/family.rs"]
mod family;

use std::time::{Duration, Instant};

use common::watchdog;
use family::{Family, Place};

#[test]
fn processes_that_want_one_value_compute_it_once() {
    let (_dog, family) = (watchdog(), Family::new("once"));
    let mut children: Vec<_> = (0..8).map(|_| family.child()).collect();
    for child in &mut children {
        child.tell("held 7");
    }
    // One has the lease, and all others know of no value.
    for child in &mut children {
        child.until_it_waits("held");
    }
    assert_eq!(family.runs(), 1);
    for child in &mut children {
        child.tell("go");
    }
    let values: Vec<String> = children.iter_mut().map(|c| c.hear("called")).collect();
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    assert_eq!(family.runs(), 1);
    let hits: u32 = children
        .iter_mut()
        .map(|c| c.number("shared_hits held"))
        .sum();
    assert_eq!(hits, 7);
}

#[test]
fn a_value_outlives_the_process_that_computed_it() {
    let (_dog, family) = (watchdog(), Family::new("outlives"));
    let mut first = family.child();
    let value = first.ask("plain 7");
    first.kill();
    let mut second = family.child();
    assert_eq!(second.ask("plain 7"), value);
    assert_eq!(second.number("shared_hits plain"), 1);
    assert_eq!(family.runs(), 1);
}

#[test]
fn the_lease_of_one_that_was_killed_goes_to_another() {
    let (_dog, family) = (watchdog(), Family::new("takeover"));
    let (mut holder, mut waiting) = (family.child(), family.child());
    holder.tell("held 7");
    holder.hear("body");
    waiting.tell("held 7");
    waiting.until_it_waits("held");
    holder.kill();
    waiting.hear("body");
    waiting.tell("go");
    waiting.hear("called");
    assert_eq!(family.runs(), 2);
}

#[test]
fn at_most_once_is_not_done_again_by_those_who_waited_for_one_that_was_killed() {
    let (_dog, family) = (watchdog(), Family::new("abandoned"));
    let mut holder = family.child();
    holder.tell("strict 7");
    holder.hear("body");
    let mut waiting = [family.child(), family.child(), family.child()];
    for child in &mut waiting {
        child.tell("strict 7");
        child.until_it_waits("strict");
    }
    holder.kill();
    let killed = Instant::now();
    for child in &mut waiting {
        assert_eq!(child.hear("called"), "Err(Shared(Abandoned))");
    }
    // It was renewed a third of its length ago, at most (and somewhat more on a busy machine).
    let lease = killed.elapsed();
    assert!(lease > Duration::from_millis(300), "{lease:?}");
    assert_eq!(family.runs(), 1);

    // Who calls now has waited for nobody.
    let mut next = family.child();
    next.tell("strict 7");
    next.tell("go");
    assert_eq!(next.hear("called"), "Ok(7)");
    assert_eq!(family.runs(), 2);
    assert_eq!(waiting[0].ask("strict 7"), "Ok(7)");
    assert_eq!(family.runs(), 2);
}

#[test]
fn at_most_once_is_done_again_where_it_has_failed() {
    let (_dog, family) = (watchdog(), Family::new("failed"));
    let (mut first, mut second) = (family.child(), family.child());
    first.tell("strict 13");
    first.hear("body");
    second.tell("strict 13");
    second.until_it_waits("strict");
    first.tell("go");
    assert_eq!(first.hear("called"), "Err(Unlucky)");
    second.hear("body");
    second.tell("go");
    assert_eq!(second.hear("called"), "Err(Unlucky)");
    assert_eq!(family.runs(), 2);
}

#[test]
fn what_was_begun_before_an_invalidation_elsewhere_is_not_stored() {
    for how in ["remove 7", "clear", "tag seven"] {
        let (_dog, family) = (watchdog(), Family::new("begun"));
        let (mut first, mut second) = (family.child(), family.child());
        first.tell("held 7");
        first.hear("body");
        second.ask(how);
        first.tell("go");
        first.hear("called");
        assert_eq!(family.runs(), 1);
        // Neither of them has it, in memory or in the store.
        second.tell("go");
        second.ask("held 7");
        assert_eq!(family.runs(), 2, "{how}: it was in the store");
        assert_eq!(second.number("shared_hits held"), 0, "{how}");
        first.ask("held 7");
        assert_eq!(family.runs(), 2, "{how}: the second is there for all");
        assert_eq!(
            first.number("shared_hits held"),
            1,
            "{how}: it was in memory"
        );
    }
}

#[test]
fn what_is_inserted_elsewhere_meanwhile_stays() {
    let (_dog, family) = (watchdog(), Family::new("inserted"));
    let (mut first, mut second) = (family.child(), family.child());
    first.tell("held 7");
    first.hear("body");
    second.ask("insert 7 99");
    first.tell("go");
    first.hear("called");
    assert_eq!(first.ask("held 7"), "99");
    assert_eq!(second.ask("held 7"), "99");
    assert_eq!(family.runs(), 1);
}

#[test]
fn what_was_begun_before_a_refresh_elsewhere_does_not_take_its_place() {
    let (_dog, family) = (watchdog(), Family::new("refreshed"));
    let (mut first, mut second) = (family.child(), family.child());
    first.tell("held 7");
    first.hear("body");
    second.tell("refresh 7");
    second.hear("body");
    second.tell("go");
    let refreshed = second.hear("called");
    first.tell("go");
    assert_ne!(first.hear("called"), refreshed);
    assert_eq!(first.ask("held 7"), refreshed);
    assert_eq!(family.child().ask("held 7"), refreshed);
    assert_eq!(family.runs(), 2);
}

#[test]
fn a_refresh_that_began_before_another_does_not_outlive_that() {
    let (_dog, family) = (watchdog(), Family::new("refreshes"));
    let (mut first, mut second) = (family.child(), family.child());
    for child in [&mut first, &mut second] {
        child.tell("refresh 7");
        child.hear("body");
    }
    first.tell("go");
    let old = first.hear("called");
    second.tell("go");
    second.hear("called");
    // What the second has read is newer. Neither is known to be the newest.
    let mut third = family.child();
    third.tell("go");
    assert_ne!(third.ask("held 7"), old);
    for child in [&mut first, &mut second] {
        child.tell("go");
        assert_ne!(child.ask("held 7"), old);
    }
}

#[test]
fn a_refresh_whose_result_is_not_kept_removes_what_is_there() {
    let (_dog, family) = (watchdog(), Family::new("not-kept"));
    let (mut first, mut second) = (family.child(), family.child());
    assert_eq!(first.ask("odd 7"), "1");
    assert_eq!(second.ask("odd 7"), "1");
    assert_eq!(first.ask("refresh_odd 7"), "2");
    assert_eq!(second.ask("odd 7"), "3");
    assert_eq!(first.ask("odd 7"), "3");
}

#[test]
fn a_refresh_that_an_invalidation_overtakes_is_not_stored() {
    let (_dog, family) = (watchdog(), Family::new("overtaken"));
    let (mut first, mut second) = (family.child(), family.child());
    first.tell("refresh 7");
    first.hear("body");
    second.ask("remove 7");
    first.tell("go");
    let old = first.hear("called");
    second.tell("go");
    assert_ne!(second.ask("held 7"), old);
    assert_ne!(first.ask("held 7"), old);
    assert_eq!(family.runs(), 2);
}

/// Two processes that tell each other directly: one writes and invalidates, the other reads.
fn ping_pong(turns: u32, readers: u32) {
    let (_dog, family) = (watchdog(), Family::at("ping-pong", Place::Lmdb));
    let (mut first, mut second) = (family.child(), family.child());
    let port = first.ask("listen");
    first.tell(&format!("ping {turns} {readers}"));
    let begin = Instant::now();
    second.tell(&format!("pong {turns} {readers} {port}"));
    assert_eq!(first.hear("stale"), "0");
    assert_eq!(second.hear("stale"), "0");
    println!("{turns} turns in {:?}", begin.elapsed());
}

#[test]
fn no_process_reads_what_another_has_said_is_out_of_date() {
    ping_pong(10_000, 0);
}

#[test]
fn nor_where_others_are_computing_all_the_time() {
    ping_pong(500, 2);
}
