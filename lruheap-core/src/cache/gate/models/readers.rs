//! The gate that leans towards readers, and their records: those who read and those who
//! write. Only models here; the first hit lets readers in, a log has room for four, and
//! the lock beneath leans towards nobody.

use super::super::readers::Name;
use super::*;

impl<T: Logged> Biased<T> {
    /// Lets readers in under a name with fences that no system takes part in any more.
    pub(super) fn let_in_as_if_the_system_took_part(&self) {
        let mut watch = self.lock.lock();
        let name = Name::new(fence::Kind::Unequal);
        watch.name = name.expect("there are enough");
        self.let_in(&mut watch);
    }
}

fn closed() -> Open {
    Arc::new(Biased::new(NOTHING, true))
}

/// One with the way in open for readers, after one hit.
fn open() -> Open {
    let gate = closed();
    hit(&gate);
    gate
}

#[test]
fn loom_no_reader_and_writer_are_in_at_a_time_and_no_hit_is_lost() {
    check(|| {
        reads_beside_a_write(&open(), &[7]);
    });
}

#[test]
fn loom_who_comes_in_after_a_write_sees_it() {
    check(|| {
        let gate = open();
        let reader = {
            let gate = gate.clone();
            spawn(move || (read(&gate, 1), read(&gate, 2)))
        };
        write(&gate, 1);
        hit(&gate);
        // Nothing more of this thread's, which might order what is to be ordered by that.
        let (first, second) = ended(reader);
        assert!(first.is_none_or(|first| second.is_none_or(|second| first <= second)));
        assert_eq!(read(&gate, 3), Some(1), "nobody has closed it");
    });
}

#[test]
fn loom_the_next_to_come_in_sees_a_write_though_nobody_was_in_before() {
    check(|| {
        let gate = closed();
        let reader = {
            let gate = gate.clone();
            spawn(move || read(&gate, 1))
        };
        write(&gate, 1);
        hit(&gate);
        assert!(ended(reader).is_none_or(|version| version == 1));
    });
}

#[test]
fn loom_hits_are_counted_once_and_in_the_order_of_their_thread() {
    check(|| {
        let gate = open();
        // 1 and 3 share a cell: what is displaced keeps its turn.
        let reader = reading(&gate, &[1, 2, 3, 1]);
        // Closed for a moment, so that some are handed in before the others.
        gate.visit(|_| ());
        let hits = ended(reader);
        let (counted, used) = count(&gate);
        assert_eq!(counted, 1 + hits);
        let last = |slot| used.iter().rposition(|&used| used == slot);
        if hits == 4 {
            assert!(last(2) < last(3) && last(3) < last(1), "{used:?}");
        }
    });
}

#[test]
fn loom_a_full_log_is_handed_in_and_the_way_stays_open() {
    check(|| {
        let gate = open();
        let other = reading(&gate, &[9]);
        // Of four in two cells, two are displaced.
        let hits = read_each(&gate, &[1, 2, 3, 4]);
        assert_eq!(hits, 4, "nobody writes");
        // It has been handed in, without any writer.
        let hits = hits + ended(other);
        let handed_in = gate.visit(|state| state.used.len());
        assert!(handed_in >= 4);
        assert!(read(&gate, 1).is_some(), "open again");
        assert_eq!(count(&gate).0, 1 + hits + 1);
    });
}

#[test]
fn loom_what_a_thread_noted_before_it_ended_is_taken_up_by_who_comes_next() {
    check(|| {
        let gate = open();
        let first = reading(&gate, &[1]);
        // It may be gone by now, or be going.
        let first = ended(first);
        let second = reading(&gate, &[2]);
        write(&gate, 1);
        let second = ended(second);
        assert_eq!(first, 1, "nobody wrote before");
        let (counted, mut used) = count(&gate);
        assert_eq!(counted, 1 + first + second);
        used.sort_unstable();
        assert_eq!(used, [1, 2][..used.len()]);
        assert_eq!(used.len() as u64, first + second);
    });
}

#[test]
fn loom_the_record_of_a_thread_that_is_gone_has_one_heir() {
    check(|| {
        let gate = open();
        assert_eq!(ended(reading(&gate, &[1])), 1);
        let heirs = [reading(&gate, &[2]), reading(&gate, &[3])];
        let hits: u64 = heirs.into_iter().map(ended).sum();
        assert_eq!(hits, 2, "nobody writes");
        let (counted, mut used) = count(&gate);
        assert_eq!(counted, 4);
        used.sort_unstable();
        assert_eq!(used, [1, 2, 3]);
    });
}

#[test]
fn loom_a_thread_that_reads_does_not_read_once_more_and_is_waited_for() {
    check(|| {
        let gate = open();
        let other = {
            let gate = gate.clone();
            spawn(move || write(&gate, 1))
        };
        let mut hits = 0;
        if let Some(mut reader) = gate.read() {
            assert!(gate.read().is_none(), "it reads");
            let before = reader.state().version();
            reader.note(5);
            assert!(gate.read().is_none(), "it reads yet");
            assert_eq!(reader.state().version(), before);
            hits = 1;
        }
        ended(other);
        assert_eq!(count(&gate).0, 1 + hits);
    });
}

#[test]
fn loom_two_readers_and_a_writer() {
    check(|| {
        let gate = open();
        let readers = [reading(&gate, &[1]), reading(&gate, &[2])];
        write(&gate, 1);
        let hits: u64 = readers.into_iter().map(ended).sum();
        assert_eq!(count(&gate).0, 1 + hits);
    });
}

#[test]
fn loom_a_reader_two_writers_and_hits_by_the_lock() {
    check(|| {
        let gate = open();
        let other = {
            let gate = gate.clone();
            spawn(move || {
                write(&gate, 1);
                hit(&gate);
            })
        };
        let reader = reading(&gate, &[1, 2]);
        write(&gate, 2);
        ended(other);
        let hits = ended(reader);
        assert_eq!(count(&gate).0, 2 + hits);
    });
}

#[test]
fn loom_a_visit_sees_all_hits_so_far_and_leaves_the_way_open() {
    check(|| {
        let gate = open();
        let own = read_each(&gate, &[1]);
        let reader = reading(&gate, &[2]);
        let seen = gate.visit(|state| state.hits);
        assert!(seen > own, "its own among them");
        assert!(read(&gate, 3).is_some(), "nobody writes");
        let hits = ended(reader);
        assert!(seen <= 1 + own + hits);
        assert_eq!(count(&gate).0, 2 + own + hits);
    });
}

#[test]
fn loom_what_is_noted_at_a_gate_is_not_taken_for_that_of_another_in_its_place() {
    check(|| {
        let (first, second) = (open(), closed());
        let reader = {
            let (first, second) = (first.clone(), second.clone());
            spawn(move || {
                let of_first = read_each(&first, &[1]);
                drop(first);
                // Before or after it has its name, which may be in the first one's place.
                (of_first, read_each(&second, &[2, 2]))
            })
        };
        let own = read_each(&first, &[1]);
        drop(first);
        hit(&second);
        let own = own + read_each(&second, &[2]) - 1;
        let (_, of_second) = ended(reader);
        let (counted, used) = count(&second);
        assert_eq!(counted, 1 + own + of_second);
        assert!(used.iter().all(|&slot| slot == 2));
    });
}

#[test]
fn loom_when_the_system_ceases_to_take_part_nothing_is_lost_with_the_name() {
    check(|| {
        let gate = closed();
        gate.let_in_as_if_the_system_took_part();
        let readers = [reading(&gate, &[1, 2]), reading(&gate, &[3])];
        gate.visit(|state| assert_eq!(state.hits, state.used.len() as u64));
        let hits: u64 = readers.into_iter().map(ended).sum();
        let (counted, used) = count(&gate);
        assert_eq!(counted, hits);
        assert_eq!(used.len() as u64, hits);
    });
}
