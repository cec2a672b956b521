//! An allocator that counts, for each thread: whoever names this module has it.

#![allow(unsafe_code)] // a global allocator is
#![allow(dead_code)] // no test needs both counts

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The bytes that this thread has allocated more than it has freed.
pub(crate) fn bytes() -> isize {
    BYTES.get()
}

/// How often this thread has allocated.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

fn count(bytes: usize, sign: isize) {
    let bytes = sign * isize::try_from(bytes).unwrap_or(0);
    // A thread that is going away is nobody's to count.
    let _ = BYTES.try_with(|held| held.set(held.get() + bytes));
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + u64::from(sign > 0)));
}

// SAFETY: every call is handed on to the system's allocator as it came. Growing and
// zeroing are made of these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promises are those of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
