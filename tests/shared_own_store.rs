//! `shared` over a store of one's own: what it is asked, and what happens when it fails.

#![cfg(feature = "shared")]
#![allow(clippy::items_after_statements, clippy::unnecessary_wraps)] // memoized as users would

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use lruheap::lru_cache;
use lruheap::shared::{Backend, Error, Key, Name, Reading, Status, Timing, Token};

/// What the store does when it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mood {
    Well,
    Down,
    Full,
    Small,
    /// It gives leases, and its answer is lost. It takes none back.
    Lost,
}

/// A store that one test at a time has for itself.
struct Store {
    mood: Mutex<Mood>,
    asked: AtomicUsize,
    entries: Mutex<HashMap<Key, (Vec<u8>, Instant)>>,
    generations: Mutex<HashMap<Name, u64>>,
    leases: Mutex<HashMap<Key, (Token, Instant)>>,
    watched: Mutex<HashMap<Name, &'static AtomicU64>>,
    numbers: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    fn asked(&self) -> Result<(), Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match *locked(&self.mood) {
            Mood::Down => Err(Error::Unreachable("it is down".into())),
            _ => Ok(()),
        }
    }

    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// The one that is connected.
struct Mine;

impl std::ops::Deref for Mine {
    type Target = Store;

    fn deref(&self) -> &Store {
        static STORE: OnceLock<Store> = OnceLock::new();
        STORE.get_or_init(|| Store {
            mood: Mutex::new(Mood::Well),
            asked: AtomicUsize::new(0),
            entries: Mutex::default(),
            generations: Mutex::default(),
            leases: Mutex::default(),
            watched: Mutex::default(),
            numbers: AtomicU64::new(0),
        })
    }
}

impl Backend for Mine {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        self.asked()?;
        let now = Instant::now();
        let entries = locked(&self.entries);
        let entry = entries.get(&key).filter(|(_, end)| *end > now);
        let known = locked(&self.generations);
        Ok(Reading {
            entry: entry.map(|(value, end)| (value.clone(), *end - now)),
            generations: generations
                .iter()
                .map(|name| known.get(name).copied())
                .collect(),
            epoch: 1,
        })
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        self.asked()?;
        match *locked(&self.mood) {
            Mood::Full => return Err(Error::Full("no room".into())),
            Mood::Small => {
                return Err(Error::TooLarge {
                    len: value.len(),
                    most: 1,
                });
            }
            Mood::Well | Mood::Down | Mood::Lost => {}
        }
        locked(&self.entries).insert(key, (value.to_vec(), Instant::now() + ttl));
        match lease {
            Some(token) => self.release(key, token),
            None => Ok(()),
        }
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        self.asked()?;
        locked(&self.entries).remove(&key);
        Ok(())
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        self.asked()?;
        let mut known = locked(&self.generations);
        Ok(names
            .iter()
            .map(|name| *known.entry(*name).or_insert_with(|| self.next()))
            .collect())
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        self.asked()?;
        let numbers: Vec<u64> = names.iter().map(|_| self.next()).collect();
        let mut known = locked(&self.generations);
        known.extend(names.iter().copied().zip(numbers.iter().copied()));
        Ok(numbers)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        let mut watched = locked(&self.watched);
        watched
            .entry(name)
            .or_insert_with(|| Box::leak(Box::default()))
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        self.asked()?;
        Ok(self.watch(name).fetch_add(1, Ordering::AcqRel))
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        self.asked()?;
        let mut leases = locked(&self.leases);
        let now = Instant::now();
        if leases
            .get(&key)
            .is_some_and(|(holder, end)| *holder != token && *end > now)
        {
            return Ok(false);
        }
        leases.insert(key, (token, now + length));
        match *locked(&self.mood) {
            Mood::Lost => Err(Error::Timeout(Duration::from_millis(50))),
            _ => Ok(true),
        }
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        self.asked()?;
        let mut leases = locked(&self.leases);
        let now = Instant::now();
        let held = leases
            .get_mut(&key)
            .filter(|(holder, end)| *holder == token && *end > now);
        Ok(held.map(|(_, end)| *end = now + length).is_some())
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        self.asked()?;
        if *locked(&self.mood) == Mood::Lost {
            return Err(Error::Timeout(Duration::from_millis(50)));
        }
        let mut leases = locked(&self.leases);
        if leases.get(&key).is_some_and(|(holder, _)| *holder == token) {
            leases.remove(&key);
        }
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        self.asked()?;
        let mut status = Status::default();
        status.backend = "mine".into();
        status.address = "mine:".into();
        status.is_up = true;
        Ok(status)
    }
}

/// The store, for one test at a time, and well at first.
fn store() -> (MutexGuard<'static, ()>, Mine) {
    static TURN: Mutex<()> = Mutex::new(());
    static CONNECTED: OnceLock<()> = OnceLock::new();
    let turn = locked(&TURN);
    CONNECTED.get_or_init(|| {
        lruheap::shared::connect_to(Mine, Timing::default()).expect("it is the first");
    });
    is(Mood::Well);
    (turn, Mine)
}

/// Waits until what failed before is asked again.
fn is(mood: Mood) {
    *locked(&Mine.mood) = mood;
    if mood == Mood::Well {
        let begin = Instant::now();
        while !lruheap::shared::status().is_up {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "it is tried again"
            );
            std::thread::yield_now();
        }
    }
}

macro_rules! counted {
    ($runs:ident) => {
        static $runs: AtomicUsize = AtomicUsize::new(0);
    };
}

fn ran(runs: &AtomicUsize) -> usize {
    runs.load(Ordering::SeqCst)
}

#[test]
fn a_hit_in_memory_asks_the_store_for_nothing() {
    let (_turn, store) = store();
    #[lru_cache(maxsize = 4, ttl = 60, shared(ttl = 300))]
    fn f(x: u64) -> u64 {
        x + 1
    }
    assert_eq!(f(1), 2);
    let before = store.asked.load(Ordering::SeqCst);
    for _ in 0..100 {
        assert_eq!(f(1), 2);
    }
    assert_eq!(f::cache_peek(1), Some(2));
    assert_eq!(store.asked.load(Ordering::SeqCst), before);
}

#[test]
fn what_the_store_has_is_not_computed_again_and_counts_as_a_hit() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst);
        x + 1
    }
    f(1);
    f::cache().clear();
    assert_eq!((f(1), ran(&RUNS)), (2, 1));
    let info = f::cache_info();
    assert_eq!(
        (info.hits, info.misses),
        (1, 0),
        "of the calls since the memory was cleared"
    );
    assert_eq!((info.shared_hits, info.shared_misses), (1, 1));
}

#[test]
fn a_store_that_is_down_costs_nothing_but_the_computation() {
    let (_turn, store) = store();
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        x + 1
    }
    is(Mood::Down);
    for x in 0..50 {
        assert_eq!(f(x), x + 1);
    }
    let asked = store.asked.load(Ordering::SeqCst);
    let info = f::cache_info();
    assert!(
        info.shared_errors >= 1 && info.shared_skips >= 40,
        "{info:?}"
    );
    assert_eq!((info.hits, info.misses, info.currsize), (0, 50, 50));
    assert_eq!(f(7), 8);
    assert_eq!(f::cache_info().hits, 1, "memory serves as before");
    assert!(store.asked.load(Ordering::SeqCst) <= asked + 1);
    is(Mood::Well);
    f(100);
    f::cache().clear();
    f(100);
    assert_eq!(f::cache_info().shared_hits, 1, "it is used again");
}

#[test]
fn an_invalidation_that_the_store_missed_is_made_up_for_before_anything_is_read() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared)]
    fn f(x: u64) -> usize {
        let _ = x;
        RUNS.fetch_add(1, Ordering::SeqCst)
    }
    assert_eq!((f(1), f(2)), (0, 1));
    is(Mood::Down);
    f::cache_remove(1);
    assert_eq!(f(1), 2, "computed, because the store is down");
    f::cache().clear();
    *locked(&Mine.mood) = Mood::Well;
    let begin = Instant::now();
    loop {
        f::cache().clear();
        let now = f(1);
        assert_ne!(now, 0, "what was removed has come back");
        if f::cache_info().shared_hits > 0 {
            break;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "the store is used again"
        );
    }
    f::cache().clear();
    assert_eq!(f(2), 1, "the other is there as before");
}

#[test]
fn a_clear_that_the_store_missed_is_made_up_for() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared)]
    fn f(x: u64) -> usize {
        let _ = x;
        RUNS.fetch_add(1, Ordering::SeqCst)
    }
    f(1);
    is(Mood::Down);
    f::cache_clear();
    is(Mood::Well);
    assert_eq!(f(1), 1);
    f::cache().clear();
    assert_eq!(f(1), 1);
}

#[test]
fn a_store_that_is_full_keeps_nothing_and_breaks_nothing() {
    let (_turn, _store) = store();
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        x + 1
    }
    is(Mood::Full);
    for x in 0..10 {
        assert_eq!(f(x), x + 1);
    }
    let info = f::cache_info();
    assert_eq!(
        (info.shared_errors, info.shared_skips, info.shared_misses),
        (10, 0, 10)
    );
}

#[test]
fn a_value_that_is_too_large_for_the_store_is_a_skip() {
    let (_turn, _store) = store();
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        x + 1
    }
    is(Mood::Small);
    assert_eq!(f(1), 2);
    assert_eq!(f(1), 2);
    let info = f::cache_info();
    assert_eq!(
        (info.shared_errors, info.shared_skips, info.hits),
        (0, 1, 1)
    );
}

#[test]
fn whatever_else_lies_in_the_store_is_removed_and_computed_anew() {
    let (_turn, store) = store();
    counted!(RUNS);
    #[lru_cache(shared)]
    fn f(x: u64) -> String {
        RUNS.fetch_add(1, Ordering::SeqCst);
        format!("{x}")
    }
    let mut seed = 7_u64;
    for round in 0..200 {
        assert_eq!(f(1), "1");
        for (value, _) in locked(&store.entries).values_mut() {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(round);
            let at = usize::try_from(seed >> 33).expect("it is small") % (value.len() + 1);
            match round % 3 {
                0 => value.truncate(at),
                1 => {
                    if let Some(byte) = value.get_mut(at) {
                        *byte ^= 1 << (seed % 8);
                    }
                }
                _ => *value = seed.to_le_bytes().repeat(at % 100),
            }
        }
        f::cache().clear();
    }
    assert!(ran(&RUNS) > 150, "most were damaged");
}

#[test]
fn at_most_once_gives_an_error_where_nobody_can_say_who_computes() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(x + 1)
    }
    is(Mood::Down);
    assert_eq!(f(1), Err(Error::Unreachable("it is down".into())));
    assert_eq!(ran(&RUNS), 0);
    is(Mood::Well);
    assert_eq!(f(1), Ok(2));
    assert_eq!((f(1), ran(&RUNS)), (Ok(2), 1));
}

#[test]
fn at_most_once_waits_for_whoever_has_the_lease_and_says_when_that_one_is_gone() {
    let (_turn, store) = store();
    counted!(RUNS);
    #[lru_cache(maxsize = 0, shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(x + 1)
    }
    assert_eq!(f(1), Ok(2));
    // As if another process had taken it, and died.
    let end = Instant::now() + Duration::from_millis(100);
    // Others may be among them, which another test has left.
    for (key, _) in locked(&store.entries).drain() {
        locked(&store.leases).insert(key, (Token(0), end));
    }
    let before = ran(&RUNS);
    assert_eq!(f(1), Err(Error::Abandoned));
    assert!(Instant::now() >= end && ran(&RUNS) == before);
    assert_eq!(f(1), Ok(2), "the next call computes");
}

#[test]
fn a_lease_that_was_not_heard_of_is_given_back_and_that_is_tried_again() {
    let (_turn, store) = store();
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        x + 1
    }
    let held = || {
        let leases = locked(&store.leases);
        leases.values().any(|(_, end)| *end > Instant::now())
    };
    // Whatever other tests have left.
    let begin = Instant::now();
    while held() {
        assert!(begin.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
    is(Mood::Lost);
    assert_eq!(f(1), 2);
    assert!(held(), "but nobody knows");
    is(Mood::Well);
    let begin = Instant::now();
    while held() {
        assert!(
            begin.elapsed() < Duration::from_secs(4),
            "it lasts five seconds"
        );
        std::thread::yield_now();
    }
    f::cache().clear();
    assert_eq!(f(1), 2);
}

#[test]
fn one_that_fails_lets_the_next_compute() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::Other("the first fails".into())),
            1 => panic!("the second panics"),
            _ => Ok(x + 1),
        }
    }
    assert_eq!(f(1), Err(Error::Other("the first fails".into())));
    assert!(std::panic::catch_unwind(|| f(1)).is_err());
    assert_eq!((f(1), ran(&RUNS)), (Ok(2), 3));
}

#[test]
fn a_computation_that_needs_its_own_result_is_not_waited_for() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
            f(x) + 1
        } else {
            x
        }
    }
    let begin = Instant::now();
    assert_eq!(f(1), 2);
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "it waited for itself"
    );
}

#[test]
fn what_was_invalidated_while_it_was_computed_is_not_stored() {
    let (_turn, _store) = store();
    counted!(RUNS);
    #[lru_cache(shared, tags("numbers"))]
    fn f(x: u64) -> usize {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        match run {
            0 => drop(f::cache_remove(x)),
            1 => f::cache_clear(),
            2 => drop(lruheap::invalidate_tag("numbers")),
            _ => {}
        }
        run
    }
    for run in 0..4 {
        assert_eq!(f(1), run);
        f::cache().clear();
    }
    assert_eq!(f(1), 3, "the last was not");
}
