//! The memoized functions and what they work on: the words of the folder, and
//! which of them look misspelt.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use lruheap::lru_cache;

/// Letters in the words looked at. Anything longer is encoded data.
pub(crate) const LETTERS: RangeInclusive<usize> = 4..=32;
/// A misspelling is written at most this often,
const RARE: usize = 2;
/// and the word that was meant at least this often.
const FREQUENT: usize = 16;
/// Neighbours kept for a word.
const NEIGHBOURS: usize = 8;

/// The words an identifier is made of, in lower case: `parseHTTPHeader_v2` has `parse`, `http`
/// and `header`.
#[lru_cache(maxsize = 50_000)]
pub(crate) fn parts(identifier: &str) -> Arc<[String]> {
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
pub(crate) fn nearest(word: &str) -> Arc<[Neighbour]> {
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

pub(crate) static CORPUS: OnceLock<Corpus> = OnceLock::new();

/// Every word of the folder, and how often it is written.
pub(crate) struct Corpus {
    /// Those of four letters at 4, and so on.
    by_length: Vec<Vec<Entry>>,
    pub(crate) counts: HashMap<Arc<str>, usize>,
}

struct Entry {
    word: Arc<str>,
    letters: u32,
    count: usize,
}

#[derive(Clone)]
pub(crate) struct Neighbour {
    word: Arc<str>,
    count: usize,
    distance: usize,
}

impl Corpus {
    pub(crate) fn count<'a>(words: impl Iterator<Item = &'a str>) -> Self {
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

/// The words that were probably meant, if `word` is rare and they are frequent.
pub(crate) fn meant<'a>(word: &str, corpus: &Corpus, neighbours: &'a [Neighbour]) -> Vec<&'a str> {
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
