//! Rounds, interleaved among the subjects, so that whatever else the machine does falls on all
//! alike. They are short, so that most are not interrupted, and medians are taken. The threads
//! live as long as the rounds of a cell, so neither a spawn nor a cold thread-local is measured.

use std::env;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::Call;

/// Which thread takes its turn, in which round.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) thread: u64,
    pub(crate) round: u64,
}

/// How many rounds: those asked for, or the few of a quick look. Odd, so that a median took place.
pub(crate) fn rounds(full: u64) -> u64 {
    let quick = env::var_os("LRUHEAP_BENCH_QUICK").is_some();
    if quick { full.min(5) } else { full }
}

/// The numbers of threads to measure with: one, two, and as many as there are cores.
pub(crate) fn crews() -> Vec<u64> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let mut crews = vec![1, 2];
    crews.extend((cores > 2).then_some(cores));
    crews
}

/// The median of each subject. `work` gives the time of one thread; that of a round is the longest.
/// Round 0 warms up and is not counted.
pub(crate) fn medians<S: Sync>(
    subjects: &[S],
    threads: u64,
    rounds: u64,
    work: impl Fn(&S, Turn) -> f64 + Sync,
) -> Vec<f64> {
    let gate = Gate::new(threads);
    let turns = |thread| {
        let round = |round| {
            let time = |subject| {
                gate.wait();
                work(subject, Turn { thread, round })
            };
            subjects.iter().map(time).collect::<Vec<f64>>()
        };
        (0..=rounds).map(round).collect::<Vec<_>>()
    };
    let mut longest = thread::scope(|scope| {
        let turns = &turns;
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || turns(thread)))
            .collect();
        let mut longest = turns(0);
        for other in others {
            let times = other.join().expect("a round that panics ends the bench");
            let both = longest.iter_mut().flatten().zip(times.iter().flatten());
            both.for_each(|(longest, time)| *longest = longest.max(*time));
        }
        longest
    });
    longest.remove(0);
    (0..subjects.len())
        .map(|subject| median(longest.iter().map(|round| round[subject]).collect()))
        .collect()
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Nanoseconds a call, with each of these keys once.
pub(crate) fn time(call: &Call, keys: impl Iterator<Item = u64>) -> f64 {
    let mut calls = 0_u64;
    let start = Instant::now();
    for key in keys {
        black_box(call(black_box(key)));
        calls += 1;
    }
    nanoseconds(start) / calls as f64
}

pub(crate) fn nanoseconds(since: Instant) -> f64 {
    since.elapsed().as_nanos() as f64
}

/// A barrier that spins: all leave it at once, where a thread that was asleep would come late.
struct Gate {
    threads: usize,
    arrived: AtomicUsize,
}

impl Gate {
    fn new(threads: u64) -> Self {
        let threads = usize::try_from(threads).expect("a number of threads");
        let arrived = AtomicUsize::new(0);
        Self { threads, arrived }
    }

    fn wait(&self) {
        let place = self.arrived.fetch_add(1, Ordering::AcqRel);
        let all = (place / self.threads + 1) * self.threads;
        for spins in 0_u64.. {
            if self.arrived.load(Ordering::Acquire) >= all {
                return;
            }
            // Whoever is missing may wait for this core.
            if spins % 4096 == 4095 {
                thread::yield_now();
            }
            spin_loop();
        }
    }
}
