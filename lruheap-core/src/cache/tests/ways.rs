//! A cache of one thread's against a list in order of use, by whatever way a call goes: by
//! a log, at once with the state to itself, or by the lock; and each of these is gone.

use std::collections::HashMap;

use super::*;
use crate::cache::gate::{Instance, LocalInstance, Thread};

/// Few, so that an eviction that is out of order is soon missed; their log grows twice.
const MAXSIZE: u32 = 12;

/// A cache of this scope, at home in a test.
struct Here<S: Scope>(Rc<Engine<u32, u32, S>>);

impl<S: Scope> Clone for Here<S> {
    fn clone(&self) -> Self {
        Here(Rc::clone(&self.0))
    }
}

impl<S: Scope> Home for Here<S> {
    type Key = u32;
    type Value = u32;
    type Scope = S;

    fn engine(&self) -> &Engine<u32, u32, S> {
        &self.0
    }
}

/// So many pairs of keys, each with one hash.
fn alike<S: Scope>(here: &Here<S>, pairs: usize) -> Vec<u32> {
    let mut seen = HashMap::new();
    let mut hash = |key| {
        let hash = here.engine().hash(&Query::<u32, u32>::new(&key));
        seen.insert(hash, key).map(|other| [other, key])
    };
    // Apart from those that are called by their numbers.
    let alike = (1000..).filter_map(&mut hash).take(pairs);
    alike.flatten().collect()
}

/// How many calls went which way.
#[derive(Clone, Copy, Debug, Default)]
struct Ways {
    /// Hits that were noted in a log, at once.
    noted: u64,
    /// Hits with the state to oneself, at once.
    held: u64,
    /// Hits by the long way, with a log, and without one.
    noted_late: u64,
    locked: u64,
    /// Misses of what was seen not to be there, and the others.
    absent: u64,
    missed: u64,
}

/// A cache, and what it has to be.
struct Twins<S: Scope> {
    here: Here<S>,
    /// Keys and values, the least recently used first.
    list: Vec<(u32, u32)>,
    /// Twice as many keys as there is room for.
    keys: Vec<u32>,
    info: CacheInfo,
    ways: Ways,
    /// A new value for each.
    values: u32,
    random: fastrand::Rng,
}

impl<S: Scope> Twins<S> {
    fn new(setup: impl FnOnce(Setup) -> S::Setup, seed: u64) -> Self {
        let builder = Cache::builder().maxsize(MAXSIZE as usize);
        let here = Here(Rc::new(Engine::new(setup(builder.setup()))));
        let mut keys = alike(&here, if cfg!(miri) { 0 } else { 3 });
        keys.extend((1..).take(2 * MAXSIZE as usize - keys.len()));
        Twins {
            here,
            list: Vec::new(),
            keys,
            info: CacheInfo {
                maxsize: Some(MAXSIZE as usize),
                ..CacheInfo::default()
            },
            ways: Ways::default(),
            values: 0,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    fn call(&mut self, key: u32) {
        self.values += 1;
        let new = self.values;
        let at = self.list.iter().position(|entry| entry.0 == key);
        let entry = at.map_or((key, new), |at| self.list.remove(at));
        self.list.push(entry);
        if at.is_some() {
            self.info.hits += 1;
        } else {
            self.info.misses += 1;
        }
        if self.list.len() > MAXSIZE as usize {
            self.list.remove(0);
            self.info.evictions += 1;
        }
        let value = self.look(key, new);
        assert_eq!((value, value == new), (entry.1, at.is_none()), "of {key}");
    }

    /// As a call does, by the way that there is.
    fn look(&mut self, key: u32, new: u32) -> u32 {
        let (here, query) = (self.here.clone(), Query::new(&key));
        let is_open = here.engine().gate.is_open();
        let ways = &mut self.ways;
        let asked = match here.engine().at_once(&query, &Clones) {
            Ok(value) => {
                *(if is_open {
                    &mut ways.noted
                } else {
                    &mut ways.held
                }) += 1;
                return value;
            }
            Err(asked) => asked,
        };
        match Flight::board(here, asked, &query, &Clones) {
            Given::Flight(mut flight) => {
                *(if asked.is_absent() {
                    &mut ways.absent
                } else {
                    &mut ways.missed
                }) += 1;
                flight.land(new, &Clones);
                new
            }
            mut found => {
                *(if is_open {
                    &mut ways.noted_late
                } else {
                    &mut ways.locked
                }) += 1;
                found.take()
            }
        }
    }

    /// Hits of what is there.
    fn hit(&mut self, times: u32) {
        for _ in 0..times {
            let at = self.random.usize(..self.list.len());
            self.call(self.list[at].0);
        }
    }

    /// Calls of twice as many keys as there is room for.
    fn mix(&mut self, times: u32) {
        for _ in 0..times {
            let at = self.random.usize(..self.keys.len());
            self.call(self.keys[at]);
        }
    }

    /// Misses, one after the other: what was not there before.
    fn miss(&mut self, times: u32) {
        for _ in 0..times {
            self.call(u32::MAX - self.values);
        }
    }

    /// A miss after each hit: what is absent is looked for at once.
    fn alternate(&mut self, times: u32) {
        for _ in 0..times {
            self.hit(1);
            self.miss(1);
        }
    }

    fn phase(&mut self, is_one_by_one: bool) {
        let times = self.random.u32(1..=40);
        let many = self.random.u32(1..=600);
        let phases = [
            (Self::hit as fn(&mut Self, u32), many),
            (Self::mix, times),
            (Self::miss, times),
            (Self::alternate, times),
        ];
        let (phase, times) = phases[self.random.usize(..4)];
        if is_one_by_one {
            for _ in 0..times {
                phase(self, 1);
                self.compare();
            }
        } else {
            // To compare is to hand the log in: it is to be of many hits.
            phase(self, times);
        }
    }

    fn compare(&self) {
        let engine = self.here.engine();
        let info = CacheInfo {
            currsize: self.list.len(),
            ..self.info
        };
        engine.inspect(|state| {
            state.store.validate();
            assert_eq!(state.flights.under_way(), 0);
            assert_eq!(state.info(engine.settings()), info);
        });
        assert_eq!(engine.first(usize::MAX), self.list, "in order of use");
    }
}

fn agrees<S: Scope>(setup: impl Fn(Setup) -> S::Setup) -> Ways {
    let phases = if cfg!(miri) { 8 } else { 400 };
    let mut sum = Ways::default();
    for is_one_by_one in [false, true] {
        let mut twins: Twins<S> = Twins::new(&setup, phases + u64::from(is_one_by_one));
        twins.mix(4 * MAXSIZE);
        twins.compare();
        for _ in 0..phases {
            twins.phase(is_one_by_one);
            if twins.random.bool() {
                twins.compare();
            }
        }
        twins.compare();
        // Whatever the way, it was one.
        let Ways { noted, held, .. } = twins.ways;
        let Ways {
            noted_late, locked, ..
        } = twins.ways;
        let hits = noted + held + noted_late + locked;
        let misses = twins.ways.absent + twins.ways.missed;
        assert_eq!((hits, misses), (twins.info.hits, twins.info.misses));
        sum.noted += noted;
        sum.held += held;
        sum.noted_late += noted_late;
        sum.locked += locked;
        sum.absent += twins.ways.absent;
        sum.missed += twins.ways.missed;
    }
    sum
}

/// Asserts that each of these was gone often.
fn all_were_gone(ways: Ways, counts: impl FnOnce(Ways) -> Vec<u64>) {
    let most = if cfg!(miri) { 0 } else { 20 };
    assert!(counts(ways).iter().all(|&count| count >= most), "{ways:?}");
}

#[test]
fn a_cache_of_all_threads_is_exact_by_all_ways() {
    in_time(|| {
        let ways = agrees::<Process>(|setup| setup);
        all_were_gone(ways, |it| {
            vec![it.noted, it.held, it.locked, it.absent, it.missed]
        });
    });
}

#[test]
fn a_cache_of_a_thread_is_exact_by_all_ways() {
    in_time(|| {
        let ways = agrees::<Thread>(|setup| setup);
        all_were_gone(ways, |it| {
            vec![it.noted, it.held, it.locked, it.absent, it.missed]
        });
        assert!(ways.noted_late > 0, "{ways:?}");
    });
}

#[test]
fn a_cache_of_an_instance_is_exact_by_all_ways() {
    in_time(|| {
        let ways = agrees::<Instance>(Arc::new);
        all_were_gone(ways, |it| vec![it.held, it.locked, it.absent, it.missed]);
        assert_eq!(ways.noted + ways.noted_late, 0, "{ways:?}");
    });
}

#[test]
fn a_cache_of_an_instance_in_a_thread_is_exact_by_all_ways() {
    in_time(|| {
        let ways = agrees::<LocalInstance>(Rc::new);
        // It is open all the time, and keeps no log for that.
        all_were_gone(ways, |it| vec![it.noted, it.missed]);
    });
}

/// A thread sees that a key is absent, and another stores it before the first comes back.
fn is_found_though_it_was_absent<S: Scope>(setup: impl FnOnce(Setup) -> S::Setup)
where
    Engine<u32, u32, S>: Sync,
{
    let mut twins: Twins<S> = Twins::new(setup, 1);
    // By these the lock comes to lean this way; the last is a hit.
    twins.miss(1);
    twins.alternate(400);
    twins.hit(1);
    let here = twins.here.clone();
    let engine = here.engine();
    let (key, misses) = (7, twins.info.misses);
    let query = Query::new(&key);
    let Err(asked) = here.engine().at_once(&query, &Clones) else {
        panic!("it was never stored");
    };
    assert!(asked.is_absent());
    let stored = thread::scope(|scope| {
        let store = || engine.set_owned(key, 70, &Clones, None);
        scope.spawn(store).join()
    });
    stored.expect("it does not panic");
    let found = Flight::board(here.clone(), asked, &query, &Clones);
    assert!(matches!(found, Given::Value(70)));
    engine.inspect(|state| state.store.validate());
    let entries = engine.first(usize::MAX).into_iter();
    assert_eq!(entries.filter(|entry| entry.0 == key).count(), 1);
    assert_eq!(engine.info().misses, misses);
}

#[test]
fn what_was_absent_is_found_if_another_has_stored_it_since() {
    in_time(|| {
        is_found_though_it_was_absent::<Process>(|setup| setup);
        is_found_though_it_was_absent::<Instance>(Arc::new);
    });
}
