//! A thread's own log of its hits in one cache: how many they were, and which entries
//! were used in which order. Nothing is shared here, and nothing waits: the gate says
//! who may have the log, and when.
//!
//! Only the last use of an entry counts for the order of all. So an entry has a cell by
//! its slot, and a hit writes its number there: as long as each entry has a cell to
//! itself, the log never overflows, whatever the number of hits. Large caches have more
//! entries than there are cells; what gives way to another goes to a list, and when that
//! is full, the log is to be handed in.

use crate::store::Slot;

/// The cells that a log has at least and at most: half a kibibyte and 32.
#[cfg(not(loom))]
const FEWEST_CELLS: usize = 1 << 6;
#[cfg(not(loom))]
const MOST_CELLS: usize = 1 << 12;

/// How many uses may be waiting without a cell.
#[cfg(not(loom))]
const MOST_DISPLACED: usize = 1 << 10;

// In a model a log is soon full.
#[cfg(loom)]
const FEWEST_CELLS: usize = 2;
#[cfg(loom)]
const MOST_CELLS: usize = 2;
#[cfg(loom)]
const MOST_DISPLACED: usize = 2;

/// A use of an entry: the number of the hit above, the slot below. The numbers begin with
/// 1, so that 0 is none.
type Touch = u64;

#[inline]
fn touch(number: u32, slot: Slot) -> Touch {
    (u64::from(number) << Slot::BITS) | u64::from(slot)
}

#[allow(clippy::cast_possible_truncation)]
#[inline]
fn slot_of(touch: Touch) -> Slot {
    touch as Slot
}

/// Whether there is room in a log for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    /// It should be handed in soon.
    Gone,
}

#[derive(Default)]
pub(super) struct Touches {
    /// As many as a power of two, or none yet.
    cells: Vec<Touch>,
    displaced: Vec<Touch>,
    /// The number of the last hit.
    hits: u32,
}

impl Touches {
    /// A log for a cache with so many entries.
    pub(super) fn for_entries(entries: usize) -> Self {
        let cells = entries.clamp(FEWEST_CELLS, MOST_CELLS).next_power_of_two();
        Touches {
            cells: vec![0; cells],
            displaced: Vec::new(),
            hits: 0,
        }
    }

    /// Notes a hit. The log must have been made `for_entries`.
    #[allow(clippy::needless_bitwise_bool)]
    #[inline]
    pub(super) fn note(&mut self, slot: Slot) -> Room {
        self.hits += 1;
        let at = slot as usize & (self.cells.len().wrapping_sub(1));
        let cell = &mut self.cells[at];
        let before = std::mem::replace(cell, touch(self.hits, slot));
        // Both are rare: one look at the two together.
        if (before != 0 && slot_of(before) != slot) | (self.hits == u32::MAX) {
            return self.displace(before, slot);
        }
        Room::Left
    }

    /// The cell of `slot` was that of another.
    #[cold]
    fn displace(&mut self, before: Touch, slot: Slot) -> Room {
        if before != 0 && slot_of(before) != slot {
            self.displaced.push(before);
            if self.cells.len() < MOST_CELLS && self.displaced.len() > self.cells.len() / 4 {
                self.grow();
            }
        }
        let is_full = self.displaced.len() >= MOST_DISPLACED || self.hits == u32::MAX;
        if is_full { Room::Gone } else { Room::Left }
    }

    /// The cache has grown since the log was made.
    fn grow(&mut self) {
        let cells = self.cells.len() * 4;
        let old = std::mem::replace(&mut self.cells, vec![0; cells.min(MOST_CELLS)]);
        for touch in old {
            // No two meet that had a cell each in the smaller one.
            let at = slot_of(touch) as usize & (self.cells.len() - 1);
            if touch != 0 {
                self.cells[at] = touch;
            }
        }
    }

    /// Hands in the log: how many hits there were, and the entries that were used, each
    /// at least where it was used last, in that order. The log is empty then.
    pub(super) fn hand_in(&mut self, used: &mut Vec<Slot>) -> u32 {
        let hits = std::mem::take(&mut self.hits);
        if hits == 0 {
            return 0;
        }
        let mut touches = std::mem::take(&mut self.displaced);
        for cell in &mut self.cells {
            if *cell != 0 {
                touches.push(std::mem::take(cell));
            }
        }
        touches.sort_unstable();
        used.extend(touches.iter().map(|&touch| slot_of(touch)));
        touches.clear();
        self.displaced = touches;
        hits
    }

    /// Gives back what the log needs for more hits: there will be none.
    pub(super) fn close(&mut self) {
        *self = Touches::default();
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn has_memory(&self) -> bool {
        self.cells.capacity() + self.displaced.capacity() > 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Where memory is watched, few of each will do.
    const SIZES: usize = if cfg!(miri) { 2 } else { 7 };
    const RUNS: usize = if cfg!(miri) { 2 } else { 20 };

    /// The order of `used` by last use: what is left of each is its last.
    fn by_last_use(used: &[Slot]) -> Vec<Slot> {
        let mut order = Vec::new();
        for &slot in used.iter().rev() {
            if !order.contains(&slot) {
                order.push(slot);
            }
        }
        order.reverse();
        order
    }

    #[test]
    fn a_log_gives_the_hits_and_the_order_of_the_last_uses() {
        for entries in [1, 50, 64, 65, 1000, 4096, 20_000].into_iter().take(SIZES) {
            let mut log = Touches::for_entries(0);
            let mut random = fastrand::Rng::with_seed(u64::from(entries));
            for _ in 0..RUNS {
                let (mut all, mut used, mut hits) = (Vec::new(), Vec::new(), 0);
                for _ in 0..random.usize(0..3000) {
                    let slot = random.u32(0..entries);
                    all.push(slot);
                    if log.note(slot) == Room::Gone {
                        hits += log.hand_in(&mut used);
                    }
                }
                hits += log.hand_in(&mut used);
                assert_eq!(hits as usize, all.len());
                assert_eq!(by_last_use(&used), by_last_use(&all));
            }
            assert_eq!(log.hand_in(&mut Vec::new()), 0, "it is empty");
        }
    }

    #[test]
    fn a_cache_with_a_cell_for_each_entry_never_has_to_hand_in() {
        let mut log = Touches::for_entries(MOST_CELLS);
        let slots = (0..).take(MOST_CELLS).cycle();
        for slot in slots.take(RUNS * 5000) {
            assert_eq!(log.note(slot), Room::Left);
        }
        assert_eq!(log.displaced.capacity(), 0);
    }

    #[test]
    fn a_log_of_a_cache_that_grew_gets_its_cells() {
        let mut log = Touches::for_entries(0);
        for n in 0..10_000 {
            assert_eq!(log.note(n % 900), Room::Left);
        }
        assert_eq!(log.cells.len(), 1 << 10);
    }

    #[test]
    fn a_log_is_full_before_its_numbers_are_used_up() {
        let mut log = Touches::for_entries(1);
        log.hits = u32::MAX - 2;
        assert_eq!(log.note(7), Room::Left);
        assert_eq!(log.note(7), Room::Gone);
        let mut used = Vec::new();
        assert_eq!(log.hand_in(&mut used), u32::MAX);
        assert_eq!(used, [7]);
        assert_eq!(log.note(7), Room::Left);
    }

    #[test]
    fn a_large_cache_has_its_log_handed_in_now_and_then() {
        let mut log = Touches::for_entries(1_000_000);
        let first = (0..1_000_000).position(|n| log.note(n) == Room::Gone);
        assert_eq!(first, Some(MOST_CELLS + MOST_DISPLACED - 1));
    }
}
