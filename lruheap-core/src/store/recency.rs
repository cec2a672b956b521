//! The order of use: an intrusive doubly linked list through the slab.
//!
//! It knows slots and links only. A touch is O(1) and never walks.

use super::{NONE, Slot};

#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Towards the least recently used entry.
    pub(super) older: Slot,
    /// Towards the most recently used entry.
    pub(super) newer: Slot,
}

pub(super) const UNLINKED: Link = Link {
    older: NONE,
    newer: NONE,
};

/// Something that keeps a link for every slot.
pub(super) trait Links {
    fn link(&mut self, slot: Slot) -> &mut Link;
}

#[derive(Clone, Copy)]
pub(super) struct Recency {
    oldest: Slot,
    newest: Slot,
}

impl Recency {
    pub(super) const fn new() -> Self {
        Recency {
            oldest: NONE,
            newest: NONE,
        }
    }

    pub(super) fn oldest(self) -> Option<Slot> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub(super) fn push_newest(&mut self, links: &mut impl Links, slot: Slot) {
        *links.link(slot) = Link {
            older: self.newest,
            newer: NONE,
        };
        match self.newest {
            NONE => self.oldest = slot,
            newest => links.link(newest).newer = slot,
        }
        self.newest = slot;
    }

    pub(super) fn unlink(&mut self, links: &mut impl Links, slot: Slot) {
        let Link { older, newer } = std::mem::replace(links.link(slot), UNLINKED);
        self.join(links, older, newer);
    }

    #[inline]
    pub(super) fn touch(&mut self, links: &mut impl Links, slot: Slot) {
        if self.newest != slot {
            self.unlink(links, slot);
            self.push_newest(links, slot);
        }
    }

    /// The entry with this link has moved to `slot`: tell its neighbours.
    pub(super) fn relocated(&mut self, links: &mut impl Links, slot: Slot) {
        let Link { older, newer } = *links.link(slot);
        match older {
            NONE => self.oldest = slot,
            older => links.link(older).newer = slot,
        }
        match newer {
            NONE => self.newest = slot,
            newer => links.link(newer).older = slot,
        }
    }

    fn join(&mut self, links: &mut impl Links, older: Slot, newer: Slot) {
        match older {
            NONE => self.oldest = newer,
            older => links.link(older).newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => links.link(newer).older = older,
        }
    }
}
