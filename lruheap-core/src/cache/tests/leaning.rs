//! A cache whose gate opens and closes for readers all the time, in one thread: as exact as
//! a list in order of use, which the hits that nobody else sees are in as well.

use super::*;

/// What a cache is, the least recent first.
struct List {
    residents: Vec<(u32, u32, u64)>,
    ttl: u64,
    now: u64,
    info: CacheInfo,
}

impl List {
    fn at(&self, key: u32) -> Option<usize> {
        self.residents.iter().position(|entry| entry.0 == key)
    }

    fn remove(&mut self, key: u32) -> Option<u32> {
        Some(self.residents.remove(self.at(key)?).1)
    }

    fn insert(&mut self, key: u32, value: u32) {
        self.remove(key);
        let deadline = self.now.saturating_add(self.ttl);
        self.residents.push((key, value, deadline));
        self.resize(self.info.maxsize);
    }

    fn call(&mut self, key: u32, new: u32) -> u32 {
        let Some(at) = self.at(key) else {
            self.info.misses += 1;
            self.insert(key, new);
            return new;
        };
        self.info.hits += 1;
        let entry = self.residents.remove(at);
        self.residents.push(entry);
        entry.1
    }

    fn resize(&mut self, maxsize: Option<usize>) {
        self.info.maxsize = maxsize;
        while maxsize.is_some_and(|maxsize| self.residents.len() > maxsize) {
            self.residents.remove(0);
            self.info.evictions += 1;
        }
    }

    fn advance(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        let before = self.residents.len();
        let now = self.now;
        self.residents.retain(|entry| entry.2 > now);
        self.info.expirations += (before - self.residents.len()) as u64;
    }
}

/// A cache and its list, to which the same is done.
struct Twins<K, V> {
    cache: Cache<K, V>,
    list: List,
    time: Time,
    random: fastrand::Rng,
    maxsize: usize,
    /// A new value for each.
    values: u32,
}

impl<K: Numbered + Hash + Eq, V: Numbered> Twins<K, V> {
    fn new(seed: u64, maxsize: usize, ttl: Option<u64>) -> Self {
        let time = Time::default();
        let info = CacheInfo {
            maxsize: Some(maxsize),
            ..CacheInfo::default()
        };
        Twins {
            cache: time
                .builder()
                .maxsize(maxsize)
                .ttl(ttl.map(nanoseconds))
                .build(),
            list: List {
                residents: Vec::new(),
                ttl: ttl.unwrap_or(u64::MAX),
                now: 0,
                info,
            },
            time,
            random: fastrand::Rng::with_seed(seed),
            maxsize,
            values: 0,
        }
    }

    fn call(&mut self, key: u32) {
        self.values += 1;
        let expected = self.list.call(key, self.values);
        let new = || V::of(self.values);
        let value = self.cache.get_or_insert_with(&K::of(key), new).number();
        assert_eq!(value, expected, "call of {key}");
    }

    /// Hits of what is there, some of it more often than the rest.
    fn hit(&mut self, times: u32) {
        for _ in 0..times {
            let residents = self.list.residents.len();
            if residents == 0 {
                return;
            }
            let at = self.random.usize(..residents);
            let key = self.list.residents[at.max(residents / 2)].0;
            self.call(key);
        }
    }

    fn change(&mut self) {
        let most = u32::try_from(self.maxsize * 2).expect("it is small");
        let key = self.random.u32(..most);
        let Twins { cache, list, .. } = self;
        match self.random.u32(..100) {
            0..40 => self.call(key),
            40..60 => {
                self.values += 1;
                list.insert(key, self.values);
                cache.insert(K::of(key), V::of(self.values));
            }
            60..75 => {
                let removed = cache.remove(&K::of(key)).map(|value| value.number());
                let expected = list.remove(key);
                list.info.invalidations += u64::from(expected.is_some());
                assert_eq!(removed, expected, "remove of {key}");
            }
            75..82 => {
                let maxsize = self.random.usize(self.maxsize / 2..=self.maxsize);
                list.resize(Some(maxsize));
                cache.resize(maxsize);
            }
            82..84 => {
                list.residents.clear();
                list.info = CacheInfo {
                    maxsize: list.info.maxsize,
                    ..CacheInfo::default()
                };
                cache.clear();
            }
            84..92 => {
                let step = self.random.u64(..10);
                self.time.advance(step);
                list.advance(step);
            }
            92..96 => {
                let peeked = cache.peek(&K::of(key)).map(|value| value.number());
                let expected = list.at(key).map(|at| list.residents[at].1);
                assert_eq!(peeked, expected, "peek of {key}");
            }
            _ => self.compare(),
        }
        // What has expired is gone for both, and counted.
        self.cache.purge();
    }

    fn compare(&self) {
        validate(&self.cache);
        let entries = self.cache.entries().into_iter();
        let entries: Vec<_> = entries
            .map(|(key, value)| (key.number(), value.number()))
            .collect();
        let expected = self.list.residents.iter().map(|entry| (entry.0, entry.1));
        let expected: Vec<_> = expected.collect();
        assert_eq!(entries, expected, "the residents, in order of use");
        let info = CacheInfo {
            currsize: expected.len(),
            ..self.list.info
        };
        assert_eq!(self.cache.info(), info);
    }
}

fn agrees<K: Numbered + Hash + Eq, V: Numbered>(maxsize: usize, ttl: Option<u64>, rounds: u64) {
    let mut twins: Twins<K, V> = Twins::new(rounds, maxsize, ttl);
    (0..).take(maxsize).for_each(|key| twins.call(key));
    let mut openings = 0;
    for round in 0..rounds {
        let few = twins.random.u32(..100);
        let times = [few, 4 * few, 6000][usize::from(twins.random.u8(..3))];
        twins.hit(times);
        openings += u64::from(twins.cache.engine.gate.is_open());
        if round % 3 == 0 {
            twins.compare();
        } else {
            (0..twins.random.u32(1..=4)).for_each(|_| twins.change());
        }
    }
    twins.compare();
    assert!(openings > rounds / 8, "{openings} times open");
}

#[test]
fn hits_of_an_open_gate_are_exact() {
    in_time(|| agrees::<u32, u32>(8, None, 400));
    in_time(|| agrees::<u32, u32>(8, Some(40), 400));
}

#[test]
fn hits_of_an_open_gate_are_exact_for_values_of_the_users() {
    in_time(|| agrees::<u32, Clashing>(8, None, 400));
    in_time(|| agrees::<u32, Clashing>(8, Some(40), 400));
}

#[test]
fn hits_are_exact_where_there_are_many_entries_and_too_many_for_logs() {
    in_time(|| agrees::<u32, u32>(200, None, 200));
    in_time(|| agrees::<u32, u32>(6000, None, 24));
}

#[test]
fn what_a_thread_that_is_gone_has_used_is_older_than_what_was_used_since() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(2).build();
    for _ in 0..1000 {
        cache.get_or_insert_with(&1, || 1);
        cache.get_or_insert_with(&2, || 2);
    }
    let other = cache.clone();
    let thread = thread::spawn(move || assert_eq!(other.get(&2), Some(2)));
    thread.join().expect("it finds it");
    for _ in 0..1000 {
        assert_eq!(cache.get(&1), Some(1));
    }
    cache.insert(3, 3);
    assert_eq!(cache.entries(), [(1, 1), (3, 3)]);
}

#[test]
fn what_a_thread_has_used_is_newest_when_it_writes() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(2).build();
    for _ in 0..1000 {
        cache.get_or_insert_with(&1, || 1);
        cache.get_or_insert_with(&2, || 2);
    }
    let other = cache.clone();
    let (done, is_done) = mpsc::channel();
    let (end, is_end) = mpsc::channel();
    let thread = thread::spawn(move || {
        assert_eq!(other.get(&2), Some(2));
        done.send(()).expect("the test waits");
        // Alive until the end: its log is not that of a thread that is gone.
        is_end.recv().expect("the test says so");
    });
    is_done.recv().expect("it finds it");
    for _ in 0..1000 {
        assert_eq!(cache.get(&1), Some(1));
    }
    cache.insert(3, 3);
    assert_eq!(cache.entries(), [(1, 1), (3, 3)]);
    end.send(()).expect("it waits");
    thread.join().expect("it does not panic");
}
