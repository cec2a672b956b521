//! Which caches there are: those of memoized functions and methods, in the
//! order in which they were first used.
//!
//! The list holds what lives for ever (a function's cache, a method's table of
//! instances) and never a cache that can die: those are reached through their
//! tables, by weak references. No cache is looked into while the list is locked.

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use parking_lot::Mutex;

use crate::alarm;
use crate::stats::{CacheInfo, CacheKind, CacheParameters};
use crate::time::Instant;
use crate::turns::Turns;

/// What the registry lists: a cache, or all the caches of a method.
pub(crate) trait Listed {
    /// What it says of itself; `None` where no cache is alive.
    fn report(&self) -> Option<CacheReport>;

    /// Drops what has expired and what belonged to the dead, says how many
    /// entries that were.
    fn purge(&self) -> usize;

    /// Drops what has this tag, says how many entries that were.
    fn invalidate_tag(&self, tag: &str) -> usize;

    /// When the next of its entries expires.
    fn next_deadline(&self) -> Option<Instant>;
}

static SHARED: Mutex<Vec<&'static (dyn Listed + Sync)>> = Mutex::new(Vec::new());

thread_local! {
    /// The caches that belong to this thread, and go with it.
    static LOCAL: RefCell<Vec<Weak<dyn Listed>>> = const { RefCell::new(Vec::new()) };
}

/// Lists what all threads share, if `publish` says that it is there for them from now
/// on. Whoever uses it before it is on the list, and whoever goes through the list after
/// that, is not missed by the other: going through waits for this. `publish` runs no code
/// of the user's.
pub(crate) fn add(publish: impl FnOnce() -> Option<&'static (dyn Listed + Sync)>) {
    let mut shared = SHARED.lock();
    let Some(listed) = publish() else { return };
    shared.push(listed);
    drop(shared);
    // Another thread may have stored in it before it was listed.
    alarm::wake();
}

/// Lists what belongs to this thread.
pub(crate) fn add_local(listed: Weak<dyn Listed>) {
    // While the thread is being torn down there is no list any more.
    let _ = LOCAL.try_with(|local| {
        let mut local = local.borrow_mut();
        if local.len() == local.capacity() {
            local.retain(|listed| listed.strong_count() > 0);
        }
        local.push(listed);
    });
}

pub(crate) fn visit(mut visit: impl FnMut(&dyn Listed)) {
    let shared = SHARED.lock().clone();
    for listed in shared {
        visit(listed);
    }
    let local: Vec<Rc<dyn Listed>> = LOCAL
        .try_with(|local| local.borrow().iter().filter_map(Weak::upgrade).collect())
        .unwrap_or_default();
    for listed in local {
        visit(&*listed);
    }
}

/// What a live cache says of itself, by [`caches`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheReport {
    /// The option `name`, or the path of the function or method.
    pub name: String,
    /// What the cache is of.
    pub kind: CacheKind,
    /// How it was configured.
    pub parameters: CacheParameters,
    /// Its counters; for a method the sums over its instances.
    pub info: CacheInfo,
    /// How many instances have a cache of their own; 1 where all share one.
    pub instances: usize,
}

/// Every live cache of a memoized function or method, in the order in which
/// they were first used.
///
/// The caches of a method's instances are one item together, which is gone when
/// the last of them is. With `scope = thread` and for `Rc` receivers, those of the
/// calling thread are listed. Caches that were built by hand are not.
///
/// Takes each cache's lock in turn. Drops what has expired on the way.
pub fn caches() -> Vec<CacheReport> {
    let mut reports = Vec::new();
    visit(|listed| reports.extend(listed.report()));
    reports
}

/// Drops what has expired in every cache of a memoized function or method, and
/// what instances left behind that have died; says how many entries that were.
///
/// The caches of instances that hold an `InstanceCaches` die with them, without
/// this. What was kept for `Arc` and `Rc` receivers goes at the next calls on their
/// type, or here.
pub fn purge() -> usize {
    let mut dropped = 0;
    visit(|listed| dropped += listed.purge());
    dropped
}

/// Drops every entry that has this tag, in every cache of a memoized function or
/// method, and says how many entries that were.
///
/// Tags are what the option `tags(…)` gives, from the arguments of a call. What is
/// being computed for such a call at this moment is returned to its caller, but not
/// stored. Counted as invalidations.
///
/// Takes the lock of each cache that has the option in turn; O(log n) for each entry.
pub fn invalidate_tag(tag: &str) -> usize {
    let mut turns = Turns::default();
    let mut dropped = 0;
    visit(|listed| turns.take(|| dropped += listed.invalidate_tag(tag)));
    dropped
}

/// Prints [`caches`] to the standard output, as a table.
///
/// # Panics
///
/// If the standard output can't be written to, as `println!` does.
pub fn report() {
    print!("{}", Table(&caches()));
}

struct Table<'a>(&'a [CacheReport]);

const HEADINGS: [&str; 9] = [
    "cache",
    "kind",
    "hits",
    "misses",
    "hit rate",
    "entries",
    "maxsize",
    "ttl",
    "instances",
];

fn row(report: &CacheReport) -> [String; 9] {
    let CacheReport {
        name,
        kind,
        parameters,
        info,
        instances,
    } = report;
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "None".into());
    [
        name.clone(),
        kind.to_string(),
        info.hits.to_string(),
        info.misses.to_string(),
        format!("{:.1} %", info.hit_rate() * 100.0),
        info.currsize.to_string(),
        or_none(parameters.maxsize.map(|maxsize| maxsize.to_string())),
        or_none(parameters.ttl.map(|ttl| format!("{ttl:?}"))),
        instances.to_string(),
    ]
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 9]> = std::iter::once(HEADINGS.map(String::from))
            .chain(self.0.iter().map(row))
            .collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        for row in &rows {
            // Words to the left, figures to the right.
            write!(f, "{:<1$}", row[0], width(0))?;
            write!(f, "  {:<1$}", row[1], width(1))?;
            for (column, figure) in row.iter().enumerate().skip(2) {
                write!(f, "  {figure:>0$}", width(column))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_table_has_a_column_for_each_figure() {
        let info = CacheInfo {
            hits: 3,
            misses: 1,
            currsize: 1,
            ..CacheInfo::default()
        };
        let parameters = CacheParameters {
            ttl: Some(Duration::from_millis(1500)),
            ..CacheParameters::default()
        };
        let report = CacheReport {
            name: "shop::price".into(),
            kind: CacheKind::Method,
            parameters,
            info,
            instances: 12,
        };
        assert_eq!(
            Table(&[report]).to_string(),
            "\
cache        kind    hits  misses  hit rate  entries  maxsize   ttl  instances
shop::price  method     3       1    75.0 %        1     None  1.5s         12
"
        );
    }
}
