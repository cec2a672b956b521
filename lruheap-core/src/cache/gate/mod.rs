//! The gate: who may be with the state of a cache.
//!
//! Whatever is done to a cache is done in a closure that is handed to the
//! gate, and no such closure runs code of the user's.

mod biased;
mod fence;
mod leaning;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod once;
mod readers;
mod shim;
#[cfg(all(test, not(loom)))]
mod tests;
mod threads;
mod unshared;
mod watch;

use std::borrow::Borrow;
use std::rc::Rc;
use std::sync::Arc;

use biased::Biased;
use leaning::Leaning;
use unshared::{Small, Unshared};

use super::settings::Setup;
use crate::store::Slot;

/// Lets one closure at a time at a `T`.
pub trait Gate<T> {
    /// Somebody who reads.
    type Reader<'a>: Reader<T>
    where
        Self: 'a;

    /// A gate round `state`. Whether it `leans` says that reading is often enough.
    fn new(state: T, leans: bool) -> Self;

    /// Somebody who has the state to themselves, and takes nothing but a look.
    type Holder<'a>: Visitor<T>
    where
        Self: 'a;

    /// Runs `f` with the state to itself.
    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with_again(|state, _| f(state))
    }

    /// The same for who may just have had it at once: tells whether nobody else can have
    /// had it since. Of what this thread itself did meanwhile it knows nothing: no code of the
    /// user's may run in between.
    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R;

    /// The same for a short visit, after which all goes on as before.
    #[inline]
    fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(f)
    }

    /// Whether there may be a way in for those who only read.
    fn is_open(&self) -> bool;

    /// Lets in one who only reads, beside others, if there is a way in for such.
    fn read(&self) -> Option<Self::Reader<'_>>;

    /// The same where that calls for nothing: for who has another way if it does.
    fn read_at_once(&self) -> Option<Self::Reader<'_>>;

    /// Where there is no way in for readers: the state to itself, likewise.
    fn hold_at_once(&self) -> Option<Self::Holder<'_>>;
}

/// Somebody who looks; nobody else writes before this is dropped.
pub trait Visitor<T> {
    /// What there is to see.
    fn state(&self) -> &T;

    /// Notes a hit, where that calls for nothing. Says whether it has.
    fn note_at_once(&mut self, slot: Slot) -> bool;
}

/// Somebody who only reads.
pub trait Reader<T>: Visitor<T> {
    /// Notes a hit.
    fn note(&mut self, slot: Slot);
}

/// A reader at a gate that lets none in.
pub enum Nobody {}

impl<T> Visitor<T> for Nobody {
    fn state(&self) -> &T {
        match *self {}
    }

    fn note_at_once(&mut self, _slot: Slot) -> bool {
        match *self {}
    }
}

impl<T> Reader<T> for Nobody {
    fn note(&mut self, _slot: Slot) {
        match *self {}
    }
}

/// What readers keep a log for.
pub trait Logged {
    /// All hits so far, but for those in logs.
    fn hits(&self) -> u64;

    /// How many entries there are, each with a slot below that.
    fn entries(&self) -> usize;

    /// What has been begun to be written so far; only that it changes matters.
    fn writes(&self) -> u64;

    /// A hit of somebody who keeps no log.
    fn hit(&mut self, slot: Slot);

    /// The same where that calls for nothing. Says whether it has.
    fn hit_at_once(&mut self, slot: Slot) -> bool;

    /// Takes up what was in logs: so many hits, and these entries used, in this order.
    fn take_up(&mut self, hits: u64, used: &[Slot]);
}

/// Who shares a cache, and so what gate it needs; and whether it has its setup
/// to itself.
pub trait Scope {
    /// The gate round a cache of this scope.
    type Gate<T: Logged>: Gate<T>;
    /// How the cache finds its setup.
    type Setup: Borrow<Setup>;
    /// Whether more than one thread may reach it.
    const IS_SHARED: bool;
    /// Whether there may be many of them, so that each is to be small.
    const IS_SMALL: bool;
}

/// All threads of the process.
pub enum Process {}

/// One thread.
pub enum Thread {}

/// One instance of a type, in whatever threads. There may be many, and each is
/// small: the setup is their method's.
pub enum Instance {}

/// One instance, in one thread.
pub enum LocalInstance {}

impl Scope for Process {
    type Gate<T: Logged> = Biased<T>;
    type Setup = Setup;
    const IS_SHARED: bool = true;
    const IS_SMALL: bool = false;
}

impl Scope for Thread {
    type Gate<T: Logged> = Unshared<T>;
    type Setup = Setup;
    const IS_SHARED: bool = false;
    const IS_SMALL: bool = false;
}

impl Scope for Instance {
    type Gate<T: Logged> = Leaning<T>;
    type Setup = Arc<Setup>;
    const IS_SHARED: bool = true;
    const IS_SMALL: bool = true;
}

impl Scope for LocalInstance {
    type Gate<T: Logged> = Small<T>;
    type Setup = Rc<Setup>;
    const IS_SHARED: bool = false;
    const IS_SMALL: bool = true;
}
