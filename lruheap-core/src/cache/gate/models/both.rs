//! The readers' gate over a lock that leans: both are closed by who comes next. Only models
//! here; the first hit lets readers in, and the lock leans after the first visit.

use super::super::watch::Watch;
use super::*;

/// One with the way in open for readers, and a lock that leans towards this thread.
fn open() -> Open {
    let lock = Leaning::after(0, Watch::new(true));
    let gate = Arc::new(Biased::behind(lock, NOTHING));
    hit(&gate);
    gate
}

#[test]
fn loom_who_closes_the_way_in_has_the_lock_as_the_one() {
    check(|| {
        // The reader has to be let in by the lock, which it takes back.
        reads_beside_a_write(&open(), &[7, 8]);
    });
}

#[test]
fn loom_the_one_lets_in_and_closes_while_another_writes() {
    check(|| {
        let gate = open();
        let own = read_each(&gate, &[1]);
        let other = {
            let gate = gate.clone();
            spawn(move || {
                let before = read(&gate, 2);
                write(&gate, 1);
                hit(&gate);
                let after = read(&gate, 3);
                assert!(after.is_none_or(|after| after >= 1));
                u64::from(before.is_some()) + u64::from(after.is_some())
            })
        };
        write(&gate, 2);
        hit(&gate);
        let hits = own + read_each(&gate, &[4]) + ended(other);
        assert_eq!(count(&gate).0, 3 + hits);
    });
}

#[test]
fn loom_the_one_hands_its_log_in_while_another_reads() {
    check_up_to(2, || {
        let gate = open();
        let other = reading(&gate, &[9]);
        let hits = read_each(&gate, &[1, 2, 3, 4]) + ended(other);
        let handed_in = gate.visit(|state| state.used.len() as u64);
        assert_eq!(handed_in, hits);
        assert_eq!(count(&gate).0, 1 + hits);
    });
}

#[test]
fn loom_the_one_a_reader_and_a_writer() {
    check_up_to(2, || {
        let gate = open();
        let reader = reading(&gate, &[1]);
        let writer = {
            let gate = gate.clone();
            spawn(move || write(&gate, 1))
        };
        write(&gate, 2);
        let hits = ended(reader);
        ended(writer);
        assert_eq!(count(&gate).0, 1 + hits);
    });
}
