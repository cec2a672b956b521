//! `shared` over a store that fails between two steps, and with user code that calls back.

#![cfg(feature = "shared")]
// Functions stand in modules of their own, as if they were of other processes.
#![allow(unreachable_pub, dead_code, clippy::pedantic)]

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, mpsc};
use std::time::{Duration, Instant};

use lruheap::lru_cache;
use lruheap::shared::{Backend, Error, Key, Name, Reading, Status, Timing, Token};

type Hook = Box<dyn Fn(&str, usize) -> Result<(), Error> + Send + Sync>;

#[derive(Default)]
struct Store {
    hook: Mutex<Option<std::sync::Arc<Hook>>>,
    entries: Mutex<HashMap<Key, (Vec<u8>, Instant)>>,
    generations: Mutex<HashMap<Name, u64>>,
    leases: Mutex<HashMap<Key, (Token, Instant)>>,
    watched: Mutex<HashMap<Name, &'static AtomicU64>>,
    numbers: AtomicU64,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|p| p.into_inner())
}

fn mine() -> &'static Store {
    static S: OnceLock<Store> = OnceLock::new();
    S.get_or_init(Store::default)
}

impl Store {
    fn asked(&self, what: &str, n: usize) -> Result<(), Error> {
        let hook = locked(&self.hook).clone();
        match hook {
            Some(h) => h(what, n),
            None => Ok(()),
        }
    }
    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst) + 1
    }
}

struct Mine;
impl Backend for Mine {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        mine().asked("get", generations.len())?;
        let now = Instant::now();
        let entries = locked(&mine().entries);
        let entry = entries.get(&key).filter(|(_, e)| *e > now);
        let known = locked(&mine().generations);
        Ok(Reading {
            entry: entry.map(|(v, e)| (v.clone(), *e - now)),
            generations: generations.iter().map(|n| known.get(n).copied()).collect(),
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
        mine().asked("set", value.len())?;
        locked(&mine().entries).insert(key, (value.to_vec(), Instant::now() + ttl));
        if let Some(t) = lease {
            self.release(key, t)?;
        }
        Ok(())
    }
    fn remove(&self, key: Key) -> Result<(), Error> {
        mine().asked("remove", 0)?;
        locked(&mine().entries).remove(&key);
        Ok(())
    }
    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        mine().asked("generation", names.len())?;
        let mut known = locked(&mine().generations);
        Ok(names
            .iter()
            .map(|n| *known.entry(*n).or_insert_with(|| mine().next()))
            .collect())
    }
    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        mine().asked("advance", names.len())?;
        let numbers: Vec<u64> = names.iter().map(|_| mine().next()).collect();
        locked(&mine().generations).extend(names.iter().copied().zip(numbers.iter().copied()));
        mine().asked("advanced", names.len())?;
        Ok(numbers)
    }
    fn watch(&self, name: Name) -> &'static AtomicU64 {
        locked(&mine().watched)
            .entry(name)
            .or_insert_with(|| Box::leak(Box::default()))
    }
    fn notify(&self, name: Name) -> Result<u64, Error> {
        mine().asked("notify", 1)?;
        Ok(self.watch(name).fetch_add(1, Ordering::AcqRel))
    }
    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        mine().asked("lease", 1)?;
        let mut leases = locked(&mine().leases);
        let now = Instant::now();
        if leases
            .get(&key)
            .is_some_and(|(h, e)| *h != token && *e > now)
        {
            return Ok(false);
        }
        leases.insert(key, (token, now + length));
        Ok(true)
    }
    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        mine().asked("renew", 1)?;
        let mut leases = locked(&mine().leases);
        let now = Instant::now();
        let held = leases
            .get_mut(&key)
            .filter(|(h, e)| *h == token && *e > now);
        Ok(held.map(|(_, e)| *e = now + length).is_some())
    }
    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        mine().asked("release", 1)?;
        let mut leases = locked(&mine().leases);
        if leases.get(&key).is_some_and(|(h, _)| *h == token) {
            leases.remove(&key);
        }
        Ok(())
    }
    fn status(&self) -> Result<Status, Error> {
        mine().asked("status", 0)?;
        let mut s = Status::default();
        s.is_up = true;
        Ok(s)
    }
}

fn store() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static C: OnceLock<()> = OnceLock::new();
    let turn = locked(&TURN);
    C.get_or_init(|| lruheap::shared::connect_to(Mine, Timing::default()).unwrap());
    hook(None);
    locked(&mine().leases).clear();
    let b = Instant::now();
    while !lruheap::shared::status().is_up && b.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    turn
}

fn hook(h: Option<Hook>) {
    *locked(&mine().hook) = h.map(std::sync::Arc::new);
}

/// Runs it on a thread of its own; whether it ended in time.
fn ends<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static, secs: u64) -> Option<T> {
    let (s, r) = mpsc::channel();
    std::thread::spawn(move || s.send(f()));
    r.recv_timeout(Duration::from_secs(secs)).ok()
}

fn down(_: &str, _: usize) -> Result<(), Error> {
    Err(Error::Unreachable("down".into()))
}

mod reentrant {
    use super::*;
    #[derive(Clone, Debug, PartialEq, serde::Serialize)]
    pub struct Course(pub u64);
    impl<'de> serde::Deserialize<'de> for Course {
        fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            let n = u64::deserialize(d)?;
            if n != 1000 {
                course(1000);
            }
            Ok(Course(n))
        }
    }
    #[lru_cache(shared)]
    pub fn course(n: u64) -> Course {
        Course(n)
    }
}

#[test]
fn a_deserialize_that_calls_the_function_does_not_hang() {
    let _t = store();
    assert_eq!(ends(|| reentrant::course(1), 5), Some(reentrant::Course(1)));
    reentrant::course::cache().clear();
    assert_eq!(ends(|| reentrant::course(1), 5), Some(reentrant::Course(1)));
    assert_eq!(reentrant::course::cache_info().shared_errors, 0);
}

#[test]
fn a_clear_between_does_not_make_counters_wrap() {
    let _t = store();
    mod a {
        use super::*;
        #[lru_cache(name = "twins", maxsize = 4, shared)]
        pub fn f(x: u64) -> u64 {
            while GO.load(Ordering::SeqCst) == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            x
        }
        pub static GO: AtomicUsize = AtomicUsize::new(0);
    }
    mod b {
        use super::*;
        #[lru_cache(name = "twins", maxsize = 4, shared)]
        pub fn f(x: u64) -> u64 {
            x
        }
    }
    let one = std::thread::spawn(|| a::f(1));
    while locked(&mine().leases).is_empty() {
        std::thread::yield_now();
    }
    let two = std::thread::spawn(|| b::f(1));
    while b::f::cache_info().shared_misses == 0 {
        std::thread::yield_now();
    }
    // Of the waiting process's counters; what is computed elsewhere begins after it.
    let tier_only = b::f::cache_clear;
    tier_only();
    a::f::cache_insert(1, 1);
    two.join().unwrap();
    a::GO.store(1, Ordering::SeqCst);
    one.join().unwrap();
    let info = b::f::cache_info();
    assert!(info.shared_misses < 10, "{info:?}");
}

#[test]
fn an_invalidation_during_the_making_up_is_not_lost() {
    let _t = store();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared)]
    fn f(x: u64) -> usize {
        let _ = x;
        RUNS.fetch_add(1, Ordering::SeqCst)
    }
    f(1);
    hook(Some(Box::new(down)));
    for x in 10..20 {
        f(x);
    }
    f::cache_remove(1);
    // Back: but between the advance of the debt and its notice, another invalidation fails.
    static STEP: AtomicUsize = AtomicUsize::new(0);
    let (told, hear) = mpsc::channel();
    let told = Mutex::new(told);
    hook(Some(Box::new(move |what, _| {
        match what {
            "advanced" if STEP.load(Ordering::SeqCst) == 0 => {
                STEP.store(1, Ordering::SeqCst);
                locked(&told).send(()).unwrap();
                while STEP.load(Ordering::SeqCst) == 1 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            }
            // The first one's is slow; the second one's fails.
            "advance" if STEP.load(Ordering::SeqCst) == 1 => down("", 0),
            _ => Ok(()),
        }
    })));
    hear.recv_timeout(Duration::from_secs(10))
        .expect("the heart tells");
    // Now the store has the generation of the first removal. Another process computes with that,
    // and stores: as bytes, what a second process would write. Then, here:
    let before = locked(&mine().generations).clone();
    f::cache_remove(1);
    STEP.store(2, Ordering::SeqCst);
    let b = Instant::now();
    loop {
        f::cache().clear();
        let hits = f::cache_info().shared_misses;
        f(100);
        if f::cache_info().shared_misses > hits || b.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    let after = locked(&mine().generations).clone();
    let changed = before.iter().filter(|(n, g)| after[*n] != **g).count();
    assert!(changed >= 1, "the second removal has reached the store");
}

#[test]
fn many_invalidations_during_an_outage_are_made_up_for() {
    let _t = store();
    #[lru_cache(shared, tags("t"))]
    fn f(x: u64) -> u64 {
        x
    }
    f(1);
    hook(Some(Box::new(down)));
    let b = Instant::now();
    for n in 0..20_000 {
        lruheap::invalidate_tag(&format!("course:{n}"));
    }
    println!("20000 tags took {:?}", b.elapsed());
    let b = Instant::now();
    for n in 0..100 {
        f(n);
    }
    println!("100 misses while it is down took {:?}", b.elapsed());
    // A store that takes 10 µs for each, and has a deadline.
    hook(Some(Box::new(|what, n| match what {
        "advance" if n > 5000 => Err(Error::Timeout(Duration::from_millis(50))),
        _ => Ok(()),
    })));
    let b = Instant::now();
    while !lruheap::shared::status().is_up {
        assert!(
            b.elapsed() < Duration::from_secs(15),
            "it is never used again"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_word_of_one_that_fails_leaves_what_was_inserted_meanwhile() {
    let _t = store();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
            f::cache_insert(x, 42);
            return Err(Error::Other("failed".into()));
        }
        Ok(x)
    }
    assert!(f(1).is_err());
    while !locked(&mine().leases).is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(20));
    f::cache().clear();
    assert_eq!(f(1), Ok(42));
}

mod unwritable {

    #[derive(Clone, PartialEq, Eq, Hash)]
    pub struct Key(pub u64);
    impl serde::Serialize for Key {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
}

#[test]
fn a_key_that_cannot_be_written_down_is_refused_by_at_most_once() {
    let _t = store();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: unwritable::Key) -> Result<u64, Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(x.0)
    }
    assert!(f(unwritable::Key(1)).is_err());
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
}

#[test]
fn a_key_that_cannot_be_written_down_is_removed_in_all_processes() {
    let _t = store();
    mod a {
        use super::*;
        #[lru_cache(name = "unwritable", shared)]
        pub fn f(x: unwritable::Key) -> u64 {
            x.0
        }
    }
    mod b {
        use super::*;
        // Another process.
        #[lru_cache(name = "unwritable", shared)]
        pub fn f(x: unwritable::Key) -> u64 {
            RUNS.fetch_add(1, Ordering::SeqCst);
            x.0
        }
        pub static RUNS: AtomicUsize = AtomicUsize::new(0);
    }
    b::f(unwritable::Key(1));
    a::f::cache_remove(unwritable::Key(1));
    b::f(unwritable::Key(1));
    assert_eq!(b::RUNS.load(Ordering::SeqCst), 2);
}

#[test]
fn a_store_that_panics_once_does_not_end_the_heart() {
    let _t = store();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared)]
    fn f(x: u64) -> Result<u64, ()> {
        if x == 3 {
            std::thread::sleep(Duration::from_secs(7));
        }
        RUNS.fetch_add(1, Ordering::SeqCst);
        if x < 3 { Err(()) } else { Ok(x) }
    }
    static PANICKED: AtomicUsize = AtomicUsize::new(0);
    hook(Some(Box::new(|what, _| {
        if what == "release" && PANICKED.swap(1, Ordering::SeqCst) == 0 {
            panic!("the store panics");
        }
        Ok(())
    })));
    let _ = f(1);
    while PANICKED.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    std::thread::sleep(Duration::from_millis(100));
    let _ = f(2);
    let b = Instant::now();
    let left = |k: usize| locked(&mine().leases).len() > k;
    while left(1) {
        assert!(
            b.elapsed() < Duration::from_secs(2),
            "leases are not given back any more"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

mod panics {
    use super::*;
    pub static BAD: AtomicUsize = AtomicUsize::new(0);
    #[derive(Clone, Debug, PartialEq, serde::Serialize)]
    pub struct Value(pub u64);
    impl<'de> serde::Deserialize<'de> for Value {
        fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            let n = u64::deserialize(d)?;
            assert!(BAD.load(Ordering::SeqCst) == 0, "bad");
            Ok(Value(n))
        }
    }
}
#[test]
fn a_value_whose_deserialize_panics_is_computed_anew() {
    let _t = store();
    #[lru_cache(shared)]
    fn f(x: u64) -> panics::Value {
        panics::Value(x)
    }
    f(1);
    f::cache().clear();
    panics::BAD.store(1, Ordering::SeqCst);
    let r = std::panic::catch_unwind(|| f(1));
    panics::BAD.store(0, Ordering::SeqCst);
    assert!(r.is_ok(), "the call panics although its body would not");
}

fn block_on<F: Future>(f: F) -> F::Output {
    struct W(std::thread::Thread);
    impl std::task::Wake for W {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let w = std::task::Waker::from(std::sync::Arc::new(W(std::thread::current())));
    let mut f = std::pin::pin!(f);
    loop {
        if let std::task::Poll::Ready(v) = f.as_mut().poll(&mut std::task::Context::from_waker(&w))
        {
            return v;
        }
        std::thread::park();
    }
}

#[test]
fn recursion_does_not_wait_for_itself() {
    let _t = store();
    static RUNS: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];
    fn first(n: usize) -> bool {
        RUNS[n].fetch_add(1, Ordering::SeqCst) == 0
    }
    #[lru_cache(maxsize = 0, shared)]
    fn none(x: u64) -> u64 {
        if first(0) { none(x) + 1 } else { x }
    }
    #[lru_cache(shared)]
    async fn task(x: u64) -> u64 {
        if first(1) {
            Box::pin(task(x)).await + 1
        } else {
            x
        }
    }
    #[lru_cache(shared(once = at_most_once))]
    fn strict(x: u64) -> Result<u64, Error> {
        if first(3) {
            strict(x).map(|x| x + 1)
        } else {
            Ok(x)
        }
    }
    #[lru_cache(shared)]
    fn refreshed(x: u64) -> u64 {
        if first(4) { refreshed(x) + 1 } else { x }
    }
    #[lru_cache(shared)]
    fn refreshes(x: u64) -> u64 {
        if first(5) {
            refreshes::cache_refresh(x) + 1
        } else {
            x
        }
    }
    let timed = |name: &str, f: &dyn Fn() -> String| {
        let b = Instant::now();
        let v = f();
        println!("{name}: {v} in {:?}", b.elapsed());
        if b.elapsed() > Duration::from_secs(3) {
            SLOW.fetch_add(1, Ordering::SeqCst);
        }
    };
    static SLOW: AtomicUsize = AtomicUsize::new(0);
    timed("none", &|| none(1).to_string());
    timed("task", &|| block_on(task(1)).to_string());
    timed("strict", &|| format!("{:?}", strict(1)));
    timed("refreshed", &|| refreshed::cache_refresh(1).to_string());
    timed("refreshes", &|| refreshes(1).to_string());
    assert_eq!(SLOW.load(Ordering::SeqCst), 0);
}

#[test]
fn two_that_need_each_other() {
    let _t = store();
    static B: std::sync::Barrier = std::sync::Barrier::new(2);
    static N: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared)]
    fn f(x: u64) -> u64 {
        if N.fetch_add(1, Ordering::SeqCst) < 2 {
            B.wait();
            g(x)
        } else {
            x
        }
    }
    #[lru_cache(shared)]
    fn g(x: u64) -> u64 {
        if N.fetch_add(1, Ordering::SeqCst) < 2 {
            B.wait();
            f(x)
        } else {
            x
        }
    }
    let b = Instant::now();
    let (a, c) = (std::thread::spawn(|| f(1)), std::thread::spawn(|| g(1)));
    a.join().unwrap();
    c.join().unwrap();
    println!("mutual: {:?}", b.elapsed());
    assert!(b.elapsed() < Duration::from_secs(3));
}

#[test]
fn at_most_once_does_not_begin_what_cannot_be_stored() {
    let _t = store();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(x)
    }
    hook(Some(Box::new(|what, _| {
        if what == "generation" {
            down("", 0)
        } else {
            Ok(())
        }
    })));
    let got = f(1);
    hook(None);
    println!("{got:?}");
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
    assert!(got.is_err());
    assert_eq!(f(1), Ok(1));
}

#[test]
fn a_lease_is_renewed_while_the_store_is_left_alone_for_others() {
    let _t = store();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    #[lru_cache(shared(once = at_most_once))]
    fn f(x: u64) -> Result<u64, Error> {
        while DONE.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(x)
    }
    #[lru_cache(maxsize = 0, shared)]
    fn g(x: u64) -> u64 {
        x
    }
    let one = std::thread::spawn(|| f(1));
    while locked(&mine().leases).is_empty() {
        std::thread::yield_now();
    }
    // Reading is what fails.
    hook(Some(Box::new(|what, _| {
        if what == "get" { down("", 0) } else { Ok(()) }
    })));
    let b = Instant::now();
    let mut held = true;
    while b.elapsed() < Duration::from_secs(8) {
        g(1);
        std::thread::sleep(Duration::from_millis(2));
        held &= locked(&mine().leases)
            .values()
            .all(|(_, end)| *end > Instant::now());
    }
    hook(None);
    DONE.store(1, Ordering::SeqCst);
    let _ = one.join().unwrap();
    assert!(held, "the lease has ended while its holder computes");
}
