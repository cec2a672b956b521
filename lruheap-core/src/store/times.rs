//! The times of the entries that have a deadline, by slot.
//!
//! Where no entry has one there is no memory: beyond the last as long as they are few,
//! and by whole pages after that. It knows nothing of the heap but the places that it
//! is given.

use super::Slot;
use super::pages::Pages;
use crate::time::Instant;

const PAGE: usize = 1024;

const NEAR: usize = Pages::<Time>::NEAR;

/// The place of an entry that has no deadline.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) deadline: Instant,
    /// How far the deadline may be put off.
    pub(super) end: Instant,
    /// What the entry cost to make, in seconds.
    pub(super) cost: f32,
    /// Its place in the heap.
    pub(super) place: u32,
}

const NO_TIME: Time = Time {
    deadline: Instant::NEVER,
    end: Instant::NEVER,
    cost: 0.0,
    place: NONE,
};

pub(super) struct Times {
    near: Vec<Time>,
    far: Vec<Option<Box<[Time]>>>,
}

impl Times {
    pub(super) const fn new() -> Self {
        Times {
            near: Vec::new(),
            far: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> Option<&Time> {
        let at = slot as usize;
        let time = match self.near.get(at) {
            None => self.get_far(at)?,
            Some(near) => near,
        };
        (time.place != NONE).then_some(time)
    }

    /// What is in a place of the first piece, used or not.
    #[inline(always)]
    pub(super) fn near(&self, slot: Slot) -> Option<&Time> {
        self.near.get(slot as usize)
    }

    #[inline(never)]
    fn get_far(&self, at: usize) -> Option<&Time> {
        self.far.get(at / PAGE)?.as_ref()?.get(at % PAGE)
    }

    fn raw(&mut self, slot: Slot) -> Option<&mut Time> {
        let at = slot as usize;
        match self.near.get_mut(at) {
            None => self.far.get_mut(at / PAGE)?.as_mut()?.get_mut(at % PAGE),
            near => near,
        }
    }

    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Time> {
        self.raw(slot).filter(|time| time.place != NONE)
    }

    pub(super) fn take(&mut self, slot: Slot) -> Option<Time> {
        self.get_mut(slot)
            .map(|time| std::mem::replace(time, NO_TIME))
    }

    pub(super) fn set(&mut self, slot: Slot, time: Time) {
        let at = slot as usize;
        if self.raw(slot).is_none() {
            if at < NEAR && self.far.is_empty() {
                self.near.resize(at + 1, NO_TIME);
            } else {
                self.make_page(at / PAGE);
            }
        }
        if let Some(place) = self.raw(slot) {
            *place = time;
        }
    }

    fn make_page(&mut self, page: usize) {
        for near in std::mem::take(&mut self.near).chunks(PAGE) {
            let mut near = near.to_vec();
            near.reserve_exact(PAGE - near.len());
            near.resize(PAGE, NO_TIME);
            self.far.push(Some(near.into_boxed_slice()));
        }
        if self.far.len() <= page {
            self.far.resize_with(page + 1, || None);
        }
        self.far[page].get_or_insert_with(|| vec![NO_TIME; PAGE].into_boxed_slice());
    }

    /// Those from `len` on have gone. One page stays, for those who go back and forth.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.near.truncate(len);
        self.far.truncate(len.div_ceil(PAGE) + 1);
    }

    /// Gives back what lies beyond `len`, and what is far too large.
    pub(super) fn shrink(&mut self, len: usize) {
        if len < NEAR / 4 && !self.far.is_empty() {
            for page in std::mem::take(&mut self.far) {
                match page {
                    Some(page) => self.near.extend(page),
                    None => self.near.resize(self.near.len() + PAGE, NO_TIME),
                }
            }
            self.near.truncate(len);
            self.near.shrink_to_fit();
        }
        self.far.truncate(len.div_ceil(PAGE));
        if self.far.len() <= self.far.capacity() / 4 {
            self.far.shrink_to(self.far.len() * 2);
        }
        if self.near.len() < self.near.capacity() / 4 {
            self.near.shrink_to(self.near.len() * 2);
        }
    }
}

#[cfg(test)]
impl Times {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Time> {
        let far = self.far.iter().flatten().flatten();
        let all = self.near.iter().chain(far);
        all.filter(|time| time.place != NONE)
    }

    pub(super) fn allocated(&self) -> usize {
        let pages = self.far.iter().flatten().map(|page| size_of_val(&**page));
        self.near.capacity() * size_of::<Time>()
            + self.far.capacity() * size_of::<Option<Box<[Time]>>>()
            + pages.sum::<usize>()
    }
}
