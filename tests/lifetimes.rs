//! How long entries live: since their last hit, each its own time, and errors less
//! long than the rest.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lruheap::{Cache, CacheHost, InstanceCaches, lru_cache};
use lruheap_core::testing::advance;

/// The clock is one for the process: these tests take turns.
static TURNS: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURNS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

const SECOND: Duration = Duration::from_secs(1);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn tti_runs_from_the_last_hit() {
    #[lru_cache(tti = 10)]
    fn idle(x: u32) -> u32 {
        x
    }

    let _turn = turn();
    idle(1);
    for _ in 0..5 {
        advance(seconds(9));
        idle(1);
    }
    assert_eq!((idle::cache_info().hits, idle::cache_info().misses), (5, 1));
    assert!(idle::cache_ttl(1) <= Some(seconds(10)));
    assert_eq!(idle::cache_parameters().tti, Some(seconds(10)));
    advance(seconds(10)); // an age that equals the tti has expired
    assert_eq!(idle::cache_info().currsize, 0);
    idle(1);
    assert_eq!(idle::cache_info().misses, 2);
    assert_eq!(idle::cache_info().expirations, 1);
}

#[test]
fn looking_without_counting_is_no_hit() {
    #[lru_cache(tti = 10)]
    fn idle(x: u32) -> u32 {
        x
    }

    let _turn = turn();
    idle(1);
    advance(seconds(6));
    assert!(idle::cache_contains(1) && idle::cache_peek(1).is_some());
    advance(seconds(6));
    assert!(!idle::cache_contains(1));
}

#[test]
fn of_ttl_and_tti_the_first_counts() {
    #[lru_cache(ttl = 30, tti = 10)]
    fn both(x: u32) -> u32 {
        x
    }

    let _turn = turn();
    both(1);
    for _ in 0..3 {
        advance(seconds(9));
        both(1);
    }
    assert_eq!(both::cache_info().hits, 3);
    assert!(both::cache_ttl(1) <= Some(seconds(3)), "the ttl is near");
    advance(seconds(3));
    both(1);
    assert_eq!(both::cache_info().misses, 2);
    advance(seconds(10));
    assert!(!both::cache_contains(1), "the tti came first");
}

#[test]
fn the_cache_by_hand_has_a_tti_and_own_lifetimes() {
    let _turn = turn();
    let cache: Cache<u32, u32> = Cache::builder().tti(seconds(10)).build();
    cache.insert(1, 1);
    cache.insert_with_ttl(2, 2, seconds(4));
    advance(seconds(3));
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), Some(2)));
    advance(SECOND);
    assert_eq!((cache.get(&1), cache.get(&2)), (Some(1), None));
    cache.insert_with_ttl(1, 1, seconds(2)); // a shorter life takes the place of a longer one
    advance(seconds(2));
    assert_eq!(cache.get(&1), None);
}

#[test]
fn each_value_says_how_long_it_lives() {
    #[lru_cache(ttl_with = |seconds: &u64| Duration::from_secs(*seconds))]
    fn token(lifetime: u64) -> u64 {
        lifetime
    }

    let _turn = turn();
    let _ = (token(5), token(50), token(0));
    assert!(!token::cache_contains(0), "a lifetime of zero is none");
    assert!(token::cache_ttl(50) > Some(seconds(40)));
    advance(seconds(5));
    assert_eq!(
        (token::cache_contains(5), token::cache_contains(50)),
        (false, true)
    );
    token::cache_insert(50, 7);
    assert!(token::cache_ttl(50) <= Some(seconds(7)), "warm-up as well");
    assert_eq!(token::cache_parameters().ttl, None);
}

#[test]
fn of_a_result_what_ok_holds_says_it() {
    #[lru_cache(ttl_with = |token: &String| Duration::from_secs(token.len() as u64))]
    fn login(user: &str) -> Result<String, String> {
        if user.is_empty() {
            Err("nobody".into())
        } else {
            Ok(user.into())
        }
    }

    let _turn = turn();
    assert!(login("").is_err() && login("abc").is_ok());
    assert!(login::cache_ttl("abc") <= Some(seconds(3)));
    advance(seconds(3));
    assert!(!login::cache_contains("abc"));
}

#[test]
fn errors_that_are_kept_may_live_less_long() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 60, cache_err = true, ttl_err = "2s")]
    fn fetch(x: u32) -> Result<u32, String> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        if x == 0 { Err("down".into()) } else { Ok(x) }
    }

    let _turn = turn();
    for _ in 0..3 {
        assert!(fetch(0).is_err() && fetch(1).is_ok());
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    advance(seconds(2));
    assert!(fetch(0).is_err() && fetch(1).is_ok());
    assert_eq!(RUNS.load(Ordering::Relaxed), 3);
}

#[test]
fn a_lifetime_that_panics_leaves_nothing() {
    #[lru_cache(ttl_with = |value: &u32| { assert!(*value > 0); Duration::from_secs(9) })]
    fn picky(x: u32) -> u32 {
        x
    }

    let _turn = turn();
    assert!(std::panic::catch_unwind(|| picky(0)).is_err());
    assert_eq!(picky(1), 1);
    assert_eq!(picky::cache_info().currsize, 1);
}

#[test]
fn methods_and_threads_have_them_too() {
    #[derive(CacheHost, Default)]
    struct Host(InstanceCaches);

    impl Host {
        #[lru_cache(ttl_with = |seconds: &u64| Duration::from_secs(*seconds))]
        fn own<const N: u64>(&self) -> u64 {
            N
        }

        #[lru_cache(tti = 10)]
        fn idle(&self) -> u32 {
            1
        }
    }

    #[lru_cache(scope = thread, tti = 10)]
    fn of_thread(x: u32) -> u32 {
        x
    }

    let _turn = turn();
    let host = Host::default();
    let _ = (host.own::<3>(), host.own::<30>(), host.idle(), of_thread(1));
    advance(seconds(3));
    assert!(!host.own_cache::<3>().cache_contains(()));
    assert!(host.own_cache::<30>().cache_contains(()));
    let _ = (host.idle(), of_thread(1));
    advance(seconds(8));
    assert!(host.idle_cache().cache_contains(()) && of_thread::cache_contains(1));
    advance(seconds(2));
    assert!(!host.idle_cache().cache_contains(()) && !of_thread::cache_contains(1));
}

#[test]
fn the_life_of_errors_is_worked_out_for_errors_that_are_kept() {
    static ASKED: AtomicU32 = AtomicU32::new(0);

    fn life() -> Duration {
        ASKED.fetch_add(1, Ordering::SeqCst);
        seconds(2)
    }

    #[lru_cache(cache_err = true, ttl_err = life())]
    fn even(n: u32) -> Result<u32, String> {
        if n % 2 == 0 {
            Ok(n)
        } else {
            Err(format!("{n} is odd"))
        }
    }

    let _turn = turn();
    let asked = || ASKED.load(Ordering::SeqCst);
    assert_eq!((even(2), even(2)), (Ok(2), Ok(2)));
    assert_eq!(asked(), 0, "no error");
    assert!(even(3).is_err() && even(3).is_err());
    assert_eq!(asked(), 1, "one was kept, and found again");
}
