//! Who meets whom at the gates, under every interleaving. The model checker watches what is
//! guarded: who has it beside somebody who writes there, or without having seen what was
//! written, fails. In here is what the models share; a model belongs to one of the rooms.

mod both;
mod holders;
mod leaning;
mod readers;

use loom::sync::Arc;
use loom::thread::JoinHandle;

use super::*;

/// What is guarded: written in two halves.
struct Halves {
    one: u32,
    other: u32,
    hits: u64,
    used: Vec<Slot>,
}

const NOTHING: Halves = Halves {
    one: 0,
    other: 0,
    hits: 0,
    used: Vec::new(),
};

impl Halves {
    /// What is seen: of one write, both halves.
    fn version(&self) -> u32 {
        assert_eq!(self.one, self.other, "half of a write");
        self.one
    }

    fn write(&mut self, version: u32) {
        self.one = version;
        loom::thread::yield_now();
        self.other = version;
    }
}

impl Logged for Halves {
    fn hit(&mut self, slot: Slot) {
        self.take_up(1, &[slot]);
    }

    fn hit_at_once(&mut self, slot: Slot) -> bool {
        self.hit(slot);
        true
    }

    fn hits(&self) -> u64 {
        self.hits
    }

    fn entries(&self) -> usize {
        0
    }

    fn writes(&self) -> u64 {
        self.one.into()
    }

    fn take_up(&mut self, hits: u64, used: &[Slot]) {
        self.hits += hits;
        self.used.extend(used);
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    check_up_to(3, model);
}

/// With so many threads stopped in the middle of something at most.
fn check_up_to(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.check(move || {
        model();
        threads::leave();
    });
}

/// A thread, which gives its number back at its end.
fn spawn<R: 'static>(does: impl FnOnce() -> R + 'static) -> JoinHandle<R> {
    loom::thread::spawn(move || {
        let result = does();
        threads::leave();
        result
    })
}

fn ended<R>(thread: JoinHandle<R>) -> R {
    thread.join().expect("it does not panic")
}

type Open = Arc<Biased<Halves>>;

/// A hit by one who has the lock.
fn hit(gate: &Open) {
    gate.with(|state| state.hits += 1);
}

fn write(gate: &Open, version: u32) {
    gate.with(|state| state.write(version));
}

/// A hit by one who reads, if there is a way in.
fn read(gate: &Open, slot: Slot) -> Option<u32> {
    let mut reader = gate.read()?;
    let before = reader.state().version();
    reader.note(slot);
    assert_eq!(reader.state().version(), before, "written meanwhile");
    Some(before)
}

/// How many of these hits there were.
fn read_each(gate: &Open, slots: &[Slot]) -> u64 {
    let hits = slots.iter().filter(|&&slot| read(gate, slot).is_some());
    hits.count() as u64
}

/// All hits, and what was used.
fn count(gate: &Open) -> (u64, Vec<Slot>) {
    gate.with(|state| (state.hits, state.used.clone()))
}

fn reading(gate: &Open, slots: &'static [Slot]) -> JoinHandle<u64> {
    let gate = gate.clone();
    spawn(move || read_each(&gate, slots))
}

/// A reader and a writer: no hit is lost, and none is made up.
fn reads_beside_a_write(gate: &Open, slots: &'static [Slot]) {
    let reader = reading(gate, slots);
    write(gate, 1);
    let hits = ended(reader);
    let (counted, used) = count(gate);
    assert_eq!(counted, 1 + hits);
    assert_eq!(used.len() as u64, hits);
}
