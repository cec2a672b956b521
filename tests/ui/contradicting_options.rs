//! Options that contradict each other, or the function.

use lruheap::{LooseKey, cache, lru_cache};

#[cache(maxsize = 10)]
fn bounded(n: u64) -> u64 {
    n
}

#[cache(maxsize = None)]
fn unbounded_twice(n: u64) -> u64 {
    n
}

#[lru_cache(typed = false)]
fn same<T: LooseKey + Clone + Send + Sync + 'static>(value: T) -> T {
    value
}

#[lru_cache(typed = false)]
fn wrapped<T: LooseKey + Clone + Send + Sync + 'static, U: LooseKey>(value: T, _: U) -> Option<Vec<T>> {
    Some(vec![value])
}

fn main() {
    bounded(1);
    bounded::cache_info();
    unbounded_twice(1);
    unbounded_twice::cache_info();
    same(1);
    same::<i32>::cache_info();
    wrapped(1, 2);
    wrapped::<i32, i32>::cache_info();
}
