//! What a cache says of itself: its counters and how it was configured.

use std::fmt;
use std::time::Duration;

/// The counters of a cache at one moment.
///
/// `hits + misses` is the number of calls since the cache was made or last
/// cleared, exactly, from any number of threads.
///
/// ```
/// use lruheap_core::Cache;
///
/// let cache: Cache<u32, u32> = Cache::builder().maxsize(2).build();
/// cache.get_or_insert_with(&1, || 10);
/// cache.get_or_insert_with(&1, || 10);
/// let info = cache.info();
/// assert_eq!((info.hits, info.misses, info.currsize), (1, 1, 1));
/// assert_eq!(info.to_string(), "CacheInfo(hits=1, misses=1, maxsize=2, currsize=1)");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Calls that were answered without running the body.
    pub hits: u64,
    /// Calls that ran the body, or found nothing.
    pub misses: u64,
    /// The most entries that are kept; `None` for no bound.
    pub maxsize: Option<usize>,
    /// The live entries. What has expired is not counted.
    pub currsize: usize,
    /// Entries that had to make room for others.
    pub evictions: u64,
    /// Entries that were dropped because their time was up.
    pub expirations: u64,
    /// Entries that were removed by name. Clearing zeroes this with the rest.
    pub invalidations: u64,
    /// Calls that were answered with a value past its time to live (`stale`), or with
    /// an old one in the place of an error (`stale_if_error`).
    pub stale: u64,
    /// With `shared`: calls that were answered from the shared store. They are among
    /// the hits.
    pub shared_hits: u64,
    /// With `shared`: calls that looked there and found nothing.
    pub shared_misses: u64,
    /// With `shared`: what the store was asked and did not do.
    pub shared_errors: u64,
    /// With `shared`: calls that did not ask the store, because it had failed before, and
    /// values that it was not given, because they are too large for it.
    pub shared_skips: u64,
}

impl CacheInfo {
    /// The share of calls that were hits, from 0 to 1; 0 before the first call.
    #[allow(clippy::cast_precision_loss)]
    pub fn hit_rate(&self) -> f64 {
        match self.hits + self.misses {
            0 => 0.0,
            calls => self.hits as f64 / calls as f64,
        }
    }
}

/// The four figures, in Python's wording.
impl fmt::Display for CacheInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CacheInfo(hits={}, misses={}, maxsize=",
            self.hits, self.misses
        )?;
        match self.maxsize {
            Some(maxsize) => write!(f, "{maxsize}")?,
            None => f.write_str("None")?,
        }
        write!(f, ", currsize={})", self.currsize)
    }
}

/// Which entry makes room when a cache is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The least recently used one, exactly.
    #[default]
    Lru,
}

/// What a cache is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheKind {
    /// A function, or what is called like one.
    #[default]
    Function,
    /// A method: one cache for each instance, or one for all.
    Method,
}

impl fmt::Display for CacheKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CacheKind::Function => "function",
            CacheKind::Method => "method",
        })
    }
}

/// How a cache was configured.
///
/// ```
/// use std::time::Duration;
/// use lruheap_core::{Cache, Policy};
///
/// let cache: Cache<u32, u32> = Cache::builder().maxsize(9).ttl(Duration::from_secs(60)).build();
/// let parameters = cache.parameters();
/// assert_eq!(parameters.maxsize, Some(9));
/// assert_eq!(parameters.ttl, Some(Duration::from_secs(60)));
/// assert_eq!(parameters.policy, Policy::Lru);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheParameters {
    /// The most entries that are kept; `None` for no bound. Resizing changes it.
    pub maxsize: Option<usize>,
    /// How long an entry lives from the end of its computation; `None` for ever.
    pub ttl: Option<Duration>,
    /// How long an entry lives from its last hit; `None` for ever.
    pub tti: Option<Duration>,
    /// The option `typed` of a memoized function; `None` where it is unset.
    pub typed: Option<bool>,
    /// Which entry makes room when the cache is full.
    pub policy: Policy,
    /// Whether entries may have tags.
    pub(crate) tagged: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_python_s() {
        let info = CacheInfo {
            hits: 33,
            misses: 36,
            maxsize: Some(128),
            currsize: 36,
            ..CacheInfo::default()
        };
        assert_eq!(
            info.to_string(),
            "CacheInfo(hits=33, misses=36, maxsize=128, currsize=36)"
        );
        let unbounded = CacheInfo {
            maxsize: None,
            ..info
        };
        assert_eq!(
            unbounded.to_string(),
            "CacheInfo(hits=33, misses=36, maxsize=None, currsize=36)"
        );
    }

    #[test]
    fn the_hit_rate_of_no_calls_is_zero() {
        assert!(CacheInfo::default().hit_rate().abs() < f64::EPSILON);
        let info = CacheInfo {
            hits: 3,
            misses: 1,
            ..CacheInfo::default()
        };
        assert!((info.hit_rate() - 0.75).abs() < f64::EPSILON);
    }
}
