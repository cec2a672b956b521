//! How a cache is set up, and on what terms a value is stored.

use std::borrow::Cow;
use std::time::Duration;

use super::tickets::Ticket;
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
    pub(crate) clock: Clock,
}

/// What a cache is set up with, and what it does not change again: its settings
/// and the seed of its hashes.
pub struct Setup {
    pub(crate) settings: Settings,
    pub(crate) hasher: foldhash::fast::RandomState,
}

impl Setup {
    pub(crate) fn new(settings: Settings) -> Self {
        Setup {
            settings,
            hasher: foldhash::fast::RandomState::default(),
        }
    }

    pub(crate) fn parameters(&self) -> CacheParameters {
        CacheParameters {
            maxsize: self.settings.maxsize,
            ttl: self.settings.ttl,
            tti: self.settings.tti,
            typed: self.settings.typed,
            policy: self.settings.policy,
        }
    }
}

/// On whose word a value is stored.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// The user's: it takes the place of what is there and of what is being
    /// computed, and may bring its own time to live.
    Set(Option<Duration>),
    /// A computation's: only if it is still valid, and in the place of a live
    /// entry only if that was the purpose.
    Computed {
        ticket: Ticket,
        replace: bool,
        /// The value's own time to live.
        ttl: Option<Duration>,
    },
}
