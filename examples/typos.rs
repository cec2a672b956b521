//! Likely misspellings in a folder, found by asking two memoized functions about every word.
//!
//! A word of a text is asked about as often as it is written, and most words are written often:
//! `nearest`, which compares one word with the whole vocabulary, answers nearly all of those
//! questions from its cache. `parts` is cheap already, and gains less.
//!
//! ```text
//! cargo run --release --example typos                     # this repository
//! cargo run --release --example typos -- FOLDER
//! cargo run --release --example typos -- --no-cache FOLDER
//! ```
//!
//! There is no dictionary: the folder is its own. A rare word one or two edits away from a
//! frequent one is reported, unless it looks like an inflection or a compound.
//!
//! The time printed is that of the whole run. The time without caches, which it is set against, is
//! extrapolated from a sample where it is long; `--no-cache` measures it in full.

#[path = "typos/folder.rs"]
mod folder;
#[path = "typos/words.rs"]
mod words;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use folder::{Document, Folder, read_folder};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use words::{CORPUS, Corpus, LETTERS, Neighbour, meant, nearest, parts};

const USAGE: &str = "\
usage: typos [--no-cache] [FOLDER]

Prints likely misspellings in the text and source files under FOLDER (default: this
repository), then what memoization did for the time. --no-cache runs without it.";

/// Findings printed.
const SHOWN: usize = 40;
/// How long the default run measures without caches, for the comparison.
const SAMPLING: Duration = Duration::from_secs(2);

/// An identifier, or a word of prose, where it is written.
struct Place<'a> {
    path: &'a Path,
    line: usize,
    identifier: &'a str,
}

fn places(document: &Document) -> impl Iterator<Item = Place<'_>> {
    let path = document.path.as_path();
    let lines = (1..).zip(document.text.lines());
    lines.flat_map(move |(line, text)| {
        identifiers(text).map(move |identifier| Place {
            path,
            line,
            identifier,
        })
    })
}

/// What `parts` is asked about: no numbers, as `0xfade`, and nothing too short to hold a word.
fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|run| run.len() >= *LETTERS.start() && !run.starts_with(char::is_numeric))
}

struct Run {
    /// `path:line: word -> suggestion, suggestion`
    findings: Vec<String>,
    words: usize,
    /// Spent in the two functions.
    asking: Duration,
}

type Ask<T> = fn(&str) -> Arc<[T]>;

/// Asks about every identifier and every word in it.
fn run(places: &[Place], cached: bool) -> Run {
    let (parts, nearest): (Ask<String>, Ask<Neighbour>) = if cached {
        (parts, nearest)
    } else {
        (parts::uncached, nearest::uncached)
    };

    let start = Instant::now();
    let split: Vec<_> = places.iter().map(|it| parts(it.identifier)).collect();
    let splitting = start.elapsed();

    let words = || split.iter().flat_map(|parts| parts.iter());
    let corpus = CORPUS.get_or_init(|| Corpus::count(words().map(String::as_str)));

    let start = Instant::now();
    let bar = progress_bar(places.len());
    let mut findings = Vec::new();
    for (place, words) in places.iter().zip(&split) {
        for word in &**words {
            let meant = meant(word, corpus, &nearest(word)).join(", ");
            if !meant.is_empty() {
                let path = place.path.display();
                findings.push(format!("{path}:{}: {word} -> {meant}", place.line));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    findings.dedup();
    Run {
        findings,
        words: words().count(),
        asking: splitting + start.elapsed(),
    }
}

/// Draws on stderr, if that is a terminal.
fn progress_bar(identifiers: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}, {eta} left");
    ProgressBar::new(identifiers as u64).with_style(style.expect("a valid template"))
}

/// Asks the uncached functions for [`SAMPLING`] at most. The identifiers are taken in rounds, each
/// of them spread evenly over the folder. Returns how many it came to, and the time.
fn sample_uncached(places: &[Place]) -> (usize, Duration) {
    const STRIDE: usize = 997;
    let rounds = (0..STRIDE).flat_map(|first| places.iter().skip(first).step_by(STRIDE));
    let start = Instant::now();
    let mut asked = 0;
    for place in rounds.take_while(|_| start.elapsed() < SAMPLING) {
        for word in &*parts::uncached(place.identifier) {
            black_box(nearest::uncached(word));
        }
        asked += 1;
    }
    (asked, start.elapsed())
}

fn check(root: &Path, cached: bool) -> io::Result<()> {
    let start = Instant::now();
    let folder = read_folder(root);
    for skipped in &folder.skipped {
        complain(&format!("skipped {skipped}"));
    }
    let places: Vec<Place> = folder.documents.iter().flat_map(places).collect();
    let run = run(&places, cached);
    let time = start.elapsed();

    let mut out = BufWriter::new(io::stdout().lock());
    print_findings(&mut out, &run.findings)?;
    print_counts(&mut out, &folder, run.words)?;
    let how = if cached { "cached" } else { "uncached" };
    writeln!(out, "time: {:.3} s ({how})", time.as_secs_f64())?;
    out.flush()?;
    if cached && !places.is_empty() {
        let rest = time.saturating_sub(run.asking);
        writeln!(out, "{}", comparison(&places, time, rest))?;
    }
    out.flush()
}

fn print_findings(out: &mut impl Write, findings: &[String]) -> io::Result<()> {
    for finding in findings.iter().take(SHOWN) {
        writeln!(out, "{finding}")?;
    }
    match findings.len() {
        0 => writeln!(out, "no likely misspellings\n"),
        all if all > SHOWN => writeln!(out, "(+{} more)\n", all - SHOWN),
        _ => writeln!(out),
    }
}

fn print_counts(out: &mut impl Write, folder: &Folder, words: usize) -> io::Result<()> {
    let (read, skipped) = (folder.documents.len(), folder.skipped.len());
    let binary = folder.binary;
    writeln!(
        out,
        "files: {read} read, {binary} binary, {skipped} skipped"
    )?;
    let distinct = CORPUS.get().map_or(0, |corpus| corpus.counts.len());
    let (words, distinct) = (HumanCount(words as u64), HumanCount(distinct as u64));
    writeln!(out, "words: {words}, {distinct} of them distinct")?;
    let (parts, nearest) = (parts::cache_info(), nearest::cache_info());
    for (name, info) in [("parts", parts), ("nearest", nearest)] {
        let percent = 100.0 * info.hit_rate();
        writeln!(out, "{name}: {info}, hit rate {percent:.1} %")?;
    }
    Ok(())
}

/// Sets the cached `time` against that of the same run uncached: the `rest` of it, which is no
/// question and takes as long in both, and the questions.
#[expect(clippy::cast_precision_loss, reason = "printed in few digits")]
fn comparison(places: &[Place], time: Duration, rest: Duration) -> String {
    let (asked, asking) = sample_uncached(places);
    let scale = places.len() as f64 / asked.max(1) as f64;
    let uncached = rest.as_secs_f64() + scale * asking.as_secs_f64();
    let times = uncached / time.as_secs_f64();
    let uncached = format!("uncached: {uncached:.3} s, {times:.1} times as long");
    if asked == places.len() {
        return format!("{uncached}; every identifier measured");
    }
    let (asked, all) = (HumanCount(asked as u64), HumanCount(places.len() as u64));
    let of = format!("estimated from {asked} of {all} identifiers");
    format!("{uncached}; {of}, --no-cache measures them all")
}

enum Command {
    Help,
    Check { root: PathBuf, cached: bool },
}

fn command(args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut root, mut cached) = (None, true);
    for arg in args {
        match arg.to_str() {
            Some("--no-cache") => cached = false,
            Some("--help" | "-h") => return Ok(Command::Help),
            Some(flag) if flag.starts_with('-') => {
                return Err(format!("unknown option {flag:?}, see --help"));
            }
            _ if root.is_some() => return Err("more than one folder, see --help".into()),
            _ => root = Some(PathBuf::from(arg)),
        }
    }
    let root = root.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    match fs::read_dir(&root) {
        Ok(_) => Ok(Command::Check { root, cached }),
        Err(error) => {
            let root = root.to_string_lossy();
            Err(format!("cannot read the folder {root:?}: {error}"))
        }
    }
}

/// One line on stderr. Where even that is closed, there is no one to tell.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "typos: {line}");
}

fn main() -> ExitCode {
    let done = match command(env::args_os().skip(1)) {
        Ok(Command::Help) => writeln!(io::stdout(), "{USAGE}"),
        Ok(Command::Check { root, cached }) => check(&root, cached),
        Err(problem) => {
            complain(&problem);
            return ExitCode::from(2);
        }
    };
    match done {
        // `typos | head` has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
