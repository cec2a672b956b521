//! What may stand in a block, and before it, beside memoized methods.
#![deny(warnings)]

use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Analyzer {
    n: u64,
    caches: InstanceCaches,
}

macro_rules! getter {
    ($name:ident) => {
        fn $name(&self) -> u64 {
            self.n
        }
    };
}

/// Documentation.
#[allow(clippy::all)]
#[lru_cache]
#[cfg(all())]
impl Analyzer {
    /// A constant with braces.
    const LIMIT: u64 = { 3 };

    getter! { first }

    getter!(second);

    /// Documentation.
    #[must_use]
    #[inline]
    #[lru_cache(maxsize = Self::LIMIT as usize)]
    pub(crate) fn square(&self) -> u64 {
        self.n * self.n
    }

    #[cfg(any())]
    #[lru_cache]
    fn left_out(&self) -> Missing {
        Missing
    }

    #[cfg(all())]
    #[lruheap::lru_cache]
    fn left_in(n: u64) -> u64 {
        n
    }

    #[cfg_attr(all(), inline)]
    #[lru_cache(maxsize = None)]
    fn attributed(n: u64) -> u64 {
        n
    }

    #[deprecated]
    #[lru_cache]
    fn old(&self) -> u64 {
        self.n
    }

    #[cache_invalidate]
    fn change(&mut self) {}
}

trait Text {
    type Text;
    const WIDTH: usize;
    fn text(&self) -> Self::Text;
}

#[lru_cache]
impl Text for Analyzer {
    type Text = String;
    const WIDTH: usize = 3;

    #[lru_cache(maxsize = Self::WIDTH)]
    fn text(&self) -> Self::Text {
        self.n.to_string()
    }
}

fn main() {
    let mut a = Analyzer::default();
    a.change();
    assert_eq!((a.square(), a.first(), a.second()), (0, 0, 0));
    assert_eq!((Analyzer::left_in(1), Analyzer::attributed(1)), (1, 1));
    #[allow(deprecated)]
    let old = a.old();
    assert_eq!((old, a.text()), (0, "0".into()));
}
