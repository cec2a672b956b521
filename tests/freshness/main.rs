//! Values near their end and past it, as users see them: `xfetch`, `stale` and
//! `stale_if_error`. The clock is one for the process, so the tests take turns.

#![allow(clippy::items_after_statements)] // functions inside tests

#[path = "../common/mod.rs"]
mod common;

mod by_hand;
mod in_the_place_of_an_error;
mod near_the_end;
mod of_methods;
mod of_tasks;
mod past_the_end;

use std::sync::RwLockWriteGuard;
use std::thread;
use std::time::Duration;

use common::clock::clock_moves;
use common::{Watchdog, watchdog};
use lruheap::CacheInfo;
use lruheap_core::testing;

/// Where a bug would have a call wait for ever.
fn my_turn() -> (RwLockWriteGuard<'static, ()>, Watchdog) {
    (clock_moves(), watchdog())
}

fn advance(seconds: u64) {
    testing::advance(Duration::from_secs(seconds));
}

/// Hits, misses, and those that got an old value.
fn counted(info: CacheInfo) -> (u64, u64, u64) {
    (info.hits, info.misses, info.stale)
}

/// Calls it from eight threads, which are to be back before anything else happens.
fn from_threads<R: Send>(call: impl Fn() -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(&call)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, R>| thread.join().expect("no panic");
        threads.into_iter().map(join).collect()
    })
}
