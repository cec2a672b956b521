//! A borrow that the name of a type hides is one all the same.

use lruheap::lru_cache;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct View<'a>(&'a str);

#[lru_cache]
fn result(text: &str) -> View {
    View(text)
}

#[lru_cache]
fn argument(view: View) -> usize {
    view.0.len()
}

fn main() {
    result("a");
    result::cache_info();
    argument(View("a"));
    argument::cache_info();
}
