//! Rounds, interleaved among the subjects, so that whatever else the machine does falls on all
//! alike. They are short, so that most are not interrupted, and medians are taken. The threads
//! live as long as the rounds of a cell, so neither a spawn nor a cold thread-local is measured.

use std::env;
use std::hint::{black_box, spin_loop};
use std::iter;
use std::ops::RangeInclusive;
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

/// How often the rounds of a cell are gone through, at most.
const PASSES: u64 = 4;

/// The median of each subject. `work` gives the time of one thread; that of a round is the longest.
/// Round 0 of a pass warms up and is not counted, nor is a round in which some thread came late or was
/// away: who contends with nobody measures nothing. Where too few are left of all passes, the median is NaN.
pub(crate) fn medians<S: Sync>(
    subjects: &[S],
    threads: u64,
    rounds: u64,
    work: impl Fn(&S, Turn) -> f64 + Sync,
) -> Vec<f64> {
    let enough = usize::try_from(rounds / 4 + 1).expect("a number of rounds");
    let mut times = vec![Vec::new(); subjects.len()];
    for first in (0..PASSES).map(|pass| pass * (rounds + 1)) {
        let crew = pass(subjects, threads, first..=first + rounds, &work);
        for round in 1..crew[0].len() {
            for (subject, times) in times.iter_mut().enumerate() {
                let shares = crew.iter().map(|turns| &turns[round][subject]);
                times.extend(together(&shares.collect::<Vec<_>>()));
            }
        }
        if times.iter().all(|times| times.len() >= enough) {
            break;
        }
    }
    let median = |times: Vec<f64>| {
        if times.len() < enough {
            return f64::NAN;
        }
        median(times)
    };
    times.into_iter().map(median).collect()
}

/// What one thread did of a round.
struct Share {
    start: Instant,
    end: Instant,
    time: f64,
}

/// What each thread did, by round and subject.
fn pass<S: Sync>(
    subjects: &[S],
    threads: u64,
    rounds: RangeInclusive<u64>,
    work: &(impl Fn(&S, Turn) -> f64 + Sync),
) -> Vec<Vec<Vec<Share>>> {
    let gate = Gate::new(threads);
    let turns = |thread| {
        let share = |subject, round| {
            gate.wait();
            let start = Instant::now();
            let time = work(subject, Turn { thread, round });
            let end = Instant::now();
            Share { start, end, time }
        };
        let round = |round| subjects.iter().map(|it| share(it, round)).collect();
        rounds.clone().map(round).collect()
    };
    thread::scope(|scope| {
        let turns = &turns;
        let others: Vec<_> = (1..threads)
            .map(|thread| scope.spawn(move || turns(thread)))
            .collect();
        let mine = turns(0);
        let joined = others.into_iter().map(|other| {
            let turns = other.join();
            turns.expect("a round that panics ends the bench")
        });
        iter::once(mine).chain(joined).collect()
    })
}

/// The longest time, if the threads began as good as together and none was away for long. Even a lock
/// that prefers one of two threads has both at work for half of the time; an interruption, which takes
/// longer than a round, does not.
fn together(shares: &[&Share]) -> Option<f64> {
    let starts = shares.iter().map(|share| share.start);
    let ends = shares.iter().map(|share| share.end);
    let (first, last) = (starts.clone().min()?, starts.max()?);
    let (earliest, latest) = (ends.clone().min()?, ends.max()?);
    let shortest = shares.iter().map(|share| share.end - share.start).min()?;
    let is_late = (last - first) * 10 > shortest;
    let of_all = earliest.saturating_duration_since(last);
    let part = 1.0 / (shares.len() as f64 + 0.5);
    let is_away = of_all < (latest - first).mul_f64(part);
    let times = shares.iter().map(|share| share.time);
    (!is_late && !is_away).then(|| times.fold(0.0, f64::max))
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
