//! Every control of a function that was refused can be called without a second error.

use lruheap::lru_cache;

#[lru_cache]
const fn square(n: u64) -> u64 {
    n * n
}

#[lru_cache]
fn text(text: &str) -> &str {
    text
}

#[lru_cache]
fn generic<T: Clone + 'static>(values: &mut Vec<T>) -> usize {
    values.len()
}

fn main() {
    square(2);
    square::cache_info();
    square::cache_clear();
    square::cache_parameters();
    square::uncached(2);
    square::cache_peek(2);
    square::cache_contains(2);
    square::cache_ttl(2);
    square::cache_insert(2, 4);
    square::cache_remove(2);
    square::cache_refresh(2);
    square::cache_purge();
    square::cache_resize(2);
    square::cache_resize(None);
    square::cache().clear();
    let _: &str = text("a");
    let _: Option<&str> = text::cache_peek("a");
    let _: &str = text::uncached("a");
    generic(&mut vec![1]);
    generic::<i32>::cache_info();
}
