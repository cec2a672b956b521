//! The second tier of [lruheap](https://docs.rs/lruheap): results that processes share.
//!
//! Users reach it through the feature `shared` of `lruheap`, and the option `shared(…)` of
//! `#[lru_cache]`. On its own this crate is for those who write a [`Backend`].

#![cfg_attr(docsrs, feature(doc_cfg))]

// The rooms, from the ground up; each imports only from those above it here.
mod address;
mod breaker;
mod cells;
mod clock;
mod envelope;
mod error;

mod folder;
mod page;

mod backend;

mod heart;
mod store;

mod body;
mod codec;
mod tags;
mod terms;
mod way;
mod within;

mod call;
mod tier;

pub mod memo;

pub use address::Timing;
pub use backend::{AsyncBackend, BLIND, Backend, Key, Name, Pending, Reading, Status, Token};
pub use error::Error;
pub use tags::invalidate_tag;

use store::Store;

/// Connects this process to the store at an address: once, at the start, before the first
/// call of a function with `shared`.
///
/// Without it, the environment variable `LRUHEAP_SHARED` says which one; without that, it is
/// the embedded store in the user's cache folder.
///
/// A server that is down is no error: results are shared as soon as it is up.
///
/// # Errors
///
/// If the address makes no sense, if a store was connected to or used before, or if the
/// folder of an embedded one can't be made or read.
pub fn connect(address: &str) -> Result<(), Error> {
    Store::connect(address)
}

/// Connects this process to a store of your own.
///
/// # Errors
///
/// If a store was connected to or used before.
pub fn connect_to(backend: impl Backend, timing: Timing) -> Result<(), Error> {
    // Not while others are kept from opening one: this may call anything.
    let shown = backend.status().map(|status| status.address);
    let shown = shown.unwrap_or_else(|_| "a store".into());
    let timing = timing.within_reason();
    Store::set(|| Ok(Store::new(Box::new(backend), timing, shown)))
}

/// What the store tells of itself. If none is connected, this connects as the first call
/// would.
///
/// Takes one question to the store, or none where it is left alone because it has failed.
pub fn status() -> Status {
    Store::get().status()
}
