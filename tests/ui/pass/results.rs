//! Results as they may be.
#![deny(warnings)]

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use lruheap::lru_cache;

type Alias<T> = Result<T, io::Error>;

struct NotClone;

#[lru_cache]
fn static_str(n: u64) -> &'static str {
    if n == 0 { "zero" } else { "more" }
}

#[lru_cache]
fn static_in_a_cow(n: u64) -> Cow<'static, str> {
    n.to_string().into()
}

#[lru_cache]
fn static_slices(n: u64) -> Option<&'static [&'static str]> {
    (n > 0).then_some(&["a", "b"])
}

#[lru_cache]
fn unit(_: u64) {}

#[lru_cache]
fn shared(_: u64) -> Arc<NotClone> {
    Arc::new(NotClone)
}

#[lru_cache]
fn object(n: u64) -> Arc<dyn Fn(u64) -> u64 + Send + Sync> {
    Arc::new(move |m| n + m)
}

#[lru_cache]
fn error_is_not_clone(n: u64) -> Result<u64, NotClone> {
    if n > 0 { Ok(n) } else { Err(NotClone) }
}

#[lru_cache]
fn error_borrows(text: &str) -> Result<u64, &str> {
    text.parse().map_err(|_| text)
}

#[lru_cache]
fn alias(n: u64) -> Alias<u64> {
    Ok(n)
}

#[lru_cache(cache_err = true)]
fn kept_error(n: u64) -> Result<u64, String> {
    Err(n.to_string())
}

#[lru_cache(cache_err = true)]
fn no_error(n: u64) -> Result<u64, std::convert::Infallible> {
    Ok(n)
}

#[lru_cache(cache_none = false)]
fn dropped_none(n: u64) -> Option<u64> {
    (n > 0).then_some(n)
}

#[lru_cache(cache_none = false)]
fn checked_none(n: u64) -> Result<Option<u64>, String> {
    Ok((n > 0).then_some(n))
}

#[lru_cache]
fn pointer(n: u64) -> fn(u64) -> u64 {
    if n == 0 { |n| n } else { |n| n + 1 }
}

fn main() {
    assert_eq!(static_str(0), "zero");
    assert_eq!(static_in_a_cow(7), "7");
    assert_eq!(static_slices(1), Some(&["a", "b"][..]));
    unit(1);
    assert_eq!(unit::cache_peek(1), Some(()));
    assert!(Arc::ptr_eq(&shared(1), &shared(1)));
    assert_eq!(object(1)(2), 3);
    assert!(error_is_not_clone(0).is_err() && error_is_not_clone(1).is_ok());
    assert_eq!(error_borrows("x"), Err("x"));
    assert_eq!(alias(1).ok(), Some(1));
    assert!(kept_error(1).is_err() && kept_error(1).is_err());
    assert_eq!(kept_error::cache_info().hits, 1);
    assert_eq!(no_error(1), Ok(1));
    assert_eq!(dropped_none(0), None);
    assert_eq!(dropped_none::cache_info().currsize, 0);
    assert_eq!(checked_none(0), Ok(None));
    assert_eq!(checked_none::cache_info().currsize, 0);
    assert_eq!(pointer(1)(1), 2);
}
