//! Memoization for Rust: `#[lru_cache]` and the cache behind it.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use lruheap_core::{Cache, CacheBuilder, CacheInfo, CacheParameters, LooseKey, Policy};
pub use lruheap_macros::{LooseKey, cache, lru_cache};

#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub use lruheap_core::testing;

/// What generated code calls. Nothing in here is covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub use lruheap_core::memo::*;
}
