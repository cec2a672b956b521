//! The clock of the machine: what deadlines are measured by that several processes read. No
//! clock of a server belongs here, and none that a user can set, where there is another.

/// Milliseconds by a clock that all processes of this machine share.
///
/// On Linux it counts from the start of the machine on, also while that sleeps, whatever the
/// wall clock is set to. Elsewhere it is the wall clock.
#[cfg(target_os = "linux")]
pub(crate) fn now_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let millis = u64::try_from(now.tv_nsec).unwrap_or_default() / 1_000_000;
    seconds.saturating_mul(1000).saturating_add(millis)
}

/// Milliseconds by a clock that all processes of this machine share.
///
/// On Linux it counts from the start of the machine on, also while that sleeps, whatever the
/// wall clock is set to. Elsewhere it is the wall clock.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::disallowed_types)]
pub(crate) fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The moment that is `length` from now, in whole milliseconds.
pub(crate) fn deadline(length: std::time::Duration) -> u64 {
    now_ms().saturating_add(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

/// What tells one run of the machine from the next, as far as the system says.
pub(crate) fn boot() -> u64 {
    let read = if cfg!(target_os = "linux") {
        std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default()
    } else {
        Vec::new()
    };
    if read.is_empty() {
        return 0;
    }
    xxhash_rust::xxh3::xxh3_64(&read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_goes_on() {
        let before = now_ms();
        std::thread::sleep(Duration::from_millis(5));
        let after = now_ms();
        assert!(after >= before + 4 && after < before + 60_000);
        assert!(deadline(Duration::from_secs(1)) >= after + 1000);
        assert_eq!(deadline(Duration::MAX), u64::MAX);
    }

    #[test]
    fn a_run_of_the_machine_has_one_name() {
        assert_eq!(boot(), boot());
        if cfg!(target_os = "linux") {
            assert_ne!(boot(), 0);
        }
    }
}
