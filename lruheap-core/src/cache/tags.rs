//! Which entries have which tags. It follows the store slot by slot and is of the
//! size of what is tagged: a tag whose last entry has gone is gone as well. Runs
//! inside the gate; nothing here runs user code.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::store::Slot;

/// The name of a group of entries.
pub(crate) type Tag = Arc<str>;

/// The tags of the entries of one cache.
#[derive(Default)]
pub(crate) struct Tags {
    /// By slot; slots beyond the end have none.
    of: Vec<Box<[Tag]>>,
    slots: HashMap<Tag, BTreeSet<Slot>>,
}

impl Tags {
    /// The entry at this slot has these tags, whatever it had before.
    pub(crate) fn set(&mut self, slot: Slot, tags: Vec<Tag>) {
        let at = slot as usize;
        if self.of.len() <= at {
            if tags.is_empty() {
                return;
            }
            self.of.resize_with(at + 1, Box::default);
        }
        self.unset(slot);
        for tag in &tags {
            self.slots.entry(Arc::clone(tag)).or_default().insert(slot);
        }
        self.of[at] = tags.into_boxed_slice();
    }

    /// The entry at this slot goes, and the one at `last` comes to its place.
    pub(crate) fn removed(&mut self, slot: Slot, last: Slot) {
        if self.of.len() <= slot as usize {
            return;
        }
        self.unset(slot);
        if self.of.len() > last as usize {
            let moved = std::mem::take(&mut self.of[last as usize]);
            self.of.truncate(last as usize);
            if slot != last {
                for tag in &moved {
                    if let Some(slots) = self.slots.get_mut(tag) {
                        slots.remove(&last);
                        slots.insert(slot);
                    }
                }
                self.of[slot as usize] = moved;
            }
        }
        if self.of.len() < self.of.capacity() / 4 {
            self.of.shrink_to(self.of.len() * 2);
        }
    }

    fn unset(&mut self, slot: Slot) {
        for tag in std::mem::take(&mut self.of[slot as usize]) {
            if let Some(slots) = self.slots.get_mut(&tag) {
                slots.remove(&slot);
                if slots.is_empty() {
                    self.slots.remove(&tag);
                }
            }
        }
    }

    /// One of the entries with this tag.
    pub(crate) fn any(&self, tag: &str) -> Option<Slot> {
        self.slots.get(tag)?.first().copied()
    }

    /// Whether no entry has a tag.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}
