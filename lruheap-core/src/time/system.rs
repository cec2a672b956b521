//! What the system has to say about the time: one timeline, read in two ways.
//!
//! `exact` is what the standard library would read. `coarse` is the same clock as
//! the kernel last noted it, at its last tick: never ahead of `exact`, some
//! milliseconds behind, and several times cheaper, because no counter of the
//! hardware is read. Both go by the same corrections, and both stand still while
//! the machine sleeps; and since both count from the same moment, neither has to be
//! translated into the other.
//!
//! A thread that reads `coarse` twice need not see it grow: kernels before 6.15 may
//! take it back by nanoseconds when they correct their clock. No one compares two.
//!
//! The standard library has no such clock. Where there is none, or with
//! `--cfg lruheap_exact_clock`, `coarse` has nothing to say.

pub(super) use of_platform::{coarse, exact};

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(lruheap_exact_clock)
))]
mod of_platform {
    use std::mem::MaybeUninit;

    /// In nanoseconds.
    pub(in super::super) fn exact() -> u64 {
        // If that is refused, so is it to the standard library, which panics then.
        read(libc::CLOCK_MONOTONIC).unwrap_or_else(super::of_std)
    }

    /// The same, as it was a tick ago.
    #[inline(always)]
    pub(in super::super) fn coarse() -> Option<u64> {
        read(libc::CLOCK_MONOTONIC_COARSE)
    }

    #[inline(always)]
    #[allow(unsafe_code)]
    fn read(clock: libc::clockid_t) -> Option<u64> {
        let mut time = MaybeUninit::<libc::timespec>::uninit();
        // SAFETY:
        // 1. `time` is a place for a `timespec` that nobody else knows of, good for
        //    as long as the call takes; the call does not keep the pointer.
        // 2. Any number may be asked for as a clock: an unknown one is an error.
        // 3. `time` is read only where the call gave 0, and then it has written it.
        let time = unsafe {
            if libc::clock_gettime(clock, time.as_mut_ptr()) != 0 {
                return None;
            }
            time.assume_init()
        };
        let seconds = u64::try_from(time.tv_sec).ok()?;
        let rest = u64::try_from(time.tv_nsec).ok()?;
        seconds.checked_mul(1_000_000_000)?.checked_add(rest)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_clock_that_the_system_does_not_know_has_nothing_to_say() {
            assert_eq!(read(libc::clockid_t::MAX), None);
        }
    }
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    not(lruheap_exact_clock)
)))]
mod of_platform {
    /// In nanoseconds.
    pub(in super::super) fn exact() -> u64 {
        super::of_std()
    }

    #[inline(always)]
    pub(in super::super) fn coarse() -> Option<u64> {
        None
    }
}

/// In nanoseconds, since the process first asked.
fn of_std() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    super::nanoseconds(START.get_or_init(Instant::now).elapsed()).unwrap_or(u64::MAX)
}
