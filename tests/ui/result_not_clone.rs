//! A result is cloned out of the cache.

use lruheap::lru_cache;

struct Report(String);

type Outcome = Result<Report, String>;

#[lru_cache]
fn report(name: &str) -> Report {
    Report(name.to_string())
}

#[lru_cache]
fn parts(name: &str) -> (u8, Vec<Report>) {
    (0, vec![Report(name.to_string())])
}

#[lru_cache]
fn found(name: &str) -> Option<Report> {
    Some(Report(name.to_string()))
}

#[lru_cache]
fn checked(name: &str) -> Result<Report, String> {
    Ok(Report(name.to_string()))
}

#[lru_cache]
fn listed(name: &str) -> Result<Vec<Report>, String> {
    Ok(vec![Report(name.to_string())])
}

#[lru_cache(cache_none = false)]
fn kept_some(name: &str) -> Option<Report> {
    Some(Report(name.to_string()))
}

#[lru_cache]
fn aliased(name: &str) -> Outcome {
    Ok(Report(name.to_string()))
}

#[lru_cache(cache_if = |value| value.0.is_empty())]
fn chosen(name: &str) -> Report {
    Report(name.to_string())
}

#[lru_cache]
async fn later(name: &str) -> Report {
    Report(name.to_string())
}

fn main() {
    report("a");
    report::cache_clear();
    report::cache_peek("a");
    parts("a");
    parts::cache_info();
    found("a");
    found::cache_remove("a");
    _ = checked("a");
    checked::cache_info();
    _ = listed("a");
    kept_some("a");
    _ = aliased("a");
    aliased::cache_info();
    chosen("a");
    chosen::cache_info();
    drop(later("a"));
    later::cache_info();
}
