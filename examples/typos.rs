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

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use lruheap::lru_cache;
use walkdir::{DirEntry, WalkDir};

const USAGE: &str = "\
usage: typos [--no-cache] [FOLDER]

Prints likely misspellings in the text and source files under FOLDER (default: this
repository), then what memoization did for the time. --no-cache runs without it.";

/// Letters in the words looked at. Anything longer is encoded data.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=32;
/// A misspelling is written at most this often,
const RARE: usize = 2;
/// and the word that was meant at least this often.
const FREQUENT: usize = 16;
/// Neighbours kept for a word.
const NEIGHBOURS: usize = 8;
/// Findings printed.
const SHOWN: usize = 40;
/// Bytes of the largest file read.
const LARGEST: u64 = 2 << 20;
/// How long the default run measures without caches, for the comparison.
const SAMPLING: Duration = Duration::from_secs(2);

// ---------------------------------------------------------------- the memoized functions

/// The words an identifier is made of, in lower case: `parseHTTPHeader_v2` has `parse`, `http`
/// and `header`.
#[lru_cache(maxsize = 50_000)]
fn parts(identifier: &str) -> Arc<[String]> {
    identifier
        .split(|c: char| !c.is_alphabetic())
        .flat_map(humps)
        .map(str::to_lowercase)
        .filter(|word| LETTERS.contains(&word.chars().count()))
        .collect()
}

/// The other words of the corpus within [`tolerance`] of `word`, nearest and most frequent first.
///
/// The answer depends on [`CORPUS`] too. It may be kept because the corpus is counted once, before
/// the first question, and never changes.
#[lru_cache(maxsize = 20_000)]
fn nearest(word: &str) -> Arc<[Neighbour]> {
    let corpus = CORPUS.get().expect("the corpus is counted first");
    let (length, letters) = (word.chars().count(), letter_set(word));
    let tolerance = tolerance(length);
    let lengths = length.saturating_sub(tolerance)..=length + tolerance;

    let mut found: Vec<Neighbour> = lengths
        .filter_map(|length| corpus.by_length.get(length))
        .flatten()
        // Each edit changes at most two members of the set: most words are ruled out here.
        .filter(|other| (other.letters ^ letters).count_ones() as usize <= 2 * tolerance)
        .filter(|other| *other.word != *word)
        .map(|other| Neighbour {
            word: Arc::clone(&other.word),
            count: other.count,
            distance: strsim::osa_distance(word, &other.word),
        })
        .filter(|neighbour| neighbour.distance <= tolerance)
        .collect();
    found.sort_unstable_by(|a, b| {
        (a.distance, b.count, &a.word).cmp(&(b.distance, a.count, &b.word))
    });
    found.truncate(NEIGHBOURS);
    found.into()
}

/// The pieces of `getHTTPHeader`: `get`, `HTTP`, `Header`.
fn humps(name: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = name.char_indices().collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    for (i, &(at, c)) in chars.iter().enumerate().skip(1) {
        let after_lower = !chars[i - 1].1.is_uppercase();
        let before_lower = chars.get(i + 1).is_some_and(|c| c.1.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) {
            pieces.push(&name[start..at]);
            start = at;
        }
    }
    pieces.push(&name[start..]);
    pieces
}

/// How many edits a word of this length may be off.
fn tolerance(length: usize) -> usize {
    if length < 8 { 1 } else { 2 }
}

/// Which letters occur in a word, one bit each; other alphabets share the bits.
fn letter_set(word: &str) -> u32 {
    let bits = word.chars().map(|c| 1 << (u32::from(c) % 32));
    bits.fold(0, |set, bit| set | bit)
}

// ---------------------------------------------------------------- the corpus

static CORPUS: OnceLock<Corpus> = OnceLock::new();

/// Every word of the folder, and how often it is written.
struct Corpus {
    /// Those of four letters at 4, and so on.
    by_length: Vec<Vec<Entry>>,
    counts: HashMap<Arc<str>, usize>,
}

struct Entry {
    word: Arc<str>,
    letters: u32,
    count: usize,
}

#[derive(Clone)]
struct Neighbour {
    word: Arc<str>,
    count: usize,
    distance: usize,
}

impl Corpus {
    fn count<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut borrowed: HashMap<&str, usize> = HashMap::new();
        for word in words {
            *borrowed.entry(word).or_default() += 1;
        }
        let mut by_length = Vec::new();
        by_length.resize_with(LETTERS.end() + 1, Vec::new);
        let mut counts = HashMap::with_capacity(borrowed.len());
        for (text, count) in borrowed {
            let word: Arc<str> = text.into();
            counts.insert(Arc::clone(&word), count);
            let (length, letters) = (text.chars().count(), letter_set(text));
            by_length[length].push(Entry {
                word,
                letters,
                count,
            });
        }
        Self { by_length, counts }
    }
}

// ---------------------------------------------------------------- likely misspellings

/// The words that were probably meant, if `word` is rare and they are frequent.
fn meant<'a>(word: &str, corpus: &Corpus, neighbours: &'a [Neighbour]) -> Vec<&'a str> {
    let likely = |other: &&Neighbour| {
        other.count >= FREQUENT && slip(word, other) && !inflected(word, &other.word)
    };
    let found = neighbours.iter().filter(likely);
    let found: Vec<&str> = found.map(|other| &*other.word).collect();
    let innocent = found.is_empty() || corpus.counts[word] > RARE || composed(word, corpus);
    if innocent { Vec::new() } else { found }
}

/// Whether fingers slip like this: hardly ever on the first or last letter, nor from one consonant
/// to another. Short words are close to each other without any slip.
fn slip(word: &str, other: &Neighbour) -> bool {
    let same_ends = word.chars().next() == other.word.chars().next()
        && word.chars().next_back() == other.word.chars().next_back();
    let (length, other_length) = (word.chars().count(), other.word.chars().count());
    let changed = letter_set(word) ^ letter_set(&other.word);
    let one_letter_more_or_less = other.distance == 1 && length != other_length;
    length >= 6 && same_ends && (one_letter_more_or_less || changed & !letter_set("aeiouy") == 0)
}

const PREFIXES: [&str; 6] = ["de", "in", "non", "pre", "re", "un"];
const ENDINGS: [&str; 14] = [
    "", "s", "es", "d", "ed", "r", "rs", "er", "ers", "n", "ing", "y", "ly", "able",
];

/// Whether the two differ by their endings only, as `caches` and `caching` do.
fn inflected(word: &str, other: &str) -> bool {
    let alike = word.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let stem: usize = alike.map(|(c, _)| c.len_utf8()).sum();
    ENDINGS.contains(&&word[stem..]) && ENDINGS.contains(&&other[stem..])
}

/// Whether the word is put together from known ones, as `unmask`, `tracing` and `hashtable` are.
fn composed(word: &str, corpus: &Corpus) -> bool {
    let known = |part: &str| corpus.counts.get(part).is_some_and(|&count| count > RARE);
    word.char_indices().skip(1).any(|(at, _)| {
        let (head, tail) = word.split_at(at);
        let stem = known(head) || known(&format!("{head}e"));
        stem && (known(tail) || ENDINGS.contains(&tail)) || PREFIXES.contains(&head) && known(tail)
    })
}

// ---------------------------------------------------------------- reading

/// What a folder holds.
#[derive(Default)]
struct Folder {
    documents: Vec<Document>,
    /// Files that are no text.
    binary: usize,
    /// Files that could not be read, and why.
    skipped: Vec<String>,
}

struct Document {
    path: PathBuf,
    text: String,
}

/// Paths below the working directory are told from there.
fn read_folder(root: &Path) -> Folder {
    let mut folder = Folder::default();
    let here = env::current_dir().unwrap_or_default();
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || is_source(entry)) {
        let entry = match entry {
            Ok(entry) if entry.file_type().is_file() => entry,
            Ok(_) => continue,
            Err(error) => {
                folder.skipped.push(error.to_string());
                continue;
            }
        };
        let path = entry.path().strip_prefix(&here).unwrap_or(entry.path());
        let path = path.to_path_buf();
        match read_text(entry.path()) {
            Ok(Some(text)) => folder.documents.push(Document { path, text }),
            Ok(None) => folder.binary += 1,
            Err(error) => folder.skipped.push(format!("{}: {error}", path.display())),
        }
    }
    folder
}

/// Whether people write in it: not so build output, hidden folders and lock files.
fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.file_type().is_dir() {
        return name != "target" && !name.starts_with('.');
    }
    let lock_files = [".lock", "-lock.json", "-lock.yaml"];
    !lock_files.iter().any(|end| name.ends_with(end))
}

/// The text of a file, or `None` for a binary one.
fn read_text(path: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.iter().take(8 << 10).any(|&byte| byte == 0) {
        return Ok(None);
    }
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("more than {} MiB", LARGEST >> 20)));
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| io::Error::other("not UTF-8"))
}

// ---------------------------------------------------------------- the run

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

// ---------------------------------------------------------------- the report

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

// ---------------------------------------------------------------- the command line

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
