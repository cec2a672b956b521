//! What a user's crate exports that shares its results.

use core::num::ParseIntError;

use lruheap::lru_cache;
use lruheap::shared::Error;

/// Doubles.
#[lru_cache(shared)]
#[must_use]
#[inline]
pub fn doubled(number: u32) -> u32 {
    number.wrapping_mul(2)
}

/// The catalogue, whatever the shop: only the tag speaks of it.
#[lru_cache(
    ttl = 60,
    tags(format!("shop:{shop}"), region),
    shared(ttl = 300, namespace = "shop", version = 2)
)]
#[must_use]
#[inline]
pub fn catalogue(shop: u32, region: &str) -> String {
    String::from("everything")
}

/// Parses a number.
///
/// # Errors
///
/// If the text is no number.
#[lru_cache(shared(ttl = "1h"), stale_if_error = "1h", ttl = 60, xfetch = true)]
#[inline]
pub fn parse(text: &str, list: &[&str], optional: Option<&str>) -> Result<u32, ParseIntError> {
    let number: u32 = text.parse()?;
    let _: (&[&str], Option<&str>) = (list, optional);
    Ok(number)
}

/// Later, once.
///
/// # Errors
///
/// If whoever is computing has gone.
#[lru_cache(shared(once = at_most_once), tags("later"))]
#[inline]
pub async fn later(text: String, #[key(number.to_bits())] number: f64) -> Result<usize, Error> {
    core::future::ready(()).await;
    Ok(text.len().wrapping_add(usize::from(number > 1.0)))
}

/// At once, once.
///
/// # Errors
///
/// If whoever is computing has gone.
#[lru_cache(shared(once = at_most_once))]
#[inline]
pub fn once(number: u32, #[key(skip)] offset: &[f64]) -> Result<usize, Error> {
    Ok(offset.len().wrapping_add(usize::from(number > 1)))
}

/// The sum of some.
#[lru_cache(shared, cache_none = false, coalesce = false)]
#[must_use]
#[inline]
pub fn generic<T, const N: usize>(values: (T, T), more: Vec<T>) -> Option<usize>
where
    T: serde::Serialize + core::hash::Hash + Eq + Clone + Send + Sync + 'static,
{
    drop(values);
    N.checked_sub(more.len())
}

/// Without a companion.
#[lru_cache(companion = none, shared, cache_if = |text| !text.is_empty())]
#[must_use]
#[inline]
pub fn text(number: u32) -> String {
    number.to_string()
}

/// Not exported.
#[lru_cache(shared, name = "within")]
pub(crate) fn within(number: u32) -> u32 {
    number
}
