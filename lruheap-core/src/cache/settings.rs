//! How a cache is set up, and on what terms a value is stored.

use std::borrow::Cow;
use std::time::Duration;

use super::patience::Patience;
use crate::stats::{CacheKind, CacheParameters, Policy};
use crate::time::Clock;

/// How a cache is set up.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: CacheKind,
    pub(crate) maxsize: Option<usize>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) tti: Option<Duration>,
    pub(crate) typed: Option<bool>,
    pub(crate) policy: Policy,
    /// Whether concurrent misses on one key all compute.
    pub(crate) apart: bool,
    /// How eagerly entries are recomputed as they near their expiry: the paper's beta.
    pub(crate) xfetch: Option<f64>,
    /// How long past its ttl a value is served while one caller recomputes it.
    pub(crate) stale: Duration,
    /// How long past its ttl a value stands in for an error.
    pub(crate) stale_if_error: Duration,
    /// Whether entries may have tags.
    pub(crate) tagged: bool,
    /// Whether an entry is looked at in another way as it grows old. Worked out from the
    /// rest.
    pub(crate) ages: bool,
    /// Whether a hit changes nothing but the order of use. Worked out from the rest.
    pub(crate) is_plain: bool,
    /// Whether, beyond that, entries are kept for ever. Worked out from the rest.
    pub(crate) is_simple: bool,
    pub(crate) clock: Clock,
}

/// What a cache is set up with, and what it does not change again: its settings
/// and the seed of its hashes.
pub struct Setup {
    pub(crate) settings: Settings,
    pub(crate) hasher: foldhash::fast::RandomState,
    pub(crate) patience: Patience,
}

impl Settings {
    /// How long entries are kept past their ttl.
    #[inline]
    pub(crate) fn keep(&self) -> Duration {
        self.stale.max(self.stale_if_error)
    }
}

impl Setup {
    pub(crate) fn new(settings: Settings) -> Self {
        let ages = settings.xfetch.is_some() || !settings.keep().is_zero();
        let is_plain = !ages && settings.tti.is_none();
        Setup {
            settings: Settings {
                ages,
                is_plain,
                is_simple: is_plain && settings.ttl.is_none(),
                ..settings
            },
            hasher: foldhash::fast::RandomState::default(),
            patience: Patience::default(),
        }
    }

    pub(crate) fn parameters(&self) -> CacheParameters {
        CacheParameters {
            maxsize: self.settings.maxsize,
            ttl: self.settings.ttl,
            tti: self.settings.tti,
            typed: self.settings.typed,
            policy: self.settings.policy,
            tagged: self.settings.tagged,
        }
    }
}

/// On what terms the result of a computation is stored.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Whether in the place of a live entry.
    pub(crate) replaces: bool,
    /// The value's own time to live.
    pub(crate) ttl: Option<Duration>,
    /// What it cost to compute, in seconds.
    pub(crate) cost: f32,
}
