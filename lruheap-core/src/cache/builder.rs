//! Building a cache: plain settings, checked by their types.

use std::borrow::Cow;
use std::hash::Hash;
use std::time::Duration;

use super::{Cache, Engine, Scope, Settings, Setup};
use crate::stats::{CacheKind, Policy};

/// Builds a [`Cache`]. Unbounded and without a time to live unless told.
///
/// Nothing is allocated for `maxsize`: memory grows with use.
///
/// ```
/// use std::time::Duration;
/// use lruheap_core::Cache;
///
/// let cache: Cache<String, u32> = Cache::builder()
///     .name("rates")
///     .maxsize(100)
///     .ttl(Duration::from_secs(60))
///     .build();
/// assert_eq!(cache.name(), "rates");
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct CacheBuilder {
    settings: Settings,
}

impl CacheBuilder {
    /// The most entries to keep: a number, or `None` for no bound (the
    /// default). With 0 nothing is stored. Beyond `u32::MAX - 1` entries the
    /// least recently used ones go, bound or not.
    pub fn maxsize(mut self, maxsize: impl Into<Option<usize>>) -> Self {
        self.settings.maxsize = maxsize.into();
        self
    }

    /// How long an entry lives from the moment it is stored: a duration, or
    /// `None` for ever (the default). An entry whose age equals the ttl has
    /// expired, so with a ttl of zero nothing is ever found.
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.settings.ttl = ttl.into();
        self
    }

    /// How long an entry lives from its last hit, or from the moment it is stored:
    /// a duration, or `None` for ever (the default). Where there is a
    /// [`ttl`](Self::ttl) as well, an entry goes at whichever comes first.
    ///
    /// Each hit then takes O(log n).
    pub fn tti(mut self, tti: impl Into<Option<Duration>>) -> Self {
        self.settings.tti = tti.into();
        self
    }

    /// Whether concurrent misses on one key run one computation, whose result all of
    /// them get (the default), or one each.
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.settings.apart = !coalesce;
        self
    }

    /// Recomputes entries early, with a probability that rises as their expiry nears
    /// and with what they cost to compute; `beta` is 1 by default, and more is earlier
    /// (Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache stampede
    /// prevention", VLDB 2015). One caller at a time recomputes, and the others go on
    /// with what is there. For entries with a time to live.
    ///
    /// # Panics
    ///
    /// If `beta` is not a number above zero.
    pub fn xfetch(mut self, beta: f64) -> Self {
        assert!(
            beta > 0.0 && beta.is_finite(),
            "the beta of xfetch is a number above zero"
        );
        self.settings.xfetch = Some(beta);
        self
    }

    /// How long past its time to live a value is still served, while one caller
    /// recomputes it. None by default.
    pub fn stale(mut self, stale: impl Into<Option<Duration>>) -> Self {
        self.settings.stale = stale.into().unwrap_or_default();
        self
    }

    /// How long past its time to live a value may stand in for an error of what was to
    /// recompute it. None by default.
    pub fn stale_if_error(mut self, stale: impl Into<Option<Duration>>) -> Self {
        self.settings.stale_if_error = stale.into().unwrap_or_default();
        self
    }

    /// For generated code: entries may have tags.
    #[doc(hidden)]
    pub fn tagged(mut self) -> Self {
        self.settings.tagged = true;
        self
    }

    /// Which entry makes room when the cache is full.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// What reports call the cache.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// The cache. Allocates the handle and nothing for entries yet.
    pub fn build<K: Hash + Eq + 'static, V: 'static>(self) -> Cache<K, V> {
        self.cache()
    }

    /// For generated code: what `typed` was set to.
    #[doc(hidden)]
    pub fn typed(mut self, typed: bool) -> Self {
        self.settings.typed = Some(typed);
        self
    }

    /// Without the bounds on the key, which generated code asks for elsewhere.
    pub(crate) fn cache<K, V>(self) -> Cache<K, V> {
        Cache::with_setup(self.setup())
    }

    /// As [`cache`](Self::cache), without a handle.
    pub(crate) fn engine<K, V, S: Scope<Setup = Setup>>(self) -> Engine<K, V, S> {
        Engine::new(self.setup())
    }

    /// What caches that share their setup are made with.
    pub(crate) fn setup(self) -> Setup {
        Setup::new(self.settings)
    }

    /// For generated code: what the cache is of.
    #[doc(hidden)]
    pub fn kind(mut self, kind: CacheKind) -> Self {
        self.settings.kind = kind;
        self
    }

    /// For generated code: adds to the name what tells the instantiation `I` from
    /// others, its parameters.
    #[doc(hidden)]
    pub fn instantiated<I: ?Sized>(mut self) -> Self {
        let parameters = last_parameters(std::any::type_name::<I>());
        self.settings.name.to_mut().push_str(parameters);
        self
    }

    #[cfg(test)]
    pub(crate) fn clock(mut self, clock: crate::time::Clock) -> Self {
        self.settings.clock = clock;
        self
    }
}

/// The `<…>` at the end of a type's name.
fn last_parameters(name: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in name.char_indices().rev() {
        match c {
            // Not that of `fn() -> T`.
            '>' if !name[..at].ends_with('-') => depth += 1,
            '<' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return if c == '<' { &name[at..] } else { "" };
        }
    }
    ""
}

impl std::fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("name", &self.settings.name)
            .field("maxsize", &self.settings.maxsize)
            .field("ttl", &self.settings.ttl)
            .field("tti", &self.settings.tti)
            .field("policy", &self.settings.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::last_parameters;

    #[test]
    fn the_parameters_are_those_at_the_end() {
        assert_eq!(last_parameters("a::f<u8>"), "<u8>");
        assert_eq!(last_parameters("a::g<_>::P<Vec<u8>, 3>"), "<Vec<u8>, 3>");
        assert_eq!(
            last_parameters("P<fn(u8) -> Option<u8>>"),
            "<fn(u8) -> Option<u8>>"
        );
        assert_eq!(last_parameters("a::g<_>::P"), "");
        assert_eq!(last_parameters(""), "");
    }
}
