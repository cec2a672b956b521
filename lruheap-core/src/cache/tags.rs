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
        if self.slots.len() < self.slots.capacity() / 8 {
            self.slots.shrink_to(self.slots.len() * 2);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries as the store has them: densely, each with its tags.
    #[derive(Default)]
    struct Model(Vec<Vec<Tag>>);

    const NAMES: [&str; 7] = ["", "a", "b", "courses", "course:1", "course:2", "é"];

    fn slot(at: usize) -> Slot {
        Slot::try_from(at).expect("there are few")
    }

    fn some_tags(rng: &mut fastrand::Rng, most: usize) -> Vec<Tag> {
        // Also none, and one twice.
        let n = rng.usize(..=most);
        (0..n)
            .map(|_| NAMES[rng.usize(..NAMES.len())].into())
            .collect()
    }

    fn check(tags: &Tags, model: &Model) {
        assert!(tags.of.len() <= model.0.len(), "slots beyond the entries");
        for (at, own) in model.0.iter().enumerate() {
            let kept: &[Tag] = tags.of.get(at).map_or(&[], |kept| kept);
            assert_eq!(kept, &own[..], "at {at}");
        }
        for name in NAMES {
            let has = |own: &Vec<Tag>| own.iter().any(|tag| &**tag == name);
            let slots = model.0.iter().enumerate().filter(|(_, own)| has(own));
            let slots: BTreeSet<Slot> = slots.map(|(at, _)| slot(at)).collect();
            assert_eq!(tags.any(name), slots.first().copied(), "{name:?}");
            let kept = tags.slots.get(name);
            assert_eq!(kept.cloned().unwrap_or_default(), slots, "{name:?}");
            assert_eq!(
                kept.is_none(),
                slots.is_empty(),
                "{name:?} outlives its entries"
            );
        }
        assert!(tags.slots.keys().all(|tag| NAMES.contains(&&**tag)));
        assert_eq!(tags.is_empty(), model.0.iter().all(Vec::is_empty));
        assert!(tags.of.len() >= tags.of.capacity() / 4, "room for a crowd");
    }

    fn remove(tags: &mut Tags, model: &mut Model, at: usize) {
        model.0.swap_remove(at);
        tags.removed(slot(at), slot(model.0.len()));
    }

    #[test]
    fn tags_follow_entries_as_they_are_stored_replaced_and_moved() {
        for seed in 0..60 {
            let mut rng = fastrand::Rng::with_seed(seed);
            // Some caches grow, some shrink, some have tags but rarely.
            let (most, grow) = (rng.usize(..4), rng.u32(20..60));
            let (mut tags, mut model) = (Tags::default(), Model::default());
            for _ in 0..400 {
                let len = model.0.len();
                match rng.u32(..100) {
                    n if n < grow || len == 0 => {
                        let own = some_tags(&mut rng, most);
                        model.0.push(own.clone());
                        // What has none is told of only where something else has.
                        if !own.is_empty() || rng.bool() {
                            tags.set(slot(len), own);
                        }
                    }
                    n if n < grow + 15 => {
                        let (at, own) = (rng.usize(..len), some_tags(&mut rng, most));
                        model.0[at].clone_from(&own);
                        tags.set(slot(at), own);
                    }
                    n if n < grow + 20 => {
                        let name = NAMES[rng.usize(..NAMES.len())];
                        while let Some(at) = tags.any(name) {
                            remove(&mut tags, &mut model, at as usize);
                            check(&tags, &model);
                        }
                    }
                    _ => remove(&mut tags, &mut model, rng.usize(..len)),
                }
                check(&tags, &model);
            }
            while !model.0.is_empty() {
                let at = rng.usize(..model.0.len());
                remove(&mut tags, &mut model, at);
                check(&tags, &model);
            }
            assert!(tags.is_empty() && tags.of.is_empty() && tags.slots.is_empty());
        }
    }

    /// What is left when many have come, each with a tag of its own, and gone.
    fn after_a_crowd() -> Tags {
        let (mut tags, mut model) = (Tags::default(), Model::default());
        for at in 0..10_000 {
            let own = vec![Tag::from("a"), Tag::from(format!("{at}"))];
            tags.set(slot(at), own.clone());
            model.0.push(own);
        }
        while let Some(at) = tags.any("a") {
            remove(&mut tags, &mut model, at as usize);
        }
        assert!(model.0.is_empty() && tags.is_empty());
        tags
    }

    #[test]
    fn the_slots_of_a_crowd_go_back() {
        assert_eq!(after_a_crowd().of.capacity(), 0);
    }

    #[test]
    fn the_names_of_a_crowd_go_back() {
        assert!(after_a_crowd().slots.capacity() < 1_000);
    }

    #[test]
    fn a_tag_is_shared_and_not_copied() {
        let mut tags = Tags::default();
        let tag = Tag::from("courses");
        tags.set(0, vec![Arc::clone(&tag)]);
        tags.set(3, vec![Arc::clone(&tag)]);
        // Here, once in the map, and once for each of the two entries.
        assert_eq!(Arc::strong_count(&tag), 4);
        tags.removed(0, 3);
        assert_eq!((tags.any("courses"), Arc::strong_count(&tag)), (Some(0), 3));
        tags.set(0, Vec::new());
        assert_eq!((tags.any("courses"), Arc::strong_count(&tag)), (None, 1));
    }
}
