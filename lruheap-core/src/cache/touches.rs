//! A thread's own log of its hits in one cache: how many they were, and which entries
//! were used in which order. Nothing is shared here, and nothing waits: the gate says
//! who may have the log, and when.
//!
//! Only the last use of an entry counts for the order of all. So an entry has a cell by
//! its slot, and a hit writes its number there: the log never overflows, whatever the
//! number of hits. In return it grows with the cache, so there are none for large ones.

use crate::store::Slot;

/// The most entries that a cache may have for there to be logs of it: 16 kibibytes each.
pub(super) const MOST_ENTRIES: usize = 1 << 12;

/// How many hits a log can count.
const MOST_HITS: u32 = if cfg!(loom) {
    4
} else if cfg!(test) {
    20_000
} else {
    u32::MAX
};

/// Whether there is room in a log for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    /// It is to be handed in.
    Gone,
}

#[derive(Default)]
pub(super) struct Touches {
    /// By slots: the number of the last hit there, from 1 on.
    cells: Vec<u32>,
    /// The number of the last hit.
    hits: u32,
}

impl Touches {
    /// Notes a hit.
    #[inline(always)]
    pub(super) fn note(&mut self, slot: Slot) -> Room {
        let at = slot as usize;
        if at >= self.cells.len() {
            self.grow(at);
        }
        self.hits += 1;
        self.cells[at] = self.hits;
        if self.hits == MOST_HITS {
            Room::Gone
        } else {
            Room::Left
        }
    }

    /// Notes a hit, if there is a cell for it, and the log is not full after it.
    #[inline(always)]
    pub(super) fn note_at_once(&mut self, slot: Slot) -> bool {
        let Some(cell) = self.cells.get_mut(slot as usize) else {
            return false;
        };
        let hits = self.hits + 1;
        if hits == MOST_HITS {
            return false;
        }
        (self.hits, *cell) = (hits, hits);
        true
    }

    /// The cache has more entries than the log has heard of.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, at: usize) {
        self.cells.resize((at + 1).next_power_of_two(), 0);
    }

    /// Hands in the log: how many hits there were, and the entries that were used, in the
    /// order of their last uses. The log is empty then.
    pub(super) fn hand_in(&mut self, used: &mut Vec<Slot>) -> u32 {
        let hits = std::mem::take(&mut self.hits);
        if hits == 0 {
            return 0;
        }
        let mut touches = Vec::new();
        for (slot, cell) in (0..).zip(&mut self.cells) {
            if *cell != 0 {
                touches.push((std::mem::take(cell), slot));
            }
        }
        touches.sort_unstable();
        used.extend(touches.iter().map(|&(_, slot)| slot));
        hits
    }

    /// Gives back what the log needs for more hits: there will be none.
    pub(super) fn close(&mut self) {
        *self = Touches::default();
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn has_memory(&self) -> bool {
        self.cells.capacity() > 0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_log_gives_the_hits_and_the_order_of_the_last_uses() {
        // Where memory is watched, few of each will do.
        let (sizes, runs) = if cfg!(miri) { (2, 2) } else { (5, 20) };
        for entries in [1, 50, 64, 65, 4096].into_iter().take(sizes) {
            let mut log = Touches::default();
            let mut random = fastrand::Rng::with_seed(u64::from(entries));
            for _ in 0..runs {
                let (mut order, mut used) = (Vec::new(), Vec::new());
                let hits = random.u32(0..3000);
                for _ in 0..hits {
                    let slot = random.u32(0..entries);
                    order.retain(|&other| other != slot);
                    order.push(slot);
                    assert_eq!(log.note(slot), Room::Left);
                }
                assert_eq!(log.hand_in(&mut used), hits);
                assert_eq!(used, order);
            }
            assert_eq!(log.hand_in(&mut Vec::new()), 0, "it is empty");
        }
    }

    #[test]
    fn a_log_is_full_when_its_numbers_are_used_up() {
        let mut log = Touches {
            hits: MOST_HITS - 2,
            ..Touches::default()
        };
        assert_eq!(log.note(7), Room::Left);
        assert_eq!(log.note(7), Room::Gone);
        let mut used = Vec::new();
        assert_eq!(log.hand_in(&mut used), MOST_HITS);
        assert_eq!(used, [7]);
        assert_eq!(log.note(7), Room::Left);
    }

    #[test]
    fn a_log_costs_four_bytes_an_entry() {
        let mut log = Touches::default();
        for slot in 0..1000 {
            log.note(slot);
        }
        assert_eq!(log.cells.capacity(), 1024);
        log.close();
        assert!(!log.has_memory());
    }
}
