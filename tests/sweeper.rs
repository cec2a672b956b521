//! `lruheap::sweeper`: idle caches give back what has expired, without being asked.
//!
//! The sweeper and the clock are one for the process: these tests take turns. What
//! is dropped is told through a channel, and waited for with a watchdog's patience.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lruheap::{CacheHost, InstanceCaches, lru_cache, sweeper};
use lruheap_core::testing::advance;

static TURNS: Mutex<()> = Mutex::new(());

/// Runs the sweeper for one test.
struct Turn(#[allow(dead_code)] MutexGuard<'static, ()>);

fn turn() -> Turn {
    let turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    sweeper::start();
    Turn(turn)
}

impl Drop for Turn {
    fn drop(&mut self) {
        sweeper::stop();
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

/// Tells when its last clone is dropped, and on which thread.
#[derive(Clone)]
struct Told(#[allow(dead_code)] Arc<Teller>);

struct Teller(Sender<Option<String>>);

impl Drop for Teller {
    fn drop(&mut self) {
        let thread = std::thread::current();
        // Nobody may be listening any more.
        let _ = self.0.send(thread.name().map(str::to_string));
    }
}

fn told() -> (Told, Receiver<Option<String>>) {
    let (tell, hear) = mpsc::channel();
    (Told(Arc::new(Teller(tell))), hear)
}

fn dropped(hear: &Receiver<Option<String>>) -> Option<String> {
    hear.recv_timeout(PATIENCE).expect("it is dropped")
}

#[test]
fn an_idle_cache_gives_its_values_back() {
    #[lru_cache(ttl = "1h")]
    fn idle(#[key(skip)] value: Told, _: u8) -> Told {
        value
    }

    let _turn = turn();
    let (value, hear) = told();
    idle(value, 1);
    advance(Duration::from_secs(3600));
    assert_eq!(dropped(&hear).as_deref(), Some("lruheap-sweeper"));
    assert_eq!(idle::cache_info().expirations, 1);
}

#[test]
fn an_earlier_deadline_wakes_it() {
    #[lru_cache(ttl_with = |_: &Told| Duration::from_secs(3600))]
    fn late(#[key(skip)] value: Told) -> Told {
        value
    }

    #[lru_cache(ttl = "20ms")]
    fn soon(#[key(skip)] value: Told) -> Told {
        value
    }

    let _turn = turn();
    let ((long, still), (short, hear)) = (told(), told());
    late(long); // from here on it sleeps for an hour
    soon(short);
    dropped(&hear);
    assert!(still.try_recv().is_err());
    late::cache_clear();
}

#[test]
fn the_caches_of_instances_are_swept() {
    #[derive(CacheHost, Default)]
    struct Host(InstanceCaches);

    impl Host {
        #[lru_cache(tti = 60)]
        fn own(&self, #[key(skip)] value: Told) -> Told {
            value
        }

        #[lru_cache(ttl = 60)]
        fn counted(self: &Arc<Self>, #[key(skip)] value: Told) -> Told {
            value
        }
    }

    let _turn = turn();
    let host = Arc::new(Host::default());
    let ((own, of_own), (counted, of_counted)) = (told(), told());
    host.own(own);
    host.counted(counted);
    advance(Duration::from_secs(60));
    dropped(&of_own);
    dropped(&of_counted);
}

#[test]
fn a_value_that_panics_does_not_end_it() {
    #[derive(Clone)]
    struct Bomb(Arc<AtomicBool>);

    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.0.load(Ordering::Relaxed) || Arc::strong_count(&self.0) > 2);
        }
    }

    #[lru_cache(ttl = 60)]
    fn bomb(#[key(skip)] value: Bomb) -> Bomb {
        value
    }

    #[lru_cache(ttl = 70)]
    fn after(#[key(skip)] value: Told) -> Told {
        value
    }

    let _turn = turn();
    let armed = Arc::new(AtomicBool::new(false));
    let (value, hear) = told();
    drop(bomb(Bomb(Arc::clone(&armed))));
    after(value);
    armed.store(true, Ordering::Relaxed);
    advance(Duration::from_secs(60));
    advance(Duration::from_secs(10));
    dropped(&hear);
}

#[test]
fn there_is_one_and_it_goes_when_told() {
    // Held to the end: the next whose turn it is starts one.
    let _turn = turn();
    sweeper::start();
    assert!(sweeper::is_running());
    sweeper::stop();
    assert!(!sweeper::is_running());
    sweeper::stop();
    sweeper::start();
    assert!(sweeper::is_running());
    sweeper::stop();
    assert!(!sweeper::is_running());
}

#[test]
fn what_it_drops_may_ask_for_it() {
    static STOPPED: AtomicU32 = AtomicU32::new(0);

    struct Stops(#[allow(dead_code)] Told);

    impl Drop for Stops {
        fn drop(&mut self) {
            assert!(sweeper::is_running());
            sweeper::stop();
            sweeper::start();
            STOPPED.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[lru_cache(ttl = 60)]
    fn stops(#[key(skip)] value: Arc<Stops>) -> Arc<Stops> {
        value
    }

    let _turn = turn();
    let (value, hear) = told();
    drop(stops(Arc::new(Stops(value))));
    advance(Duration::from_secs(60));
    dropped(&hear);
    assert_eq!(STOPPED.load(Ordering::SeqCst), 1);
    assert!(sweeper::is_running());
}

#[test]
fn it_stops_while_it_sleeps_for_long_and_starts_again() {
    #[lru_cache(ttl = "20ms")]
    fn soon(x: u32, #[key(skip)] value: Told) -> Told {
        let _ = x;
        value
    }

    let _turn = turn();
    for round in 0..20 {
        sweeper::stop();
        sweeper::start();
        let (value, hear) = told();
        soon(round, value);
        dropped(&hear);
    }
}

#[test]
fn many_values_that_panic_do_not_end_it_either() {
    static LEFT: AtomicU32 = AtomicU32::new(0);

    #[derive(Clone)]
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            if std::thread::current().name() == Some("lruheap-sweeper") {
                LEFT.fetch_add(1, Ordering::SeqCst);
                panic!("as it does");
            }
        }
    }

    #[lru_cache(ttl = 60)]
    fn bomb(x: u32) -> Bomb {
        let _ = x;
        Bomb
    }

    #[lru_cache(ttl = 70)]
    fn after(#[key(skip)] value: Told) -> Told {
        value
    }

    let _turn = turn();
    for x in 0..5 {
        drop(bomb(x));
    }
    let (value, hear) = told();
    after(value);
    advance(Duration::from_secs(60));
    advance(Duration::from_secs(10));
    dropped(&hear);
    // It may have looked at the first cache before their time came: not in the next round.
    let (value, hear) = told();
    after(value);
    advance(Duration::from_secs(70));
    dropped(&hear);
    assert_eq!(LEFT.load(Ordering::SeqCst), 5);
}
