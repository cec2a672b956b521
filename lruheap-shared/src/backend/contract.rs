//! What every backend has to do, as tests that each of them runs.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Backend, Key, Name, Token};

const LONG: Duration = Duration::from_secs(100);

fn key() -> Key {
    Key(fastrand::u128(..))
}

fn name() -> Name {
    Name(fastrand::u128(..))
}

fn value(store: &dyn Backend, key: Key) -> Option<Vec<u8>> {
    store
        .get(key, &[])
        .expect("it answers")
        .entry
        .map(|(value, _)| value)
}

/// Until something holds that a server does in its own time.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{what}: not within 20 s"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// All of the contract. `grain` is how exactly the store keeps time.
pub(crate) fn holds(store: &dyn Backend, grain: Duration) {
    entries(store);
    times(store, grain);
    generations(store);
    leases(store, grain);
    watches(store);
}

fn entries(store: &dyn Backend) {
    let (a, b) = (key(), key());
    assert_eq!(value(store, a), None);
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    store.set(a, &bytes, LONG, None).expect("it takes a value");
    assert_eq!(value(store, a), Some(bytes));
    store.set(a, b"", LONG, None).expect("an empty one as well");
    assert_eq!(value(store, a), Some(Vec::new()));
    assert_eq!(value(store, b), None);
    store.remove(b).expect("nothing is there to be removed");
    store.remove(a).expect("it is removed");
    assert_eq!(value(store, a), None);
}

fn times(store: &dyn Backend, grain: Duration) {
    let a = key();
    store.set(a, b"x", LONG, None).expect("it takes a value");
    let (_, left) = store
        .get(a, &[])
        .expect("it answers")
        .entry
        .expect("it is there");
    assert!(left <= LONG + grain, "{left:?}");
    assert!(left + grain + Duration::from_secs(10) >= LONG, "{left:?}");
    let short = grain.max(Duration::from_millis(30));
    store.set(a, b"x", short, None).expect("it takes a value");
    until("an entry expires", || value(store, a).is_none());
}

fn generations(store: &dyn Backend) {
    let (a, b) = (name(), name());
    let first = store.generation(&[a, b]).expect("they are made");
    assert_eq!(
        store.generation(&[b, a]).expect("they stay"),
        [first[1], first[0]]
    );
    let read = store.get(key(), &[a, b]).expect("it answers");
    assert_eq!(read.generations, [Some(first[0]), Some(first[1])]);
    store.advance(&[a]).expect("it is replaced");
    let read = store.get(key(), &[a, b]).expect("it answers");
    assert_ne!(read.generations[0], Some(first[0]));
    assert_eq!(read.generations[1], Some(first[1]), "the other stays");
    let mut seen = vec![first[0]];
    for _ in 0..20 {
        let now = store.generation(&[a]).expect("it is there")[0];
        assert!(!seen.contains(&now), "a generation came back");
        seen.push(now);
        let next = store.advance(&[a]).expect("it is replaced");
        assert_eq!(
            store.generation(&[a]),
            Ok(next),
            "nobody else has replaced it"
        );
    }
}

fn leases(store: &dyn Backend, grain: Duration) {
    let (a, mine, theirs) = (key(), Token(1), Token(2));
    assert!(store.lease(a, mine, LONG).expect("it answers"));
    assert!(
        !store.lease(a, theirs, LONG).expect("it answers"),
        "one at a time"
    );
    assert!(
        store.lease(key(), theirs, LONG).expect("it answers"),
        "of another key"
    );
    store.release(a, theirs).expect("it answers");
    assert!(
        !store.lease(a, theirs, LONG).expect("it answers"),
        "it was not theirs to give"
    );
    assert!(store.renew(a, mine, LONG).expect("it answers"));
    assert!(!store.renew(a, theirs, LONG).expect("it answers"));
    store.release(a, mine).expect("it answers");
    assert!(
        !store.renew(a, mine, LONG).expect("it answers"),
        "it was given back"
    );
    assert!(store.lease(a, theirs, LONG).expect("it answers"));
    store
        .set(a, b"x", LONG, Some(mine))
        .expect("a value, and a lease that is lost");
    assert!(
        !store.lease(a, mine, LONG).expect("it answers"),
        "it is theirs"
    );
    store
        .set(a, b"x", LONG, Some(theirs))
        .expect("a value, and the lease goes");
    let short = grain.max(Duration::from_millis(30));
    assert!(store.lease(a, mine, short).expect("it answers"));
    until("a lease ends", || {
        store.lease(a, theirs, LONG).expect("it answers")
    });
    assert!(
        !store.renew(a, mine, LONG).expect("it answers"),
        "it has ended"
    );
}

fn watches(store: &dyn Backend) {
    let (a, b) = (name(), name());
    let cell = store.watch(a);
    assert!(std::ptr::eq(cell, store.watch(a)));
    let _ = store.watch(b);
    let before = cell.load(Ordering::Acquire);
    assert_eq!(store.notify(a).expect("it is told"), before);
    assert_ne!(cell.load(Ordering::Acquire), before, "known here at once");
}

/// The medians of what a hit, a store, a lease and an invalidation take, for who runs it by
/// hand: `cargo test --release -p lruheap-shared -- measure --ignored --nocapture`.
pub(crate) fn measure(what: &str, store: &dyn Backend) {
    let median = |name: &str, rounds: usize, step: &mut dyn FnMut(usize)| {
        let mut times: Vec<Duration> = (0..rounds)
            .map(|round| {
                let begin = Instant::now();
                step(round);
                begin.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 100];
        println!(
            "{what}: {name}: median {:?}, of 100 one over {:?}",
            at(50),
            at(99)
        );
    };
    let names = [name(), name()];
    let keys: Vec<Key> = (0..2000).map(|_| key()).collect();
    let bytes = [7; 1024];
    median("set of 1 KB", 2000, &mut |round| {
        store
            .set(keys[round], &bytes, LONG, None)
            .expect("it takes a value");
    });
    median("get of 1 KB, 2 generations", 20_000, &mut |round| {
        let read = store.get(keys[round % 2000], &names).expect("it answers");
        assert!(read.entry.is_some());
    });
    median("lease", 2000, &mut |round| {
        assert_eq!(store.lease(keys[round], Token(1), LONG), Ok(true));
    });
    median("advance and notify", 20_000, &mut |_| {
        store.advance(&names[..1]).expect("it is replaced");
        store.notify(names[0]).expect("it is told");
    });
    median("watch, as a hit reads it", 20_000, &mut |_| {
        let cell = store.watch(names[0]);
        assert_ne!(cell.load(Ordering::Acquire), super::BLIND);
    });
}
