//! A result that borrows would have to outlive what it borrows from.

use std::borrow::Cow;

use lruheap::lru_cache;

#[lru_cache]
fn text(text: &str) -> &str {
    text.trim()
}

#[lru_cache]
fn part<'a>(values: &'a [u8], _: &str) -> Option<&'a [u8]> {
    values.get(1..)
}

#[lru_cache]
fn checked(text: &str) -> Result<&str, String> {
    Ok(text)
}

#[lru_cache]
fn cow(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

#[lru_cache]
fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

#[lru_cache]
fn pair(text: &str) -> (usize, &str) {
    (text.len(), text)
}

#[lru_cache]
fn boxed<'a>(text: &'a str) -> Box<dyn Iterator<Item = char> + 'a> {
    Box::new(text.chars())
}

fn main() {
    text("a");
    text::cache_info();
    part(b"ab", "");
    part::cache_info();
    _ = checked("a");
    checked::cache_info();
    cow("a");
    cow::cache_info();
    words("a");
    words::cache_info();
    pair("a");
    pair::cache_info();
    boxed("a");
    boxed::cache_info();
}
