//! The gate that leans: when it lets readers in, what they leave behind, and what comes of
//! it where the system does not, or no longer, take part in its fences. How readers and
//! writers meet is for the models.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

use super::super::touches::MOST_ENTRIES;
use super::fence::{Kind, Refusal};
use super::readers::{Name, Record};
use super::watch::{CALM, MOST_CALM, WORTH};
use super::*;

// What takes a second takes an hour where memory is watched.
const THREADS: u32 = if cfg!(miri) { 20 } else { 10_000 };
const ROUNDS: u32 = if cfg!(miri) { 20 } else { 1000 };
const SLOTS: Slot = if cfg!(miri) { 6000 } else { 50_000 };

/// A count of hits, and what was used.
#[derive(Default)]
struct Count {
    hits: u64,
    writes: u64,
    entries: usize,
    used: Vec<Slot>,
}

impl Logged for Count {
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
        self.entries
    }

    fn writes(&self) -> u64 {
        self.writes
    }

    fn take_up(&mut self, hits: u64, used: &[Slot]) {
        self.hits += hits;
        self.used.extend(used);
    }
}

impl<T: Logged> Biased<T> {
    /// What kind its fences are of, if it is open.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.is_open().then(|| self.name().kind())
    }

    pub(super) fn wanted(&self) -> u32 {
        self.lock.lock().calm.wanted
    }

    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.lock.lock().records.clone()
    }

    /// As if it had had so many hits.
    pub(super) fn has_had(&self, hits: u32) {
        self.lock.lock().calm.hits = hits;
    }
}

fn leaning() -> Biased<Count> {
    Biased::new(Count::default(), true)
}

fn write(gate: &Biased<Count>) {
    gate.with(|count| count.writes += 1);
}

/// Hits by the lock.
fn hit(gate: &Biased<Count>, hits: u32) {
    for _ in 0..hits {
        gate.with(|count| count.hits += 1);
    }
}

fn read(gate: &Biased<Count>, slot: Slot) -> bool {
    let reader = gate.read();
    reader.map(|mut reader| reader.note(slot)).is_some()
}

fn open() -> Biased<Count> {
    let gate = leaning();
    hit(&gate, CALM);
    assert!(gate.is_open());
    gate
}

/// Whether the system takes part, as far as this build would know.
fn usual() -> Kind {
    fence::kind()
}

#[test]
fn readers_are_let_in_after_so_many_hits_in_a_row_and_kept_out_by_a_write() {
    let gate = leaning();
    hit(&gate, CALM - 1);
    assert!(!gate.is_open());
    write(&gate);
    hit(&gate, CALM - 1);
    assert!(!gate.is_open() && !read(&gate, 0));
    hit(&gate, 1);
    assert!(gate.is_open() && read(&gate, 0));
    write(&gate);
    assert!(!gate.is_open() && !read(&gate, 0));
}

#[test]
fn nobody_is_let_in_where_logs_would_be_long() {
    for (entries, is_let_in) in [(MOST_ENTRIES, true), (MOST_ENTRIES + 1, false)] {
        let gate = leaning();
        gate.with(|count| count.entries = entries);
        hit(&gate, CALM);
        assert_eq!(gate.is_open(), is_let_in, "{entries} entries");
    }
}

#[test]
fn what_readers_noted_counts_before_anything_is_done() {
    let gate = open();
    for slot in [1, 2, 3, 1] {
        assert!(read(&gate, slot));
    }
    let seen = gate.with(|count| (count.hits, std::mem::take(&mut count.used)));
    assert_eq!(seen, (u64::from(CALM) + 4, vec![2, 3, 1]));
}

#[test]
fn a_visit_leaves_the_way_open_and_does_not_open_it() {
    let gate = leaning();
    hit(&gate, CALM - 1);
    gate.visit(|count| count.hits += 1);
    assert!(!gate.is_open());
    hit(&gate, 1);
    assert!(read(&gate, 5));
    let seen = gate.visit(|count| (count.hits, count.used.clone()));
    assert_eq!(seen, (u64::from(CALM) + 2, vec![5]));
    assert!(gate.is_open());
}

#[cfg_attr(miri, ignore = "too many hits")]
#[test]
fn hits_that_did_not_pay_make_it_later_and_hits_that_did_make_it_sooner() {
    let gate = leaning();
    let mut wanted = CALM;
    // Opened for nothing, again and again.
    while wanted < MOST_CALM {
        assert_eq!(gate.wanted(), wanted);
        hit(&gate, wanted);
        write(&gate);
        wanted *= 2;
    }
    hit(&gate, wanted);
    write(&gate);
    assert_eq!(gate.wanted(), MOST_CALM, "no more than that");
    let reads = |times: u64| {
        hit(&gate, gate.wanted());
        (0..times).for_each(|_| assert!(read(&gate, 0)));
        write(&gate);
    };
    reads(WORTH);
    assert_eq!(gate.wanted(), MOST_CALM, "worth it, and no more");
    while wanted > CALM {
        reads(WORTH * 4);
        wanted /= 2;
        assert_eq!(gate.wanted(), wanted);
    }
    reads(WORTH * 4);
    assert_eq!(gate.wanted(), CALM, "no less than that");
}

#[test]
fn who_misses_every_other_time_or_does_not_lean_pays_for_a_lock_alone() {
    let gate = leaning();
    for _ in 0..4 * CALM {
        hit(&gate, 1);
        write(&gate);
        assert!(!gate.is_open());
    }
    let upright = Biased::new(Count::default(), false);
    hit(&upright, 2 * CALM);
    upright.has_had(MOST_CALM - 1);
    hit(&upright, 3);
    assert!(!upright.is_open() && !read(&upright, 0));
    // Nor after as many as can be counted.
    upright.has_had(u32::MAX - 1);
    hit(&upright, 3);
    assert!(!upright.is_open());
}

#[test]
fn who_reads_does_not_read_once_more() {
    let gate = open();
    let reader = gate.read();
    assert!(reader.is_some() && gate.read().is_none());
    drop(reader);
    assert!(gate.read().is_some());
}

#[test]
fn a_thread_is_at_many_gates() {
    let gates: Vec<_> = (0..20).map(|_| open()).collect();
    for (slot, gate) in (0..).zip(&gates) {
        let readers: Vec<_> = gates.iter().map(Gate::read).collect();
        assert!(readers.iter().all(Option::is_some));
        drop(readers);
        assert!(read(gate, slot));
    }
    for (slot, gate) in (0..).zip(gates) {
        let seen = gate.with(|count| (count.hits, std::mem::take(&mut count.used)));
        assert_eq!(seen, (u64::from(CALM) + 1, vec![slot]));
    }
}

#[test]
fn a_log_that_is_full_is_handed_in_and_the_way_stays_open() {
    let gate = open();
    for slot in 0..SLOTS {
        assert!(read(&gate, slot));
    }
    assert!(gate.is_open());
    let seen = gate.with(|count| (count.hits, std::mem::take(&mut count.used)));
    assert_eq!(seen, (u64::from(CALM + SLOTS), (0..SLOTS).collect()));
}

#[test]
fn a_name_is_given_to_one_only_and_its_place_to_others_after_it() {
    let name = |kind| Name::new(kind).expect("there are enough");
    let names: Vec<Name> = (0..100).map(|_| name(Kind::Real)).collect();
    for (n, one) in names.iter().enumerate() {
        assert!(names[..n].iter().all(|other| other.place() != one.place()));
        assert_eq!(Name::of_bits(one.bits()), *one);
        assert_eq!(one.kind(), Kind::Real);
    }
    let unequal = name(Kind::Unequal);
    assert_eq!(unequal.kind(), Kind::Unequal);
    unequal.give_back();
    // The places don't come to more than the most that were in use at a time: those of
    // other tests are among them.
    let most = names.iter().map(|name| name.place()).max();
    for name in &names {
        name.give_back();
    }
    for _ in 0..THREADS {
        let again = name(Kind::Real);
        assert!(!names.contains(&again));
        assert!(again.place() <= most.unwrap_or(0) + 1000);
        again.give_back();
    }
    Name::NONE.give_back();
}

#[test]
fn the_place_of_a_gate_that_is_gone_serves_another_without_a_mix_up() {
    for round in 0..ROUNDS {
        let gate = open();
        assert!(read(&gate, round));
        let seen = gate.with(|count| (count.hits, count.used.clone()));
        assert_eq!(seen, (u64::from(CALM) + 1, vec![round]));
    }
}

#[test]
fn a_record_whose_gate_is_gone_holds_no_log() {
    let gate = open();
    assert!(read(&gate, 1));
    let [record] = &gate.records()[..] else {
        panic!("there is one reader");
    };
    let record = Arc::clone(record);
    assert!(record.log_is_there());
    drop(gate);
    assert!(!record.log_is_there());
}

#[test]
fn threads_that_come_and_go_leave_few_records() {
    let gate = open();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..THREADS / 2 {
                    let reader = thread::scope(|scope| scope.spawn(|| read(&gate, 3)).join());
                    assert!(reader.expect("it does not panic"));
                }
            });
        }
    });
    // What a thread leaves is the next one's, and that of the last goes with the next write.
    // (The end of a scope is not that of a thread's destructors: two may be late each.)
    assert!(gate.records().len() <= 8, "{}", gate.records().len());
    let handed_in = gate.with(|count| count.hits);
    assert_eq!(handed_in, u64::from(CALM + THREADS));
}

#[test]
fn a_write_gives_up_the_records_of_threads_that_are_gone() {
    let gate = open();
    let all = Barrier::new(10);
    let threads: Vec<_> = thread::scope(|scope| {
        let reads = || {
            assert!(read(&gate, 3));
            all.wait();
        };
        let threads: Vec<_> = (0..10).map(|_| scope.spawn(reads)).collect();
        // Joined, so that they are gone altogether.
        threads.into_iter().map(ScopedJoinHandle::join).collect()
    });
    assert!(threads.iter().all(Result::is_ok));
    assert_eq!(gate.records().len(), 10);
    write(&gate);
    assert_eq!(gate.records().len(), 0);
}

#[test]
fn without_the_system_both_fences_are_real() {
    let refusal = Refusal::new();
    let gate = open();
    drop(refusal);
    assert_eq!(gate.kind(), Some(Kind::Real));
    assert!(read(&gate, 1));
    write(&gate);
    hit(&gate, gate.wanted());
    assert_eq!(gate.kind(), Some(Kind::Real), "a name is kept");
    assert_eq!(open().kind(), Some(usual()));
}

#[test]
fn a_system_that_ceases_to_take_part_is_done_without() {
    let gate = open();
    assert_eq!(gate.kind(), Some(usual()));
    assert!(read(&gate, 1));
    let record = Arc::clone(&gate.records()[0]);
    let refusal = Refusal::new();
    let seen = gate.with(|count| (count.hits, count.used.clone()));
    assert_eq!(seen, (u64::from(CALM) + 1, vec![1]));
    // Under a name with fences of the other kind, if it was not of that already.
    hit(&gate, gate.wanted());
    drop(refusal);
    assert_eq!(gate.kind(), Some(Kind::Real));
    assert_eq!(record.log_is_there(), usual() == Kind::Real);
    assert!(read(&gate, 2));
    gate.visit(|count| assert_eq!(count.used, [1, 2]));
    assert_eq!(gate.records().len(), 1);
}

#[test]
fn a_system_that_ceases_in_the_middle_of_a_visit_is_done_without_as_well() {
    let gate = open();
    assert!(read(&gate, 1));
    let refusal = Refusal::new();
    gate.visit(|count| assert_eq!(count.used, [1]));
    drop(refusal);
    assert!(gate.is_open() && read(&gate, 2));
    assert_eq!(gate.kind(), Some(Kind::Real));
}

#[test]
fn others_go_on_reading_while_the_system_ceases_to_take_part() {
    let gate = open();
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let mut hits = 0_u64;
            while !has_ended.load(Ordering::Relaxed) {
                hits += u64::from(read(&gate, 1));
            }
            hits
        });
        let refusal = Refusal::new();
        for _ in 0..5 {
            gate.visit(|_| ());
        }
        drop(refusal);
        has_ended.store(true, Ordering::Relaxed);
        let hits = reads.join().expect("it does not panic");
        assert_eq!(gate.with(|count| count.hits), u64::from(CALM) + hits);
    });
}

mod holders;
mod unshared;
