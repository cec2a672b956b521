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
