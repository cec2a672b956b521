//! Concurrent misses on one key run the body once, among threads, among tasks, and
//! between them.
//!
//! Patience is told by the clock of the process: who moves that has it to itself.

#![allow(clippy::items_after_statements)] // functions inside tests
#![allow(clippy::unnecessary_wraps, clippy::unused_async)] // they are examples of signatures

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/counting.rs"]
mod counting;
mod mixed;
mod tasks;
mod threads;
