//! What a call costs where some keys are asked for far more often than others, beside the peers: Zipf
//! 1.0 over 10,000 keys, maxsize 1024, a body that is next to nothing; and which part of the calls
//! hits. With `LRUHEAP_TRACES`, a folder of `*.gz` with a key a line, also each trace.
//! `cargo bench --bench zipf`.

// The figures are well within an `f64`.
#![allow(clippy::cast_precision_loss)]

mod common;

use std::env;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use common::functions::{numbers, ours, runs};
use common::keys::zipf;
use common::report::{Cell, Report, figures};
use common::rounds::time;
use common::{Call, Subject};

const KEYS: u32 = 10_000;
const DRAWS: usize = 400_000;
const CALLS: usize = 20_000;
const ROUNDS: u64 = 101;

fn main() {
    let report = Report::new("zipf");
    let draws: Vec<Vec<u64>> = (1..=2).map(|seed| zipf(KEYS, DRAWS, seed)).collect();
    let subjects = numbers(ours);
    for threads in [1, 2] {
        report.compare(("Zipf 1.0", threads), &subjects, ROUNDS, |call, turn| {
            let draws = draws[index(turn.thread)].chunks(CALLS);
            let chunk = draws.cycle().nth(index(turn.round) % (DRAWS / CALLS));
            time(call, chunk.into_iter().flatten().copied())
        });
    }
    let replays: Vec<_> = subjects
        .iter()
        .map(|it| replay(&it.call, &draws[0]))
        .collect();
    add_hit_ratios(&report, "Zipf 1.0", &subjects, &replays);

    match traces() {
        Some(traces) => {
            for path in traces {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                match read(&path) {
                    Ok(keys) => add_trace(&report, &name, &keys),
                    Err(error) => println!("\n{name} can't be read: {error}"),
                }
            }
        }
        None => println!("\nno traces: LRUHEAP_TRACES names no folder"),
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n).expect("a small number")
}

/// Nanoseconds a call, and the part of the calls that did not run the body.
fn replay(call: &Call, keys: &[u64]) -> (f64, f64) {
    let before = runs();
    let time = time(call, keys.iter().copied());
    let missed = (runs() - before) as f64;
    (time, 1.0 - missed / keys.len() as f64)
}

fn add_hit_ratios(report: &Report, cell: &str, subjects: &[Subject], replays: &[(f64, f64)]) {
    let ratios = replays.iter().map(|(_, ratio)| 100.0 * ratio);
    let name = format!("{cell}, hit ratio");
    report.add(Cell::new(&name, 1, "%"), &figures(subjects, ratios));
}

// --- Traces ---

/// The traces in the folder that is named, in the order of their names.
fn traces() -> Option<Vec<PathBuf>> {
    let folder = fs::read_dir(env::var_os("LRUHEAP_TRACES")?).ok()?;
    let paths = folder.filter_map(|entry| Some(entry.ok()?.path()));
    let mut traces: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .collect();
    traces.sort();
    Some(traces)
}

/// A key is a number, or stands for the hash of its line.
fn read(path: &Path) -> io::Result<Vec<u64>> {
    let lines = BufReader::new(MultiGzDecoder::new(File::open(path)?)).lines();
    let hashes = RandomState::new();
    let key = |line: &str| line.parse().unwrap_or_else(|_| hashes.hash_one(line));
    lines.map(|line| Ok(key(line?.trim()))).collect()
}

/// A trace is gone through once, from caches that know nothing of it.
fn add_trace(report: &Report, name: &str, keys: &[u64]) {
    // The caches of the functions are as the last trace has left them: its keys are others.
    let salt = RandomState::new().hash_one(name);
    let keys: Vec<u64> = keys.iter().map(|key| key ^ salt).collect();
    let subjects = numbers(ours);
    let replays: Vec<_> = subjects.iter().map(|it| replay(&it.call, &keys)).collect();
    let times = replays.iter().map(|(time, _)| *time);
    report.add(Cell::new(name, 1, "ns"), &figures(&subjects, times));
    add_hit_ratios(report, name, &subjects, &replays);
}
