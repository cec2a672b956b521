//! What a jump of the wall clock does to a cache: nothing. A process of its own, because
//! the clock jumps for all of it.

#![cfg(target_os = "linux")]
#![allow(unsafe_code, clippy::disallowed_types)] // to jump, and to see it

use std::ffi::c_int;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use lruheap::lru_cache;

const DAY: i64 = 24 * 60 * 60;

/// How far the wall clock has jumped, in seconds.
static JUMP: AtomicI64 = AtomicI64::new(0);

/// Stands in for libc's in this process: whoever asks for the wall clock sees the jump.
///
/// # Safety
///
/// As for libc's: `time` is a place for a `timespec`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    // SAFETY: the system call takes what the function takes, and the caller has promised
    // that it is a place for the time.
    let refused = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } != 0;
    if !refused && clock == libc::CLOCK_REALTIME {
        // SAFETY: the system call has just written it.
        unsafe { (*time).tv_sec += JUMP.load(SeqCst) };
    }
    c_int::from(refused).wrapping_neg()
}

#[test]
fn a_jump_of_the_wall_clock_changes_nothing() {
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[lru_cache(ttl = 3600)]
    fn rate(_n: u32) -> u32 {
        RUNS.fetch_add(1, SeqCst)
    }

    assert_eq!(rate(1), 0);
    let left = rate::cache_ttl(1).expect("it is there");
    for days in [1, 3650, -3650] {
        let before = SystemTime::now();
        JUMP.store(days * DAY, SeqCst);
        let after = SystemTime::now();
        assert_eq!(after > before, days > 0, "the wall clock has jumped");
        assert_eq!(rate(1), 0, "{days} days make it no older");
        let now = rate::cache_ttl(1).expect("it is there");
        assert!(now <= left && now > Duration::from_secs(3000));
    }
    lruheap_core::testing::advance(Duration::from_secs(3600));
    assert_eq!(rate(1), 1, "time passes all the same");
}
