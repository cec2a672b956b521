//! A value that borrows can't be kept: an owned one takes its place.

use lruheap::lru_cache;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct View<'a>(&'a str);

#[lru_cache]
fn by_value(view: View<'_>) -> usize {
    view.0.len()
}

#[lru_cache]
fn by_reference<'a>(view: &View<'a>) -> usize {
    view.0.len()
}

#[lru_cache]
fn in_a_vector(views: Vec<View<'_>>) -> usize {
    views.len()
}

#[lru_cache]
fn computed(#[key(view.0.to_string())] view: View<'_>) -> usize {
    view.0.len()
}

fn main() {
    by_value(View("a"));
    by_value::cache_info();
    by_reference(&View("a"));
    by_reference::cache_info();
    in_a_vector(vec![View("a")]);
    in_a_vector::cache_info();
    computed(View("a"));
    computed::cache_info();
}
