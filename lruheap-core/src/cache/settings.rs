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
    /// Worked out from the rest.
    pub(crate) care: Care,
    pub(crate) clock: Clock,
}

/// What the times of entries ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Care {
    /// They are kept for ever, but for those that came with a time of their own.
    #[default]
    None,
    /// A deadline, which a hit leaves as it is.
    Deadline,
    /// A hit changes more than the order of use.
    More,
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
        let care = match settings.ttl {
            _ if ages || settings.tti.is_some() => Care::More,
            Some(_) => Care::Deadline,
            None => Care::None,
        };
        Setup {
            settings: Settings {
                ages,
                care,
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
    /// Whether what is under way by then is out of date, even if it began later.
    pub(crate) outdates: bool,
    /// The value's own time to live.
    pub(crate) ttl: Option<Duration>,
    /// What it cost to compute, in seconds.
    pub(crate) cost: f32,
}
