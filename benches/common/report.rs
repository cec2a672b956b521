//! What a bench prints, and writes for `cargo xtask bench` where `LRUHEAP_BENCH_ROWS` names a file:
//! a line for each figure, its fields separated by tabs.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

use super::rounds::{Turn, medians, rounds};
use super::{Role, Subject};

/// The figures of one bench.
pub(crate) struct Report(&'static str);

/// Subjects side by side: what they do, on how many threads, and in which unit that is given.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) name: &'a str,
    pub(crate) threads: u64,
    pub(crate) unit: &'static str,
}

impl<'a> Cell<'a> {
    pub(crate) fn new(name: &'a str, threads: u64, unit: &'static str) -> Self {
        Self {
            name,
            threads,
            unit,
        }
    }
}

/// A subject's name, its role and its figure.
pub(crate) type Figure = (&'static str, Role, f64);

impl Report {
    pub(crate) fn new(question: &'static str) -> Self {
        Self(question)
    }

    /// Measures the subjects in so many rounds, of which each gives nanoseconds.
    pub(crate) fn compare<C: Sync>(
        &self,
        cell: (&str, u64),
        subjects: &[Subject<C>],
        full: u64,
        work: impl Fn(&C, Turn) -> f64 + Sync,
    ) {
        let (name, threads) = cell;
        let work = |subject: &Subject<C>, turn: Turn| work(&subject.call, turn);
        let medians = medians(subjects, threads, rounds(full), work);
        self.add(Cell::new(name, threads, "ns"), &figures(subjects, medians));
    }

    /// Prints the figures and their ratios to ours, and writes them down.
    pub(crate) fn add(&self, cell: Cell, figures: &[Figure]) {
        let Cell {
            name,
            threads,
            unit,
        } = cell;
        println!("\n{}: {name}, {threads} thread(s)", self.0);
        let ours = figures.iter().find(|(_, role, _)| *role == Role::Ours);
        for (subject, role, figure) in figures {
            let ratio = match ours {
                _ if figure.is_nan() => "too few rounds with all threads at work".to_owned(),
                Some((_, _, ours)) if *ours > 0.0 && unit != "%" => {
                    format!("{:7.2} × ours", figure / ours)
                }
                _ => String::new(),
            };
            println!("  {subject:20} {figure:10.1} {unit:5} {ratio}");
            let role = role.word();
            let threads = threads.to_string();
            let figure = figure.to_string();
            write(&[self.0, name, &threads, subject, role, &figure, unit]);
        }
    }
}

/// What was measured of each subject.
pub(crate) fn figures<C>(
    subjects: &[Subject<C>],
    values: impl IntoIterator<Item = f64>,
) -> Vec<Figure> {
    let named = subjects.iter().zip(values);
    named
        .map(|(subject, value)| (subject.name, subject.role, value))
        .collect()
}

fn write(fields: &[&str]) {
    let Some(path) = env::var_os("LRUHEAP_BENCH_ROWS") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "{}", fields.join("\t")));
    written.expect("the file that LRUHEAP_BENCH_ROWS names can be written");
}
