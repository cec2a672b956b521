//! The gate: who may be with the state of a cache.
//!
//! Whatever is done to a cache is done in a closure that is handed to the
//! gate, and no such closure runs code of the user's. That is the seam where a
//! faster way in for readers belongs.

use std::cell::RefCell;

use parking_lot::Mutex;

/// Lets one closure at a time at a `T`.
pub trait Gate<T> {
    /// A gate round `state`.
    fn new(state: T) -> Self;

    /// Runs `f` with the state to itself.
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}

impl<T> Gate<T> for Mutex<T> {
    fn new(state: T) -> Self {
        Mutex::new(state)
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.lock())
    }
}

impl<T> Gate<T> for RefCell<T> {
    fn new(state: T) -> Self {
        RefCell::new(state)
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(&mut self.borrow_mut())
    }
}

/// Who shares a cache, and so what gate it needs.
pub trait Scope {
    /// The gate round a cache of this scope.
    type Gate<T>: Gate<T>;
}

/// All threads of the process.
pub enum Process {}

/// One thread.
pub enum Thread {}

impl Scope for Process {
    type Gate<T> = Mutex<T>;
}

impl Scope for Thread {
    type Gate<T> = RefCell<T>;
}
