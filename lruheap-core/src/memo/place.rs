//! Where a call looks first, before it asks for a cache: a place that may be empty yet, or
//! a cache. What it is asked is next door.

// A hit is to come down to a few instructions, in whatever it stands.
#![allow(clippy::inline_always)]

use crate::cache::{Asked, Home, Values};
use crate::key::Part;

/// Where a call looks first.
pub(super) trait AtOnce<K, V> {
    /// The value, where it is to be had at once; where not, what is known so far.
    fn at_once<P: Part<Owned = K>>(&self, part: &P, values: &impl Values<V>) -> Result<V, Asked>;
}

impl<H: Home> AtOnce<H::Key, H::Value> for H {
    #[inline(always)]
    fn at_once<P: Part<Owned = H::Key>>(
        &self,
        part: &P,
        values: &impl Values<H::Value>,
    ) -> Result<H::Value, Asked> {
        self.engine().at_once(part, values)
    }
}
