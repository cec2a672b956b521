//! What generated code calls. Not for use by hand: nothing in here is covered
//! by semantic versioning.
//!
//! A memoized function makes parts of its arguments, finds its cache, asks
//! [`lookup`], and runs its body if that gives a flight. Types are inferred
//! here rather than written by the macro. Algorithms do not belong here.

mod call;
mod outcome;
mod slot;

pub use call::{Flight, contains, insert, lookup, peek, refresh, remove, ttl};
pub use outcome::{
    CacheValue, IsOption, IsResult, OkOf, Outcome, Probe, keep, keep_err, keep_if, keep_ok,
    keep_some,
};
pub use slot::{Local, LocalSlot, LocalSlots, Slot, Slots};

pub use crate::cache::{Engine, Home, Process, Scope, Thread, Values};
pub use crate::key::{
    AnyKey, BorrowedKey, CacheKey, KeyProbe, Loose, LooseKey, LooseTokens, OwnedKey, Part,
    Shareable, View, borrowed, loose, optional, plain, sequence,
};

pub use std::borrow::ToOwned;
pub use std::marker::PhantomData;
pub use std::option::Option;
pub use std::result::Result;
pub use std::thread_local;
pub use std::time::Duration;
pub use std::{concat, module_path};
pub use std::convert::Into;
pub use std::marker::Sized;
pub use std::vec::Vec;
pub use std::primitive::{bool, usize};

/// `T`, where it may be kept in a cache that all threads share.
pub type Shared<T> = <T as Shareable>::This;

/// The owned form of `T`, which arguments of type `&T` are kept in.
pub type Owned<T> = <T as ToOwned>::Owned;

/// The value of `maxsize = …`, of the type that it has to have.
pub const fn maxsize(maxsize: usize) -> usize {
    maxsize
}

/// The value of `ttl = …`, of the type that it has to have.
pub const fn ttl_of(ttl: Duration) -> Duration {
    ttl
}

/// The body of the controls of a function that was refused.
///
/// # Panics
///
/// Always; but it is never called, because the refusal is an error.
pub fn refused() -> ! {
    unreachable!("the function was refused at compile time")
}
