//! The mark of a computation under way: what others have to know of it, from the moment it
//! begins until it has ended. Which there are is for the list next door.

use std::mem;
use std::sync::Arc;

use super::super::payload::{Pair, Payload};
use super::super::tags::Tag;
use super::super::wait::Wait;
use crate::leading::Leader;
use crate::time::Instant;

/// The key of a computation, as far as others have to compare it.
pub(crate) enum Known<K, V> {
    /// Comparing it runs no code of the user's.
    Inert(K),
    /// It is looked at outside the gate, and becomes the entry.
    Pair(Arc<Pair<K, V>>),
}

/// What a computation is.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) hash: u32,
    /// Who leads it.
    pub(crate) leader: Leader,
    /// Whether that is a task rather than a thread.
    pub(crate) is_task: bool,
    /// Whether others may wait for it.
    pub(crate) is_open: bool,
    /// Whether it is to replace a live entry.
    pub(crate) replaces: bool,
    /// How many have lost patience, one with the other, before it was begun.
    pub(crate) links: u32,
    /// When it began, where that is of interest; else `NEVER`.
    pub(crate) began: Instant,
}

pub(super) struct Mark<K, V> {
    pub(super) plan: Plan,
    pub(super) state: MarkState,
    /// Of those that began under the same hash, the later ones are newer.
    pub(super) number: u64,
    /// How many changes there had been when it began.
    pub(super) changes: u64,
    pub(super) key: Option<Known<K, V>>,
    pub(super) wait: Option<Arc<Wait<K, V>>>,
    pub(super) tags: Vec<Tag>,
    /// Whether one that began later has stored its result: that is the newer one.
    pub(super) is_overtaken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkState {
    Free,
    Valid,
    Invalidated,
}

/// What a computation leaves when it ends.
pub(crate) struct Ended<K, V> {
    /// Whether its result may still be stored.
    pub(crate) is_valid: bool,
    pub(crate) key: Option<Known<K, V>>,
    pub(crate) wait: Option<Arc<Wait<K, V>>>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) number: u64,
    /// Whether what is there, live or not, is newer than its result.
    pub(crate) is_overtaken: bool,
}

impl<K, V> Ended<K, V> {
    /// The pair that it was known by, to be dropped outside the gate.
    pub(crate) fn pair(&mut self) -> Option<Payload<K, V>> {
        match self.key.take() {
            Some(Known::Pair(pair)) => Some(Payload::Shared(pair)),
            _ => None,
        }
    }
}

impl<K, V> Mark<K, V> {
    pub(super) fn free() -> Self {
        Mark {
            plan: Plan {
                hash: 0,
                leader: Leader::NOBODY,
                is_task: false,
                is_open: false,
                replaces: false,
                links: 0,
                began: Instant::NEVER,
            },
            state: MarkState::Free,
            number: 0,
            changes: 0,
            key: None,
            wait: None,
            tags: Vec::new(),
            is_overtaken: false,
        }
    }

    /// Field by field: a whole one that has just been made would have to be copied.
    #[inline(always)]
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        (number, changes): (u64, u64),
        key: Option<Known<K, V>>,
    ) {
        self.plan.hash = plan.hash;
        self.plan.leader = plan.leader;
        self.plan.is_task = plan.is_task;
        self.plan.is_open = plan.is_open;
        self.plan.replaces = plan.replaces;
        self.plan.links = plan.links;
        self.plan.began = plan.began;
        self.state = MarkState::Valid;
        self.number = number;
        self.changes = changes;
        self.key = key;
        self.is_overtaken = false;
    }

    pub(super) fn end(&mut self) -> Ended<K, V> {
        debug_assert!(self.state != MarkState::Free, "a computation ended twice");
        Ended {
            is_valid: mem::replace(&mut self.state, MarkState::Free) == MarkState::Valid,
            key: self.key.take(),
            wait: self.wait.take(),
            tags: mem::take(&mut self.tags),
            number: self.number,
            is_overtaken: self.is_overtaken,
        }
    }

    pub(super) fn invalidate(&mut self) {
        if self.state == MarkState::Valid {
            self.state = MarkState::Invalidated;
        }
    }

    pub(super) fn overtake(&mut self) {
        if self.plan.replaces {
            self.invalidate();
        } else {
            // It may be for another key with the same hash, whose entry is none yet.
            self.is_overtaken = true;
        }
    }

    pub(super) fn may_be_joined(&self, by_task: bool) -> bool {
        self.plan.is_open && self.state == MarkState::Valid && (by_task || !self.plan.is_task)
    }
}
