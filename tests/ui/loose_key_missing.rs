//! `typed = false` asks for `LooseKey`.

use lruheap::{LooseKey, lru_cache};

struct Point(i32, i32);

#[lru_cache(typed = false)]
fn generic<T: ToString>(value: T) -> String {
    value.to_string()
}

#[lru_cache(typed = false)]
fn concrete<T: LooseKey>(_: T, point: Point) -> i32 {
    point.0 + point.1
}

#[lru_cache(typed = false)]
fn unnamed(value: impl ToString) -> String {
    value.to_string()
}

fn main() {
    generic(1);
    generic::<i32>::cache_info();
    concrete(1, Point(1, 2));
    concrete::<i32>::cache_info();
    unnamed(1);
    unnamed::cache_info();
}
