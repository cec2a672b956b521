//! A pair of fences of unequal cost: `light` where it is passed all the time, `heavy`
//! where it is passed rarely. Each stands between a store and a load; of two threads
//! that pass one each, at least one sees the other's store.
//!
//! Where the system can have all threads of the process pass a fence at once
//! (`membarrier` on Linux), the light one costs nothing but what the compiler may not
//! do. Where not (other systems, old kernels, a filter for system calls), both are real,
//! as they are with `--cfg lruheap_real_fences`. Nothing here knows what is fenced.

#[cfg(loom)]
use loom::sync::atomic::{Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU8, Ordering, compiler_fence, fence};

/// What is known of the system.
#[cfg(not(loom))]
static SYSTEM: AtomicU8 = AtomicU8::new(UNKNOWN);

#[cfg(not(loom))]
const UNKNOWN: u8 = 0;
#[cfg(not(loom))]
const HELPS: u8 = 1;
#[cfg(not(loom))]
const DOES_NOT: u8 = 2;
/// It did, and somebody may count on it yet.
#[cfg(not(loom))]
const CEASED: u8 = 3;

/// Finds out what the system can do; what passes a fence before that passes a real one.
#[cfg(not(loom))]
#[cold]
pub(super) fn prepare() {
    if SYSTEM.load(Ordering::Relaxed) == UNKNOWN {
        let helps = system::register();
        // Threads that don't know yet pass a real fence, which is as good.
        SYSTEM.store(if helps { HELPS } else { DOES_NOT }, Ordering::Relaxed);
    }
}

/// The cheap one.
#[cfg(not(loom))]
#[inline]
pub(super) fn light() {
    if SYSTEM.load(Ordering::Relaxed) == HELPS {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The dear one.
#[cfg(not(loom))]
#[cold]
pub(super) fn heavy() {
    fence(Ordering::SeqCst);
    // Who takes the cheap way knows that the system helps, whether or not this thread
    // has heard of it.
    if SYSTEM.load(Ordering::Relaxed) != DOES_NOT && !system::all_threads() {
        given_up();
    }
    fence(Ordering::SeqCst);
}

/// The system helped and has ceased to, which is what a filter does that is put up late,
/// or it never did and some thread has not heard yet. Real fences from here on.
#[cfg(not(loom))]
#[cold]
fn given_up() {
    SYSTEM.store(CEASED, Ordering::Relaxed);
    // Somebody may have taken the cheap way just before, and nobody is there to ask. No
    // processor holds a store back for anything like this long.
    std::thread::sleep(std::time::Duration::from_millis(10));
    SYSTEM.store(DOES_NOT, Ordering::Relaxed);
}

#[cfg(loom)]
pub(super) fn prepare() {}

#[cfg(loom)]
pub(super) fn light() {
    fence(Ordering::SeqCst);
}

#[cfg(loom)]
pub(super) fn heavy() {
    fence(Ordering::SeqCst);
}

#[cfg(all(
    not(loom),
    any(target_os = "linux", target_os = "android"),
    not(lruheap_real_fences),
    not(miri)
))]
mod system {
    // From the kernel's `membarrier.h`; `libc` has them for few targets.
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

    #[allow(unsafe_code)]
    fn membarrier(command: libc::c_int) -> bool {
        let no_flags: libc::c_uint = 0;
        let no_cpu: libc::c_int = 0;
        // SAFETY:
        // 1. The call takes these three numbers and no pointer.
        // 2. It changes no memory. A command or a call that the kernel does not know,
        //    or that a filter refuses, is an error.
        let result = unsafe { libc::syscall(libc::SYS_membarrier, command, no_flags, no_cpu) };
        result == 0
    }

    pub(super) fn register() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED) && membarrier(PRIVATE_EXPEDITED)
    }

    /// All running threads of the process pass a fence before this returns.
    pub(super) fn all_threads() -> bool {
        membarrier(PRIVATE_EXPEDITED)
    }
}

#[cfg(all(
    not(loom),
    not(all(
        any(target_os = "linux", target_os = "android"),
        not(lruheap_real_fences),
        not(miri)
    ))
))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    /// Nobody counts on it: there is none here.
    pub(super) fn all_threads() -> bool {
        true
    }
}
