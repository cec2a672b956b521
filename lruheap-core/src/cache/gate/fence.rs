//! A pair of fences of unequal cost: `light` where it is passed all the time, `heavy`
//! where it is passed rarely. Each stands between a store and a load; of two threads
//! that pass one each, at least one sees the other's store.
//!
//! Where the system can have all threads of the process pass a fence at once
//! (`membarrier` on Linux), the light one costs nothing but what the compiler may not
//! do. Where not (other systems, old kernels, a filter for system calls), both are real.

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
/// It did, and some thread may still count on it.
#[cfg(not(loom))]
const CEASED: u8 = 3;

/// Finds out what the system can do; what passes a fence before that passes a real one.
#[cfg(not(loom))]
#[cold]
pub(crate) fn prepare() {
    if SYSTEM.load(Ordering::Relaxed) == UNKNOWN {
        let helps = system::register();
        // Once it helps it always will: threads that don't know yet pass a real fence,
        // which is as good.
        SYSTEM.store(if helps { HELPS } else { DOES_NOT }, Ordering::Relaxed);
    }
}

/// The cheap one.
#[cfg(not(loom))]
#[inline]
pub(crate) fn light() {
    if SYSTEM.load(Ordering::Relaxed) == HELPS {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The dear one. Says whether it was one: not where the system has ceased to help. Others
/// may take the cheap way a little longer then.
#[cfg(not(loom))]
#[cold]
pub(crate) fn heavy() -> bool {
    fence(Ordering::SeqCst);
    // Who takes the cheap way knows that the system helps, whether or not this thread
    // has heard of it.
    let is_one = SYSTEM.load(Ordering::Relaxed) == DOES_NOT || system::all_threads();
    if !is_one {
        SYSTEM.store(CEASED, Ordering::Relaxed);
    }
    fence(Ordering::SeqCst);
    is_one
}

#[cfg(loom)]
pub(crate) fn prepare() {}

#[cfg(loom)]
pub(crate) fn light() {
    fence(Ordering::SeqCst);
}

#[cfg(loom)]
pub(crate) fn heavy() -> bool {
    fence(Ordering::SeqCst);
    true
}

#[cfg(all(
    not(loom),
    any(target_os = "linux", target_os = "android"),
    not(lruheap_real_fences)
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
        not(lruheap_real_fences)
    ))
))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn all_threads() -> bool {
        false
    }
}
