//! What a call takes besides the body: stack, and room in a future.

use std::future::{Future, ready};
use std::hint::black_box;

use lruheap::lru_cache;

use crate::connected;

/// Where the stack is.
fn stack() -> usize {
    let here = 0_u8;
    black_box(&raw const here).addr()
}

#[test]
fn recursion_takes_little_stack() {
    #[lru_cache(maxsize = 0, shared, tags("depths"))]
    fn deep(n: usize) -> usize {
        if n == 0 { stack() } else { deep(n - 1) }
    }
    connected();
    deep(0);
    let (top, levels) = (stack(), 20);
    let each = (top - deep(levels)) / levels;
    assert!(each < 2048, "{each} bytes a level");
}

async fn large(n: u8) -> u8 {
    let all = [n; 4096];
    ready(()).await;
    all[usize::from(n)]
}

#[test]
fn the_future_of_a_body_is_there_once() {
    #[lru_cache(shared)]
    async fn f(n: u8) -> u8 {
        large(n).await
    }
    #[lru_cache(shared(once = at_most_once))]
    async fn once(n: u8) -> Result<u8, lruheap::shared::Error> {
        Ok(large(n).await)
    }
    fn size<F: Future + Send>(future: F) -> usize {
        let size = size_of_val(&future);
        drop(future);
        size
    }
    for size in [size(f(1)), size(f::cache_refresh(1)), size(once(1))] {
        assert!(size < 2 * 4096, "{size} bytes");
    }
}
