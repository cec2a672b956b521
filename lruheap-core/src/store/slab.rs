//! The entries by slot, and beside them their links and hashes.
//!
//! What a look-up reads and what a touch writes lie in different arrays: payloads in
//! one, metas in the other. Both are dense. As long as they are few they lie in one
//! piece each; then all of them go to pages, so that where one lies is the same for
//! all, and no surprise. It keeps what it is told: no order, no hashing, no time.

use super::Slot;
use super::deadlines::Deadlines;
use super::pages::Pages;
use super::recency::{Links, Meta};

pub(super) struct Slab<P> {
    near: Vec<P>,
    /// The sentinel of the order of use and then those of the entries, and room for
    /// more: how many are in use, the entries tell. The sentinel stays when the others
    /// go to pages. Empty before the first insertion.
    metas: Box<[Meta]>,
    /// What few stores have.
    rare: Option<Box<Rare<P>>>,
}

struct Rare<P> {
    far: Pages<P>,
    /// By the same numbers, so that one lies idle in the place of the sentinel.
    far_metas: Pages<Meta>,
    deadlines: Deadlines,
}

impl<P> Links for Slab<P> {
    #[inline]
    fn meta(&self, at: u32) -> &Meta {
        match self.metas.get(at as usize) {
            Some(meta) => meta,
            None => self.far_meta(at),
        }
    }

    #[inline]
    fn meta_mut(&mut self, at: u32) -> &mut Meta {
        let near = self.metas.len();
        if (at as usize) < near {
            &mut self.metas[at as usize]
        } else {
            self.far_meta_mut(at)
        }
    }
}

impl<P> Slab<P> {
    pub(super) fn new() -> Self {
        Slab {
            near: Vec::new(),
            metas: Box::default(),
            rare: None,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.near.len() + self.rare.as_ref().map_or(0, |rare| rare.far.len())
    }

    /// The payload, if it lies in the first piece.
    #[inline(always)]
    pub(super) fn near(&self, slot: Slot) -> Option<&P> {
        self.near.get(slot as usize)
    }

    /// Whether nothing lies in the first piece.
    #[inline(always)]
    pub(super) fn is_far(&self) -> bool {
        self.near.is_empty()
    }

    #[inline]
    pub(super) fn payload(&self, slot: Slot) -> &P {
        match self.near.get(slot as usize) {
            Some(payload) => payload,
            None => self.far_payload(slot),
        }
    }

    #[inline]
    pub(super) fn payload_mut(&mut self, slot: Slot) -> &mut P {
        if (slot as usize) < self.near.len() {
            &mut self.near[slot as usize]
        } else {
            self.far_payload_mut(slot)
        }
    }

    /// The metas that lie in the first piece.
    #[inline(always)]
    pub(super) fn near_metas(&mut self) -> &mut [Meta] {
        &mut self.metas
    }

    /// What closes the order of use, once there is one.
    #[inline]
    pub(super) fn sentinel(&self) -> Option<&Meta> {
        self.metas.first()
    }

    fn far_payload(&self, slot: Slot) -> &P {
        let rare = self.rare.as_ref();
        let payload = rare.and_then(|rare| rare.far.get(slot as usize));
        payload.expect(NO_ENTRY)
    }

    fn far_payload_mut(&mut self, slot: Slot) -> &mut P {
        let rare = self.rare.as_mut();
        let payload = rare.and_then(|rare| rare.far.get_mut(slot as usize));
        payload.expect(NO_ENTRY)
    }

    fn far_meta(&self, at: u32) -> &Meta {
        let rare = self.rare.as_ref();
        let meta = rare.and_then(|rare| rare.far_metas.get(at as usize));
        meta.expect(NO_ENTRY)
    }

    fn far_meta_mut(&mut self, at: u32) -> &mut Meta {
        let rare = self.rare.as_mut();
        let meta = rare.and_then(|rare| rare.far_metas.get_mut(at as usize));
        meta.expect(NO_ENTRY)
    }

    fn rare(&mut self) -> &mut Rare<P> {
        self.rare.get_or_insert_with(|| {
            Box::new(Rare {
                far: Pages::new(),
                far_metas: Pages::new(),
                deadlines: Deadlines::new(),
            })
        })
    }

    /// Adds an entry behind the last one, linked to nothing.
    #[inline]
    pub(super) fn push(&mut self, hash: u32, payload: P) {
        let len = self.len();
        if self.near.len() == len && len < Pages::<P>::NEAR {
            self.near.push(payload);
        } else {
            self.push_far(payload);
        }
        let meta = Meta {
            hash,
            ..Meta::default()
        };
        match self.metas.get_mut(len + 1) {
            Some(near) => *near = meta,
            None => self.push_meta(len + 1, meta),
        }
    }

    fn push_far(&mut self, payload: P) {
        let near = std::mem::take(&mut self.near);
        let far = &mut self.rare().far;
        if !near.is_empty() {
            far.fill(near);
        }
        far.push(payload);
    }

    fn push_meta(&mut self, at: usize, meta: Meta) {
        let is_far = self
            .rare
            .as_ref()
            .is_some_and(|rare| rare.far_metas.len() > 0);
        if is_far {
            self.rare().far_metas.push(meta);
        } else if at < Pages::<Meta>::NEAR {
            // The sentinel, and as many as the first entries have room.
            let len = (self.metas.len() * 2).clamp(5, Pages::<Meta>::NEAR);
            self.resize_metas(len);
            self.metas[at] = meta;
        } else {
            let metas = std::mem::take(&mut self.metas);
            let far = &mut self.rare().far_metas;
            let sentinel = metas[..1].into();
            far.fill(metas.into_vec());
            far.push(meta);
            self.metas = sentinel;
        }
    }

    #[cold]
    fn resize_metas(&mut self, len: usize) {
        let mut metas = std::mem::take(&mut self.metas).into_vec();
        metas.reserve_exact(len.saturating_sub(metas.len()));
        metas.resize(len, Meta::default());
        self.metas = metas.into_boxed_slice();
    }

    /// Takes the payload out of a slot, into which that of the last one moves. The
    /// metas of both are up to the caller, before.
    pub(super) fn swap_remove(&mut self, slot: Slot) -> P {
        let rare = self.rare.as_mut();
        let far = rare.and_then(|rare| {
            rare.far_metas.pop();
            rare.far.pop()
        });
        let last = far.or_else(|| self.near.pop()).expect(NO_ENTRY);
        if slot as usize == self.len() {
            last
        } else {
            std::mem::replace(self.payload_mut(slot), last)
        }
    }

    #[inline]
    pub(super) fn deadlines(&self) -> Option<&Deadlines> {
        self.rare.as_ref().map(|rare| &rare.deadlines)
    }

    #[inline]
    pub(super) fn deadlines_mut(&mut self) -> Option<&mut Deadlines> {
        self.rare.as_mut().map(|rare| &mut rare.deadlines)
    }

    /// The deadlines of a store in which there is going to be one.
    pub(super) fn deadlines_to_be(&mut self) -> &mut Deadlines {
        &mut self.rare().deadlines
    }

    pub(super) fn into_payloads(self) -> impl Iterator<Item = P> {
        let far = self.rare.map(|rare| rare.far.into_values());
        self.near.into_iter().chain(far.into_iter().flatten())
    }

    /// Gives back memory after many removals.
    pub(super) fn shrink(&mut self) {
        let len = self.len();
        if len == 0 {
            *self = Slab::new();
            return;
        }
        if let Some(rare) = &mut self.rare {
            if len < Pages::<P>::NEAR / 4 {
                let far = std::mem::replace(&mut rare.far, Pages::new());
                self.near.extend(far.into_values());
            }
            if len < Pages::<Meta>::NEAR / 4 {
                let far = std::mem::replace(&mut rare.far_metas, Pages::new());
                let metas = far.into_values().skip(1);
                self.metas = self.metas.iter().copied().chain(metas).collect();
            }
            rare.far.shrink();
            rare.far_metas.shrink();
            rare.deadlines.shrink(len);
            if rare.far.len() + rare.far_metas.len() == 0 && rare.deadlines.is_empty() {
                self.rare = None;
            }
        }
        if self.near.len() < self.near.capacity() / 4 {
            self.near.shrink_to(self.near.len() * 2);
        }
        if len < self.metas.len() / 4 {
            self.resize_metas(len * 2 + 1);
        }
    }

    #[cfg(test)]
    pub(super) fn allocated(&self) -> usize {
        let rare = self.rare.as_ref().map_or(0, |rare| {
            size_of::<Rare<P>>()
                + rare.far.allocated()
                + rare.far_metas.allocated()
                + rare.deadlines.allocated()
        });
        self.near.capacity() * size_of::<P>() + size_of_val(&*self.metas) + rare
    }

    #[cfg(test)]
    pub(super) fn validate(&self) {
        let len = self.len();
        let rare = self.rare.as_ref();
        let (far, metas) = rare.map_or((0, 0), |rare| (rare.far.len(), rare.far_metas.len()));
        assert!(far == 0 || self.near.is_empty(), "entries in two places");
        assert!(self.near.len() <= Pages::<P>::NEAR);
        if metas == 0 {
            assert!(self.metas.len() <= Pages::<Meta>::NEAR);
            assert!(len == 0 || self.metas.len() > len, "metas are lost");
        } else {
            assert_eq!((self.metas.len(), metas), (1, len + 1), "metas are lost");
        }
    }
}

const NO_ENTRY: &str = "a slot is that of an entry";
