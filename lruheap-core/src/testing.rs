//! The clock in the hands of a test (feature `testing`).

use std::time::Duration;

/// Moves the clock that every cache of the process reads forward by `duration`.
///
/// Time never goes backwards, and real time keeps passing as well. The clock
/// is one for the process: tests that run on several threads at once and
/// depend on what is *not* yet expired take turns.
///
/// ```
/// use std::time::Duration;
/// use lruheap_core::Cache;
///
/// let cache: Cache<u32, &str> = Cache::builder().ttl(Duration::from_secs(30)).build();
/// cache.insert(1, "one");
/// lruheap_core::testing::advance(Duration::from_secs(10));
/// assert_eq!(cache.get(&1), Some("one"));
/// lruheap_core::testing::advance(Duration::from_secs(20));
/// assert_eq!(cache.get(&1), None);
/// ```
pub fn advance(duration: Duration) {
    crate::time::advance(duration);
    crate::alarm::wake();
    crate::timer::look_again();
}
