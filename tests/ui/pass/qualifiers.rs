//! `async`, `unsafe`, `extern`, visibilities, attributes, places.
#![deny(warnings)]

use lruheap::lru_cache;

mod inner {
    pub mod deeper {
        use lruheap::lru_cache;

        #[lru_cache]
        pub(in crate::inner) fn visible_in_inner(n: u64) -> u64 {
            n
        }

        #[lru_cache]
        pub(crate) fn visible_in_the_crate(n: u64) -> u64 {
            n
        }
    }

    pub fn call() -> u64 {
        deeper::visible_in_inner(1) + deeper::visible_in_inner::cache_info().misses
    }
}

/// # Safety
///
/// None is needed.
#[lru_cache]
unsafe fn hazard(n: u64) -> u64 {
    n
}

#[lru_cache]
extern "C" fn exported(n: u64) -> u64 {
    n
}

#[lru_cache]
async fn later(n: u64) -> u64 {
    n
}

#[lru_cache]
#[must_use]
#[inline]
fn attributed(n: u64) -> u64 {
    n
}

#[lru_cache]
#[cfg(any())]
fn left_out(x: f64) -> f64 {
    x
}

#[lru_cache]
#[expect(unused_variables)]
fn expecting(n: u64) -> u64 {
    let unused = 1;
    n
}

fn main() {
    #[lru_cache]
    fn inside(n: u64) -> u64 {
        n
    }
    assert_eq!(inside(1) + inside::cache_info().misses, 2);
    assert_eq!(inner::call(), 2);
    assert_eq!(inner::deeper::visible_in_the_crate(1), 1);
    assert_eq!(unsafe { hazard(1) }, 1);
    assert_eq!(unsafe { hazard::uncached(1) }, 1);
    assert_eq!(exported(1), 1);
    let pointer: extern "C" fn(u64) -> u64 = exported;
    assert_eq!(pointer(1), 1);
    drop(later(1));
    assert_eq!(later::cache_info().misses, 0);
    assert_eq!(attributed(1), 1);
    assert_eq!(expecting(1), 1);
}
