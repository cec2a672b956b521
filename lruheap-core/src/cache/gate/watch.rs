//! What belongs to whoever has the lock of a gate that leans: the name and the records of
//! its readers, and when it pays to let them in. That nobody reads, where that matters, is
//! for the gate to see to.

use std::sync::Arc;

use super::super::touches::Touches;
use super::readers::{Name, Record};
use crate::store::Slot;

/// How many hits in a row open the way in for readers: to begin with, and at most.
#[cfg(not(loom))]
pub(super) const CALM: u32 = 1 << 7;
#[cfg(not(loom))]
pub(super) const MOST_CALM: u32 = 1 << 16;

// In a model the first is enough.
#[cfg(loom)]
pub(super) const CALM: u32 = 1;
#[cfg(loom)]
pub(super) const MOST_CALM: u32 = 1;

/// How many hits without a lock are worth closing the way in once.
pub(super) const WORTH: u64 = 1 << 10;

pub(super) struct Watch {
    /// The name that readers know the gate by, given when they were first let in.
    pub(super) name: Name,
    /// Those who read, or did.
    pub(super) records: Vec<Arc<Record>>,
    pub(super) calm: Calm,
}

/// When it pays to keep logs of hits: after many in a row with nothing written, and the
/// later the less came of it.
pub(super) struct Calm {
    /// Hits since something was written, as many as are wanted at most.
    pub(super) hits: u32,
    /// How many of them are enough; 0 for never.
    pub(super) wanted: u32,
}

impl Calm {
    pub(super) fn new(leans: bool) -> Self {
        Calm {
            hits: 0,
            wanted: if leans { CALM } else { 0 },
        }
    }

    /// Something has been done: a hit, a write, or nothing that matters. Says whether
    /// there are to be logs from here on.
    #[inline]
    pub(super) fn sees(&mut self, is_hit: bool, is_write: bool) -> bool {
        if is_write {
            self.hits = 0;
            return false;
        }
        if !is_hit || self.hits >= self.wanted {
            return false;
        }
        self.hits += 1;
        self.hits == self.wanted
    }

    /// The same for a hit, if it is not the last that is wanted: there is more to do then.
    /// Says whether there was one.
    #[inline(always)]
    pub(super) fn sees_at_once(&mut self, hit: impl FnOnce() -> bool) -> bool {
        if self.hits + 1 == self.wanted || !hit() {
            return false;
        }
        if self.hits < self.wanted {
            self.hits += 1;
        }
        true
    }

    /// The logs had so many hits: sooner or later the next time.
    pub(super) fn learn(&mut self, hits: u64) {
        self.hits = 0;
        if hits < WORTH {
            self.wanted = (self.wanted * 2).min(MOST_CALM);
        } else if hits >= WORTH * 4 {
            self.wanted = (self.wanted / 2).max(CALM);
        }
    }
}

impl Watch {
    pub(super) fn new(leans: bool) -> Self {
        Watch {
            name: Name::NONE,
            records: Vec::new(),
            calm: Calm::new(leans),
        }
    }

    /// A record for one more reader: that of a thread that is gone, if there is one, or
    /// `new`. Where there is no place for that, `room` has to be longer than the records
    /// that there are.
    pub(super) fn record(
        &mut self,
        new: &Arc<Record>,
        room: &mut Vec<Arc<Record>>,
    ) -> Option<Arc<Record>> {
        if let Some(orphan) = self.records.iter().find(|record| record.adopt()) {
            return Some(Arc::clone(orphan));
        }
        if self.records.len() == self.records.capacity() {
            if room.capacity() <= self.records.len() {
                return None;
            }
            room.append(&mut self.records);
            std::mem::swap(room, &mut self.records);
        }
        self.records.push(Arc::clone(new));
        Some(Arc::clone(new))
    }

    /// Gives up the name, which is off, and the records under it.
    ///
    /// # Safety
    ///
    /// Nobody reads at the gate, or will under this name.
    #[allow(unsafe_code)]
    pub(super) unsafe fn forget(&mut self) {
        // Threads may keep their records a while yet: the logs need not be there.
        for record in self.records.drain(..) {
            // SAFETY: the log is opened by who reads under this name, which nobody does,
            // and by who has this in hand.
            let close = |touches: *mut Touches| unsafe { &mut *touches }.close();
            record.touches.with_mut(close);
        }
        std::mem::replace(&mut self.name, Name::NONE).give_back();
    }
}

/// Takes up the log of a thread that does not read.
///
/// # Safety
///
/// The caller has the lock of the gate, and its name is off. The thread has been found not
/// to read since: it will not have its log before the name is up again.
#[allow(unsafe_code)]
pub(super) unsafe fn hand_in(record: &Record, used: &mut Vec<Slot>) -> u32 {
    // SAFETY: by what is asked of the caller nobody else has the log.
    record
        .touches
        .with_mut(|touches| unsafe { &mut *touches }.hand_in(used))
}
