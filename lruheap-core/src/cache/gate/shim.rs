//! What is the standard library's in a build, and the model checker's in a model.

#[cfg(not(loom))]
pub(super) use parking_lot::{Mutex, MutexGuard};
#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

#[cfg(loom)]
pub(super) use crate::leading::modelled::{Mutex, MutexGuard};
#[cfg(loom)]
pub(super) use loom::cell::{ConstPtr, MutPtr};
#[cfg(loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A place that whoever opens it answers for: loom checks that they may.
pub(super) struct Guarded<T>(
    #[cfg(not(loom))] std::cell::UnsafeCell<T>,
    #[cfg(loom)] loom::cell::UnsafeCell<T>,
);

impl<T> Guarded<T> {
    pub(super) fn new(value: T) -> Self {
        #[cfg(not(loom))]
        let cell = std::cell::UnsafeCell::new(value);
        #[cfg(loom)]
        let cell = loom::cell::UnsafeCell::new(value);
        Guarded(cell)
    }

    /// The place of whoever has all of it.
    pub(super) fn of_owner(&mut self) -> &mut T {
        #[cfg(not(loom))]
        return self.0.get_mut();
        #[cfg(loom)]
        // SAFETY: `&mut self` says that nobody else has the place.
        #[allow(unsafe_code)]
        self.0.with_mut(|place| unsafe { &mut *place })
    }

    /// A pointer that is good for reading as long as it is kept, if the caller has seen to
    /// it that nobody writes meanwhile.
    #[inline]
    pub(super) fn get(&self) -> ConstPtr<T> {
        #[cfg(not(loom))]
        return ConstPtr(self.0.get());
        #[cfg(loom)]
        self.0.get()
    }

    /// A pointer that is good for writing as long as it is kept, if the caller has seen to
    /// it that nobody else has the place meanwhile.
    #[inline(always)]
    pub(super) fn get_mut(&self) -> MutPtr<T> {
        #[cfg(not(loom))]
        return MutPtr(self.0.get());
        #[cfg(loom)]
        self.0.get_mut()
    }

    /// Hands in a pointer that is good for writing while `f` runs, if the caller has
    /// seen to it that nobody else has the place meanwhile.
    #[inline]
    pub(super) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(not(loom))]
        return f(self.0.get());
        #[cfg(loom)]
        self.0.with_mut(f)
    }
}

#[cfg(not(loom))]
pub(super) struct ConstPtr<T>(*const T);

#[cfg(not(loom))]
impl<T> ConstPtr<T> {
    /// # Safety
    ///
    /// Nobody writes there while the reference is in use.
    #[allow(unsafe_code)]
    #[inline]
    pub(super) unsafe fn deref(&self) -> &T {
        // SAFETY: the pointer is that of a `Guarded`, which whoever keeps this borrows;
        // the rest is the caller's.
        unsafe { &*self.0 }
    }
}

#[cfg(not(loom))]
pub(super) struct MutPtr<T>(*mut T);

#[cfg(not(loom))]
impl<T> MutPtr<T> {
    /// The pointer, for whoever says what it is good for.
    #[inline(always)]
    pub(super) fn with<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0)
    }
}

/// One more turn of a wait for somebody who won't be long: first at work, then with the
/// processor given to others, and then asleep, in case that they are of lower priority.
#[cfg(not(loom))]
#[cold]
pub(super) fn pause(turn: u32) {
    match turn {
        0..64 => std::hint::spin_loop(),
        64..256 => std::thread::yield_now(),
        _ => std::thread::sleep(std::time::Duration::from_micros(50)),
    }
}

#[cfg(loom)]
pub(super) fn pause(_turn: u32) {
    loom::thread::yield_now();
}
