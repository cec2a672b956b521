//! Traits of the user's that every type has: their methods are not taken for the library's.

#![allow(dead_code, clippy::unused_async, clippy::unnecessary_wraps)] // memoized as users would

use lruheap::lru_cache;

use crate::connected;

trait Crowd: Sized {
    fn tags(self) {}
    fn within(self) {}
    fn bind(self) {}
    fn through(self) {}
    fn through_async(self) {}
    fn through_once(self) {}
    fn through_once_async(self) {}
    fn call(self) {}
    fn call_of(self) {}
    fn fresh(self) {}
    fn of(self) {}
    fn with(self) {}
    fn anew(self) {}
    fn insert(self) {}
    fn remove(self) {}
    fn sync(self) {}
}

impl<T> Crowd for T {}

#[test]
fn functions_share_in_spite_of_them() {
    #[lru_cache(shared, tags("a crowd"))]
    fn f(n: u8) -> u8 {
        n
    }
    #[lru_cache(shared(once = at_most_once))]
    fn once(n: u8) -> Result<u8, lruheap::shared::Error> {
        Ok(n)
    }
    #[lru_cache(shared)]
    fn wide<const N: usize>(n: usize) -> usize {
        n * N
    }
    #[lru_cache(shared, tags("a crowd"))]
    async fn later(n: u8) -> u8 {
        n
    }
    #[lru_cache(shared(once = at_most_once))]
    async fn once_later(n: u8) -> Result<u8, lruheap::shared::Error> {
        Ok(n)
    }
    connected();
    ().call_of();
    assert_eq!((f(1), once(1), wide::<2>(1)), (1, Ok(1), 2));
    f::cache_insert(2, 3);
    assert_eq!((f::cache_refresh(1), f::cache_remove(2)), (1, Some(3)));
    drop((later(1), once_later(1)));
}
