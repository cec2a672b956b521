//! What a user's crate exports: functions of many shapes, all documented.

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::sync::Arc;
use core::hash::Hash;
use core::num::ParseIntError;
use std::path::Path;

use lruheap::{LooseKey, cache, lru_cache};

/// Doubles.
#[lru_cache]
#[must_use]
#[inline]
pub fn double(number: u32) -> u32 {
    number.wrapping_mul(2)
}

/// The catalogue, whatever the shop: only the tag speaks of it.
#[lru_cache(ttl = 60, xfetch = true, stale = 5, tags(format!("shop:{shop}"), region))]
#[must_use]
#[inline]
pub fn catalogue(shop: u32, region: &str) -> String {
    String::from("everything")
}

/// The same, later, if there is one.
///
/// # Errors
///
/// Never.
#[lru_cache(ttl = 60, stale_if_error = 600, coalesce = false, tags(&shop))]
#[inline]
pub async fn catalogue_later(shop: String) -> Result<String, ParseIntError> {
    core::future::ready(()).await;
    Ok(shop)
}

/// The length of all.
#[lru_cache(maxsize = 3, ttl = 3600, cache_if = |length| *length > 0)]
#[must_use]
#[inline]
pub fn borrowed(
    text: &str,
    bytes: &[u8],
    path: &Path,
    optional: Option<&str>,
    list: &[&str],
) -> usize {
    [
        text.len(),
        bytes.len(),
        path.as_os_str().len(),
        optional.map_or(0, str::len),
        list.len(),
    ]
    .iter()
    .sum()
}

/// Parses a number.
///
/// # Errors
///
/// If the text is no number.
#[lru_cache(
    ttl = 60,
    xfetch = 1.5,
    stale = "5m",
    stale_if_error = "1h",
    tags("numbers", text, format!("number:{text}"))
)]
#[inline]
pub fn parse(text: &str) -> Result<u32, ParseIntError> {
    let number: u32 = text.parse()?;
    if number == 0 {
        return Ok(1);
    }
    Ok(number)
}

/// Shows a value.
#[lru_cache]
#[must_use]
#[inline]
pub fn generic<T, const N: usize>(values: [T; N]) -> String
where
    T: ToString + Hash + Eq + Clone + Send + Sync + 'static,
{
    values.map(|value| value.to_string()).concat()
}

/// Takes numbers for what they are.
#[lru_cache(typed = false)]
#[must_use]
#[inline]
pub fn loose<T: LooseKey>(_value: T) -> u32 {
    7
}

/// Each thread its own.
#[lru_cache(scope = thread)]
#[must_use]
#[inline]
pub fn local(number: u32) -> Rc<u32> {
    Rc::new(number)
}

/// The longer of two.
#[lru_cache]
#[must_use]
#[inline]
pub fn longer<'text>(text: &'text str, other: &'text str) -> String {
    if text.len() > other.len() {
        text
    } else {
        other
    }
    .to_owned()
}

/// Patterns.
#[lru_cache]
#[must_use]
#[inline]
pub fn patterns((first, second): (u32, u32), _: u8, mut number: u32) -> u32 {
    number = number.wrapping_add(first);
    number.wrapping_add(second)
}

/// Owned arguments.
#[cache]
#[must_use]
#[inline]
pub fn owned(map: BTreeMap<String, u32>, shared: Arc<str>, list: Box<[u32]>) -> usize {
    map.len()
        .wrapping_add(shared.len())
        .wrapping_add(list.into_vec().len())
}

/// Later.
#[lru_cache(coalesce = false, tags(format!("text:{text}")))]
#[must_use]
#[inline]
pub async fn later(text: &str) -> usize {
    core::future::ready(text.len()).await
}

/// No argument, no result.
#[lru_cache]
#[inline]
pub fn nothing() {}

/// A result behind an alias.
pub type Parsed = Result<u32, ParseIntError>;

/// Parses.
///
/// # Errors
///
/// If the text is no number.
#[lru_cache]
#[inline]
pub fn aliased(text: &str) -> Parsed {
    text.parse()
}

/// Divides.
///
/// # Panics
///
/// If the divisor is zero.
#[lru_cache]
#[must_use]
#[inline]
pub fn divide(number: u32, divisor: u32) -> u32 {
    assert_ne!(divisor, 0, "division by zero");
    number.checked_div(divisor).unwrap_or_default()
}

/// Adds, with a connection that is no part of the key.
#[lru_cache(companion = AddCache, name = "add")]
#[must_use]
#[inline]
pub fn add(#[key(skip)] offset: &[f64], #[key(number.to_bits())] number: f64) -> u64 {
    number.to_bits().wrapping_add(u64::from(offset.is_empty()))
}

/// Without a companion.
#[lru_cache(companion = none)]
#[must_use]
#[inline]
pub fn str(number: u32) -> String {
    number.to_string()
}

/// Not to be used.
#[lru_cache]
#[deprecated(since = "0.1.0", note = "for the test")]
#[must_use]
#[inline]
pub fn old(number: u32) -> u32 {
    number
}

/// A key.
#[derive(LooseKey, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Key<'name, T> {
    /// Nothing.
    Empty,
    /// Something.
    Full(T),
    /// A name.
    Named {
        /// The name itself.
        name: &'name str,
    },
}

/// Not exported.
#[lru_cache]
pub(crate) fn within(number: u32) -> u32 {
    private(number)
}

/// Not seen from outside.
#[lru_cache(maxsize = None)]
fn private(number: u32) -> u32 {
    number
}

/// Too fond of fuss, and told so.
#[lru_cache]
#[expect(clippy::needless_return, reason = "an expectation about the body")]
#[expect(unused_variables, reason = "another one")]
#[must_use]
#[inline]
pub fn expectant(number: u32) -> u32 {
    let unused = 1;
    return number;
}
