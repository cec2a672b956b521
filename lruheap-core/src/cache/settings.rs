//! How a cache is set up, and on what terms a value is stored.

use std::borrow::Cow;
use std::time::Duration;

use super::tickets::Ticket;
use crate::stats::Policy;
use crate::time::Clock;

/// How a cache is set up.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) name: Cow<'static, str>,
    pub(crate) maxsize: Option<usize>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) typed: Option<bool>,
    pub(crate) policy: Policy,
    pub(crate) clock: Clock,
}

/// On whose word a value is stored.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// The user's: it takes the place of what is there and of what is being
    /// computed, and may bring its own time to live.
    Set(Option<Duration>),
    /// A computation's: only if it is still valid, and in the place of a live
    /// entry only if that was the purpose.
    Computed { ticket: Ticket, replace: bool },
}
