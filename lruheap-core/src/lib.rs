//! The cache engine of [lruheap](https://docs.rs/lruheap).
//!
//! [`Cache`] is an exact LRU cache with time to live and exact counters. It is
//! `Send + Sync`, cheap to clone, and never runs code of the user's (`Hash`,
//! `Eq`, `Clone`, `Drop`, closures) while it holds a lock: all of them may call
//! back into the same cache.
//!
//! ```
//! use std::time::Duration;
//! use lruheap_core::Cache;
//!
//! let rates: Cache<String, f64> =
//!     Cache::builder().maxsize(100).ttl(Duration::from_secs(60)).build();
//! rates.insert("USD/EUR".into(), 0.92);
//! assert_eq!(rates.get("USD/EUR"), Some(0.92));
//! assert_eq!(rates.get_or_insert_with("EUR/JPY", || 171.2), 171.2);
//! ```
//!
//! # Features
//!
//! * `testing` (off by default): a clock that tests can move.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The rooms, from the ground up; each imports only from those above it here.
mod alarm;
mod inert;
mod key;
mod leading;
mod random;
mod registry;
mod seen;
mod stats;
mod time;
mod timer;
mod turns;

mod store;

mod cache;

pub mod memo;

pub mod sweeper;

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;

pub use cache::{Cache, CacheBuilder};
pub use key::{Loose, LooseKey, LooseTokens};
pub use memo::{CacheHost, InstanceCaches, MethodCache, MethodCaches};
pub use registry::{CacheReport, caches, invalidate_tag, purge, report};
pub use stats::{CacheInfo, CacheKind, CacheParameters, Policy};
