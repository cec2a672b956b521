//! The second tier of [lruheap](https://docs.rs/lruheap): results that processes share.
//!
//! Users reach it through the feature `shared` of `lruheap`, and the option `shared(…)` of
//! `#[lru_cache]`. On its own this crate is for those who write a [`Backend`].

#![cfg_attr(docsrs, feature(doc_cfg))]

// The rooms, from the ground up; each imports only from those above it here.
mod address;
mod cells;
mod error;

mod backend;

pub use address::Timing;
pub use backend::{AsyncBackend, BLIND, Backend, Key, Name, Pending, Reading, Status, Token};
pub use error::Error;
