//! The order of use: an intrusive doubly linked list through what lies beside the
//! entries.
//!
//! It is a ring, closed by a sentinel at 0: nothing in here asks whether a neighbour
//! is there. So the entry in slot `n` is `n + 1` here. It knows places and links
//! only. A touch is O(1) and never walks.

/// Where the ring is closed, and what an empty ring's sentinel points to.
pub(super) const END: u32 = 0;

/// What the store keeps for an entry and a look-up does not read.
#[derive(Clone, Copy, Default)]
pub(super) struct Meta {
    /// Towards the least recently used entry. The sentinel's is the newest.
    pub(super) older: u32,
    /// Towards the most recently used entry. The sentinel's is the oldest.
    pub(super) newer: u32,
    pub(super) hash: u32,
}

/// Something that keeps the links.
pub(super) trait Links {
    fn meta(&self, at: u32) -> &Meta;
    fn meta_mut(&mut self, at: u32) -> &mut Meta;
}

#[inline]
pub(super) fn link_newest(links: &mut impl Links, at: u32) {
    let newest = links.meta(END).older;
    link_after(links, newest, at);
}

#[inline]
fn link_after(links: &mut impl Links, newest: u32, at: u32) {
    links.meta_mut(newest).newer = at;
    links.meta_mut(END).older = at;
    let meta = links.meta_mut(at);
    (meta.older, meta.newer) = (newest, END);
}

#[inline]
pub(super) fn unlink(links: &mut impl Links, at: u32) {
    let Meta { older, newer, .. } = *links.meta(at);
    links.meta_mut(older).newer = newer;
    links.meta_mut(newer).older = older;
}

#[inline]
pub(super) fn touch(links: &mut impl Links, at: u32) {
    // Read once: the newest of those that are left is the same.
    let newest = links.meta(END).older;
    if newest != at {
        unlink(links, at);
        link_after(links, newest, at);
    }
}

/// The same where all of it lies in one piece; if not, nothing is done.
#[inline(always)]
pub(super) fn touch_near(metas: &mut [Meta], at: u32) -> Option<()> {
    let newest = metas.first()?.older;
    if newest == at {
        return Some(());
    }
    let Meta { older, newer, .. } = *metas.get(at as usize)?;
    let furthest = newest.max(older).max(newer) as usize;
    if furthest >= metas.len() {
        return None;
    }
    metas[older as usize].newer = newer;
    metas[newer as usize].older = older;
    metas[newest as usize].newer = at;
    metas[END as usize].older = at;
    let meta = &mut metas[at as usize];
    (meta.older, meta.newer) = (newest, END);
    Some(())
}

/// The entry at `from` moves to `to`, where nothing is linked: its neighbours follow.
pub(super) fn relocate(links: &mut impl Links, from: u32, to: u32) {
    let meta = *links.meta(from);
    *links.meta_mut(to) = meta;
    links.meta_mut(meta.older).newer = to;
    links.meta_mut(meta.newer).older = to;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Ring(Vec<Meta>);

    impl Links for Ring {
        fn meta(&self, at: u32) -> &Meta {
            &self.0[at as usize]
        }

        fn meta_mut(&mut self, at: u32) -> &mut Meta {
            &mut self.0[at as usize]
        }
    }

    impl Ring {
        /// So many entries, in any order.
        fn new(entries: u32, random: &mut fastrand::Rng) -> Self {
            let hash = |at| Meta {
                hash: at,
                ..Meta::default()
            };
            let mut ring = Ring((0..=entries).map(hash).collect());
            let mut order: Vec<u32> = (1..=entries).collect();
            random.shuffle(&mut order);
            for &at in &order {
                link_newest(&mut ring, at);
            }
            assert_eq!(ring.order(), order);
            ring
        }

        /// From the oldest on, and the same from the newest back.
        fn order(&self) -> Vec<u32> {
            let walk = |next: fn(&Meta) -> u32| {
                let next = |&at: &u32| Some(next(self.meta(at))).filter(|&at| at != END);
                let walk = std::iter::successors(next(&END), next);
                walk.take(self.0.len()).collect::<Vec<_>>()
            };
            let order = walk(|meta| meta.newer);
            assert!(walk(|meta| meta.older).iter().rev().eq(&order));
            order
        }

        fn all(&self) -> Vec<(u32, u32, u32)> {
            let all = self.0.iter();
            all.map(|meta| (meta.older, meta.newer, meta.hash))
                .collect()
        }
    }

    #[test]
    fn a_touch_of_what_is_near_is_a_touch() {
        let mut random = fastrand::Rng::with_seed(3);
        for entries in 1..=40 {
            let mut ring = Ring::new(entries, &mut random);
            for _ in 0..50 {
                let at = random.u32(1..=entries);
                let mut order = ring.order();
                order.retain(|&other| other != at);
                order.push(at);
                let mut near = ring.clone();
                touch(&mut ring, at);
                assert_eq!(touch_near(&mut near.0, at), Some(()));
                assert_eq!(near.all(), ring.all());
                assert_eq!(ring.order(), order);
            }
        }
    }

    #[test]
    fn where_a_neighbour_is_far_nothing_is_touched() {
        let mut random = fastrand::Rng::with_seed(4);
        let (mut touched, mut left) = (0, 0);
        for entries in 1..=40 {
            for _ in 0..50 {
                let mut ring = Ring::new(entries, &mut random);
                let near = random.usize(..=ring.0.len());
                let at = random.u32(1..=entries);
                let (before, mut expected) = (ring.all(), ring.clone());
                touch(&mut expected, at);
                let newest = ring.meta(END).older;
                let &Meta { older, newer, .. } = ring.meta(at);
                let furthest = at.max(older).max(newer).max(newest) as usize;
                // What is the newest already is in nobody's way.
                let is_near = near > 0 && (at == newest || furthest < near);
                let is_touched = touch_near(&mut ring.0[..near], at).is_some();
                assert_eq!(is_touched, is_near, "{at} of {entries}, {near} near");
                if is_touched {
                    touched += 1;
                    assert_eq!(ring.all(), expected.all());
                } else {
                    left += 1;
                    assert_eq!(ring.all(), before);
                }
            }
        }
        assert!(touched > 100 && left > 100, "{touched}, {left}");
    }

    #[test]
    fn nothing_is_touched_where_nothing_is() {
        assert_eq!(touch_near(&mut [], 1), None);
        let mut ring = Ring::new(3, &mut fastrand::Rng::with_seed(5));
        let before = ring.all();
        for beyond in [4, 5, u32::MAX] {
            assert_eq!(touch_near(&mut ring.0, beyond), None);
        }
        assert_eq!(ring.all(), before);
    }
}
