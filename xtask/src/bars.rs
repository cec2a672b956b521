//! What the benches are to show, and whether they do.

use std::fmt::Write as _;

use crate::rows::{Role, Row, figure};

/// A bar: of which cell, on how many threads, and how high it lies.
struct Bar {
    what: &'static str,
    question: &'static str,
    cell: &'static str,
    threads: u32,
    height: Height,
}

#[derive(Clone, Copy)]
enum Height {
    /// At least so many times faster than the best of the peers.
    Best(f64),
    /// At least so many times faster than this one.
    Beside(&'static str, f64),
    /// At most so many times this one.
    Within(&'static str, f64),
    /// At most so many times the bare map.
    Limit(f64),
    /// At most so much.
    Most(f64, &'static str),
}

use Height::{Beside, Best, Limit, Most, Within};

const fn bar(
    what: &'static str,
    (question, cell): (&'static str, &'static str),
    threads: u32,
    height: Height,
) -> Bar {
    Bar {
        what,
        question,
        cell,
        threads,
        height,
    }
}

const U64: (&str, &str) = ("hits", "u64");
const STR: (&str, &str) = ("hits", "&str");
const TTL: (&str, &str) = ("hits", "ttl");
const ONE: (&str, &str) = ("hits", "one hot key");
const STRING: (&str, &str) = ("hits", "String value");
const METHOD: (&str, &str) = ("hits", "method");
const THREAD: (&str, &str) = ("hits", "thread scope");
const ZIPF: (&str, &str) = ("zipf", "Zipf 1.0");
const MISS: (&str, &str) = ("misses", "not coalesced");
const COALESCED: (&str, &str) = ("misses", "coalesced");
const FIBONACCI: (&str, &str) = ("recursion", "fib(2000)");
const ENTRY: (&str, &str) = ("memory", "function: an entry beyond key and value");
const EMPTY: (&str, &str) = ("memory", "function: before any entry");
const FREE: (&str, &str) = ("memory", "a hit on u64");
const FREE_STR: (&str, &str) = ("memory", "a hit on &str");
const SHARED: (&str, &str) = ("shared", "hit in memory");
const SHARED_TTL: (&str, &str) = ("shared", "hit in memory, ttl");
const LMDB: (&str, &str) = ("shared", "hit in the store, LMDB");
const LMDB_BYTES: (&str, &str) = ("shared", "hit in the store, LMDB, bytes");
const REDIS: (&str, &str) = ("shared", "hit in the store, Redis");
const WITHOUT: &str = "without shared";

const BARS: [Bar; 36] = [
    bar("hit, `u64`", U64, 1, Best(2.2)),
    bar("hit, `u64`", U64, 1, Limit(2.2)),
    bar("hit, `u64`", U64, 2, Best(4.0)),
    bar("hit, `&str`", STR, 1, Best(1.8)),
    bar("hit, `&str`", STR, 1, Limit(1.7)),
    bar("hit, `&str`", STR, 2, Best(3.0)),
    bar("hit with a ttl", TTL, 1, Best(3.5)),
    bar("hit with a ttl", TTL, 2, Best(8.0)),
    bar("hit, one hot key", ONE, 2, Best(6.0)),
    bar("Zipf 1.0", ZIPF, 1, Best(1.0)),
    bar("Zipf 1.0", ZIPF, 2, Best(1.5)),
    bar("miss with an eviction", MISS, 1, Best(1.0)),
    bar("miss with an eviction", MISS, 2, Best(1.0)),
    bar("the same, coalesced", COALESCED, 1, Best(1.6)),
    bar("the same, coalesced", COALESCED, 2, Best(1.6)),
    bar("hit, `scope = thread`", THREAD, 1, Beside("memoize", 1.4)),
    bar("hit, `scope = thread`", THREAD, 1, Limit(1.5)),
    bar("hit, `scope = thread`", THREAD, 2, Beside("memoize", 1.4)),
    bar("hit, `scope = thread`", THREAD, 2, Limit(1.5)),
    bar("hit, `String` value", STRING, 1, Best(1.2)),
    bar("hit, `String` value", STRING, 2, Best(1.2)),
    bar("hit of a method", METHOD, 1, Beside("lru", 1.0)),
    bar("hit of a method", METHOD, 2, Beside("lru", 1.0)),
    bar("fib(2000), cold", FIBONACCI, 1, Beside("cached", 1.0)),
    bar("entry, beyond key and value", ENTRY, 1, Most(32.0, "bytes")),
    bar("cache before the first call", EMPTY, 1, Most(0.0, "bytes")),
    bar(
        "allocations of a hit, `u64`",
        FREE,
        1,
        Most(0.0, "allocations"),
    ),
    bar(
        "allocations of a hit, `&str`",
        FREE_STR,
        1,
        Most(0.0, "allocations"),
    ),
    bar("hit in memory, `shared`", SHARED, 1, Within(WITHOUT, 1.3)),
    bar("hit in memory, `shared`", SHARED, 2, Within(WITHOUT, 1.3)),
    bar("the same with a ttl", SHARED_TTL, 1, Within(WITHOUT, 1.3)),
    bar("the same with a ttl", SHARED_TTL, 2, Within(WITHOUT, 1.3)),
    bar("hit in LMDB, 1 KB", LMDB, 1, Most(10_000.0, "ns")),
    bar(
        "hit in LMDB, 1 KB of bytes",
        LMDB_BYTES,
        1,
        Most(10_000.0, "ns"),
    ),
    bar(
        "hit in Redis, 1 KB",
        REDIS,
        1,
        Within("GET and decode", 1.25),
    ),
    bar("hit in Redis, 1 KB", REDIS, 1, Beside("cached", 1.0)),
];

/// A line for each bar: how high it lies, what was measured, and whether that is met.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table =
        "| | threads | bar | figure | |\n| --- | ---: | --- | ---: | --- |\n".to_owned();
    for bar in &BARS {
        let (bound, figure) = (bar.height.words(), bar.measured(rows));
        let (figure, verdict) = match &figure {
            Some((figure, true)) => (figure.as_str(), "met"),
            Some((figure, false)) => (figure.as_str(), "**missed**"),
            None => ("", "not measured"),
        };
        let Bar { what, threads, .. } = bar;
        let _ = writeln!(
            table,
            "| {what} | {threads} | {bound} | {figure} | {verdict} |"
        );
    }
    table
}

impl Height {
    fn words(self) -> String {
        match self {
            Best(times) => format!("at least {times:.1} × faster than the best of the peers"),
            Beside(peer, times) => format!("at least {times:.1} × faster than `{peer}`"),
            Within(other, times) => format!("at most {times:.2} × `{other}`"),
            Limit(times) => format!("at most {times:.1} × the bare map"),
            Most(most, unit) => format!("at most {most} {unit}"),
        }
    }
}

impl Bar {
    /// The figure in words, and whether it meets the bar.
    fn measured(&self, rows: &[Row]) -> Option<(String, bool)> {
        let of_cell = |row: &&Row| {
            !row.value.is_nan()
                && (row.question.as_str(), row.cell.as_str(), row.threads)
                    == (self.question, self.cell, self.threads)
        };
        let cell: Vec<&Row> = rows.iter().filter(of_cell).collect();
        let ours = cell.iter().find(|row| row.role == Role::Ours)?.value;
        let beside = |peer: &Row, least: f64| {
            let times = peer.value / ours;
            let figure = format!("{times:.2} × ({})", peer.subject);
            (figure, times >= least)
        };
        let within = |other: &Row, most: f64| {
            let times = ours / other.value;
            (format!("{times:.2} ×"), times <= most)
        };
        Some(match self.height {
            Best(least) => {
                let peers = cell.iter().filter(|row| row.role == Role::Peer);
                beside(peers.min_by(|a, b| a.value.total_cmp(&b.value))?, least)
            }
            Beside(name, least) => beside(cell.iter().find(|row| row.subject == name)?, least),
            Within(name, most) => within(cell.iter().find(|row| row.subject == name)?, most),
            Limit(most) => within(cell.iter().find(|row| row.role == Role::Limit)?, most),
            Most(most, unit) => (format!("{} {unit}", figure(ours)), ours <= most),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{parse, tests::ROWS};

    fn verdict(
        cell: (&'static str, &'static str),
        threads: u32,
        height: Height,
    ) -> Option<(String, bool)> {
        let rows = parse(ROWS).expect("rows");
        bar("", cell, threads, height).measured(&rows)
    }

    #[test]
    fn the_best_of_the_peers_counts_and_no_other() {
        let figure = "1.26 × (lru)".to_owned();
        assert_eq!(verdict(U64, 1, Best(1.2)), Some((figure.clone(), true)));
        assert_eq!(verdict(U64, 1, Best(1.3)), Some((figure, false)));
        assert_eq!(
            verdict(U64, 2, Beside("lru", 2.0)),
            Some(("2.00 × (lru)".to_owned(), true))
        );
        let faster = Some(("0.25 × (memoize)".to_owned(), false));
        assert_eq!(verdict(U64, 1, Beside("memoize", 1.0)), faster);
    }

    #[test]
    fn limits_and_amounts_are_upper_bounds() {
        assert_eq!(
            verdict(U64, 1, Limit(2.0)),
            Some(("2.00 ×".to_owned(), true))
        );
        assert_eq!(
            verdict(U64, 1, Limit(1.9)),
            Some(("2.00 ×".to_owned(), false))
        );
        let slower = Some(("4.00 ×".to_owned(), false));
        assert_eq!(verdict(U64, 1, Within("memoize", 3.9)), slower);
        assert_eq!(
            verdict(U64, 1, Within("memoize", 4.0)),
            Some(("4.00 ×".to_owned(), true))
        );
        assert_eq!(verdict(U64, 1, Within("cached", 4.0)), None);
        let nothing = Some(("0.0 allocations".to_owned(), true));
        assert_eq!(
            verdict(("memory", "a hit"), 1, Most(0.0, "allocations")),
            nothing
        );
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert_eq!(verdict(U64, 2, Limit(2.0)), None);
        assert_eq!(verdict(TTL, 1, Best(1.0)), None);
        let table = table(&parse(ROWS).expect("rows"));
        assert!(table.contains("| hit, `u64` | 1 | at least 2.2 × faster than the best of the peers | 1.26 × (lru) | **missed** |\n"));
        assert!(table.contains("| Zipf 1.0 | 1 | at least 1.0 × faster than the best of the peers |  | not measured |\n"));
    }
}
