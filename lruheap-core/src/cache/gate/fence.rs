//! A pair of fences of unequal cost: `light` where it is passed all the time, `heavy`
//! where it is passed rarely. Each stands between a store and a load; of two threads
//! that pass one each, at least one sees the other's store.
//!
//! Where the system can have all threads of the process pass a fence at once
//! (`membarrier` on Linux), the light one costs nothing but what the compiler may not
//! do. Where not (other systems, old kernels, a filter for system calls), both are real,
//! as they are with `--cfg lruheap_real_fences`. Nothing here knows what is fenced.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

#[cfg(loom)]
use loom::sync::atomic::{Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{Ordering, compiler_fence, fence};

/// What kind of fences a pair is of: both sides have to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The system takes part.
    Unequal,
    /// Each is a real one.
    Real,
}

/// What is known of the system: asked once, and believed until it refuses.
static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);

const UNKNOWN: u8 = 0;
const TAKES_PART: u8 = 1;
const DOES_NOT: u8 = 2;

/// The kind that the system is good for.
#[cold]
pub(super) fn kind() -> Kind {
    if is_refused() {
        return Kind::Real;
    }
    if KNOWN.load(Relaxed) == UNKNOWN {
        let takes_part = system::register();
        KNOWN.store(if takes_part { TAKES_PART } else { DOES_NOT }, Relaxed);
    }
    if KNOWN.load(Relaxed) == TAKES_PART {
        Kind::Unequal
    } else {
        Kind::Real
    }
}

/// The cheap one.
#[inline]
pub(super) fn light(kind: Kind) {
    match kind {
        #[cfg(not(loom))]
        Kind::Unequal => compiler_fence(Ordering::SeqCst),
        _ => fence(Ordering::SeqCst),
    }
}

/// The dear one. Says whether the system still takes part: if not, those who pass the
/// other are to be told that it has to be a real one from here on.
#[cold]
pub(super) fn heavy(kind: Kind) -> bool {
    fence(Ordering::SeqCst);
    let takes_part = kind == Kind::Real || !is_refused() && system::all_threads();
    if !takes_part {
        if !is_refused() {
            // If only to this thread: the next would be held up as well.
            KNOWN.store(DOES_NOT, Relaxed);
        }
        // It did, and has ceased to: a filter that was put up late does that. Somebody
        // may have passed the cheap one just before, and nobody is there to ask. No
        // processor holds a store back for anything like this long.
        #[cfg(not(loom))]
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    fence(Ordering::SeqCst);
    takes_part
}

/// Whether a test has it that the system takes no part.
#[cfg(any(not(test), loom))]
fn is_refused() -> bool {
    false
}

#[cfg(all(test, not(loom)))]
pub(super) use refusal::{Refusal, is_refused};

#[cfg(all(test, not(loom)))]
mod refusal {
    use std::cell::Cell;

    thread_local! {
        static REFUSED: Cell<bool> = const { Cell::new(false) };
    }

    pub(in super::super) fn is_refused() -> bool {
        REFUSED.get()
    }

    /// As long as there is one, the system does nothing for this thread: as if a filter
    /// for system calls had been put up.
    pub(in super::super) struct Refusal(());

    impl Refusal {
        pub(in super::super) fn new() -> Self {
            REFUSED.set(true);
            Refusal(())
        }
    }

    impl Drop for Refusal {
        fn drop(&mut self) {
            REFUSED.set(false);
        }
    }
}

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(loom, miri, lruheap_real_fences))
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

#[cfg(not(all(
    any(target_os = "linux", target_os = "android"),
    not(any(loom, miri, lruheap_real_fences))
)))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn all_threads() -> bool {
        false
    }
}
