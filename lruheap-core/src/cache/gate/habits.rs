//! What a gate has learnt of those who come: whether they mostly read, or are mostly one
//! and the same thread. It says when a way in without the lock is likely to pay; to close
//! one is dear. Numbers only: nothing here opens or closes anything.

/// How many hits in a row let readers in: to begin with, and at most.
#[cfg(not(loom))]
pub(super) const CALM: u32 = 1 << 7;
#[cfg(not(loom))]
pub(super) const MOST_CALM: u32 = 1 << 16;

/// How many visits in a row by one thread leave the gate to it: to begin with, and at most.
#[cfg(not(loom))]
pub(super) const ALIKE: u32 = 1 << 7;
#[cfg(not(loom))]
pub(super) const MOST_ALIKE: u32 = 1 << 24;

// In a model the first is enough, or the second.
#[cfg(loom)]
pub(super) const CALM: u32 = 1;
#[cfg(loom)]
pub(super) const MOST_CALM: u32 = 1;
#[cfg(loom)]
pub(super) const ALIKE: u32 = 2;
#[cfg(loom)]
pub(super) const MOST_ALIKE: u32 = 2;

/// How many hits without the lock are worth closing the way in once.
pub(super) const WORTH: u64 = 1 << 10;

/// What should come of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    Stay,
    /// Let in all who only read.
    ToReaders,
    /// Leave the gate to the thread that was there.
    ToOne,
}

pub(super) struct Habits {
    /// Hits since something was written.
    calm: u32,
    /// How many of them let readers in; 0 for never.
    wanted: u32,
    /// Which thread was there last, and how often in a row.
    thread: usize,
    alike: u32,
    /// How many of these leave the gate to it.
    wanted_alike: u32,
}

impl Habits {
    /// Whether readers are ever to be let in.
    pub(super) fn new(leans: bool) -> Self {
        Habits {
            calm: 0,
            wanted: if leans { CALM } else { 0 },
            thread: 0,
            alike: 0,
            wanted_alike: ALIKE,
        }
    }

    /// Somebody was there with the lock.
    #[inline]
    pub(super) fn visited(&mut self, thread: usize, is_hit: bool) -> Lean {
        if self.thread == thread {
            self.alike = self.alike.saturating_add(1);
        } else {
            (self.thread, self.alike) = (thread, 1);
        }
        match self.visited_by_one(is_hit) {
            Lean::Stay if self.alike == self.wanted_alike => Lean::ToOne,
            lean => lean,
        }
    }

    /// The one was there whom the gate was left to.
    #[inline]
    pub(super) fn visited_by_one(&mut self, is_hit: bool) -> Lean {
        if !is_hit {
            self.calm = 0;
        } else if self.calm < self.wanted {
            self.calm += 1;
            if self.calm == self.wanted {
                return Lean::ToReaders;
            }
        }
        Lean::Stay
    }

    /// Readers have had so many hits without the lock: sooner or later the next time.
    pub(super) fn readers_are_out(&mut self, hits: u64) {
        (self.calm, self.alike) = (0, 0);
        if hits < WORTH {
            self.wanted = (self.wanted * 2).min(MOST_CALM);
        } else if hits >= WORTH * 4 {
            self.wanted = (self.wanted / 2).max(CALM);
        }
    }

    /// Another thread has come to a gate that was left to one.
    pub(super) fn one_is_out(&mut self) {
        (self.calm, self.alike) = (0, 0);
        self.wanted_alike = (self.wanted_alike * 2).min(MOST_ALIKE);
    }
}

/// What tests look at.
#[cfg(all(test, not(loom)))]
impl Habits {
    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    pub(super) fn wanted_alike(&self) -> u32 {
        self.wanted_alike
    }

    /// As if it had had so many hits.
    pub(super) fn has_had(&mut self, hits: u32) {
        self.calm = hits;
    }
}
