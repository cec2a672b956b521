//! One bucket: a hash above a slot, in one number, so that numbers are in the order of
//! their hashes. It knows nothing of where buckets stand.

use super::Slot;

pub(super) const FREE: u64 = 0;

/// Slots are counted from 1 in here, because of what free buckets look like.
#[inline]
pub(super) fn pack(hash: u32, slot: Slot) -> u64 {
    debug_assert_ne!(slot, Slot::MAX);
    floor(hash) | u64::from(slot.wrapping_add(1))
}

/// Not above any bucket with this hash.
#[inline]
pub(super) fn floor(hash: u32) -> u64 {
    u64::from(hash) << 32
}

#[inline]
pub(super) fn hash_of(bucket: u64) -> u32 {
    (bucket >> 32) as u32
}

#[allow(clippy::cast_possible_truncation)]
pub(super) fn unpack(bucket: u64) -> (u32, Slot) {
    (hash_of(bucket), (bucket as u32).wrapping_sub(1))
}

#[inline]
pub(super) fn is_below(bucket: u64, floor: u64) -> bool {
    // A free bucket becomes the highest of all: nothing is below from there on.
    bucket.wrapping_sub(1) < floor
}

/// The slots of the buckets with one hash, which stand side by side.
pub(crate) struct Candidates<'a> {
    buckets: &'a [u64],
    at: usize,
    floor: u64,
}

impl<'a> Candidates<'a> {
    /// Those under `hash`, the first of which stands at `at`, if there is one.
    #[inline]
    pub(super) fn new(buckets: &'a [u64], at: usize, hash: u32) -> Self {
        let floor = floor(hash);
        Candidates { buckets, at, floor }
    }
}

/// Whether a bucket is one of those under a hash, less the floor of that. Another hash
/// leaves more than 32 bits, and a free bucket nothing.
#[inline]
fn has_slot(rest: u64) -> bool {
    rest.wrapping_sub(1) < u64::from(Slot::MAX)
}

/// The slot of such a bucket.
#[allow(clippy::cast_possible_truncation)]
#[inline]
pub(super) fn slot_in(rest: u64) -> Option<Slot> {
    has_slot(rest).then(|| (rest as Slot).wrapping_sub(1))
}

impl Iterator for Candidates<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        let bucket = self.buckets.get(self.at)?;
        self.at += 1;
        slot_in(bucket ^ self.floor)
    }
}
