//! Taking turns at the clock of the process.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The clock of the process. A test in which nobody is to lose patience, and nothing to
/// expire, keeps it from being moved, and one that moves it has it to itself.
static CLOCK: RwLock<()> = RwLock::new(());

pub fn clock_stands() -> RwLockReadGuard<'static, ()> {
    CLOCK.read().unwrap_or_else(PoisonError::into_inner)
}

pub fn clock_moves() -> RwLockWriteGuard<'static, ()> {
    CLOCK.write().unwrap_or_else(PoisonError::into_inner)
}
