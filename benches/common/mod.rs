//! What the benches share.

#![allow(dead_code)] // no bench needs all of it
#![allow(clippy::cast_precision_loss)] // the figures are well within an `f64`

pub(crate) mod by_hand;
pub(crate) mod functions;
pub(crate) mod keys;
pub(crate) mod report;
pub(crate) mod rounds;
pub(crate) mod texts;

/// Of every cache, where a bench does not say otherwise. The attributes of some peers ask for a
/// literal, so it is written out in `functions`.
pub(crate) const MAXSIZE: usize = 1024;

/// What is called: each subject of a bench through the same indirection.
pub(crate) type Call = Box<dyn Fn(u64) -> u64 + Send + Sync>;

/// What is measured, and what it is called.
pub(crate) struct Subject<C = Call> {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) call: C,
}

impl Subject {
    pub(crate) fn new(
        name: &'static str,
        role: Role,
        call: impl Fn(u64) -> u64 + Send + Sync + 'static,
    ) -> Self {
        let call = Box::new(call);
        Self { name, role, call }
    }
}

/// What a subject is beside the others.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    Ours,
    /// Does the same for its users.
    Peer,
    /// Does something else (a cache for each thread, of this process), and is shown for scale.
    Other,
    /// A bare map, a bare question to a server: what no cache can beat.
    Limit,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Ours => "ours",
            Role::Peer => "peer",
            Role::Other => "other",
            Role::Limit => "limit",
        }
    }
}
