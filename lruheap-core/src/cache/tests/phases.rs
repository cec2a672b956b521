//! Many threads on one cache, by turns reading, while the gate is open for readers, and
//! changing whatever can be changed: each value is one that was right at the time, and each
//! call is counted.

use std::sync::{Barrier, Mutex};

use super::*;

const THREADS: u64 = 4;
const KEYS: u32 = 16;
const MAXSIZE: usize = KEYS as usize;
const PHASES: usize = 12;

/// What there is of one key. Its values are versions that grow.
#[derive(Default)]
struct Versions {
    /// Who stores takes turns.
    turn: Mutex<()>,
    /// The newest that may be there: it is about to be stored, or has been.
    newest: AtomicU64,
    /// The oldest that may be there: it has been stored.
    oldest: AtomicU64,
}

/// A value, and the key that it is of.
trait Versioned: Clone + Send + Sync + 'static {
    fn new(key: u32, version: u64) -> Self;
    fn take(self) -> (u32, u64);
}

/// One that the cache copies by itself.
impl Versioned for u64 {
    fn new(key: u32, version: u64) -> Self {
        u64::from(key) << 32 | version
    }

    #[allow(clippy::cast_possible_truncation)]
    fn take(self) -> (u32, u64) {
        ((self >> 32) as u32, self & 0xffff_ffff)
    }
}

/// One that is cloned by code of its own.
#[derive(Clone)]
struct Own(Box<(u32, u64)>);

impl Versioned for Own {
    fn new(key: u32, version: u64) -> Self {
        Own(Box::new((key, version)))
    }

    fn take(self) -> (u32, u64) {
        *self.0
    }
}

struct Shadowed<V> {
    cache: Cache<u32, V>,
    time: Time,
    versions: [Versions; MAXSIZE],
    lookups: AtomicU64,
    open: AtomicU64,
}

impl<V: Versioned> Shadowed<V> {
    fn new() -> Self {
        let time = Time::default();
        Shadowed {
            cache: time
                .builder()
                .maxsize(MAXSIZE)
                .ttl(nanoseconds(300))
                .build(),
            time,
            versions: Default::default(),
            lookups: AtomicU64::new(0),
            open: AtomicU64::new(0),
        }
    }

    fn of(&self, key: u32) -> &Versions {
        &self.versions[key as usize]
    }

    /// Looks a key up, and checks what comes of it.
    fn look(&self, key: u32, look: impl FnOnce() -> Option<V>) {
        let versions = self.of(key);
        let oldest = versions.oldest.load(Ordering::SeqCst);
        let found = look().map(V::take);
        let newest = versions.newest.load(Ordering::SeqCst);
        if let Some((of, version)) = found {
            assert_eq!(of, key, "another key's value");
            assert!(
                (oldest..=newest).contains(&version),
                "{key}: {version}, where {oldest} to {newest} are right"
            );
        }
    }

    fn call(&self, key: u32) {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let body = || V::new(key, self.of(key).newest.load(Ordering::SeqCst));
        self.look(key, || Some(self.cache.get_or_insert_with(&key, body)));
    }

    fn store(&self, key: u32) {
        let versions = self.of(key);
        let turn = versions.turn.lock();
        let version = versions.newest.fetch_add(1, Ordering::SeqCst) + 1;
        self.cache.insert(key, V::new(key, version));
        versions.oldest.store(version, Ordering::SeqCst);
        drop(turn);
    }

    /// Hits, and now and then something else.
    fn read_mostly(&self, random: &mut fastrand::Rng) {
        for _ in 0..6000 {
            let key = random.u32(..KEYS);
            match random.u32(..12_000) {
                0..5 => self.store(key),
                5..8 => _ = self.cache.remove(&key),
                8..11 => assert!(self.cache.info().currsize <= MAXSIZE),
                11 => self.time.advance(random.u64(..100)),
                _ => self.call(key),
            }
            self.open.fetch_add(
                u64::from(self.cache.engine.gate.is_open()),
                Ordering::Relaxed,
            );
        }
    }

    fn change(&self, random: &mut fastrand::Rng, clearing: bool) {
        for _ in 0..300 {
            let key = random.u32(..KEYS);
            match random.u32(..100) {
                0..40 => self.call(key),
                40..55 => self.store(key),
                55..65 => self.look(key, || self.cache.remove(&key)),
                65..70 => self.cache.resize(random.usize(MAXSIZE / 2..=MAXSIZE)),
                70..80 => self.look(key, || self.cache.peek(&key)),
                80..85 => {
                    self.lookups.fetch_add(1, Ordering::Relaxed);
                    self.look(key, || self.cache.get(&key));
                }
                85..88 if clearing => self.cache.clear(),
                88..90 => _ = self.cache.purge(),
                90..95 => self.time.advance(random.u64(..50)),
                _ => assert!(self.cache.info().currsize <= MAXSIZE),
            }
        }
        self.cache.resize(MAXSIZE);
    }

    fn run(&self, clearing: bool) {
        let all = Barrier::new(usize::try_from(THREADS).expect("they are few"));
        let work = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            for phase in 0..PHASES {
                all.wait();
                match phase % 2 {
                    0 => self.read_mostly(&mut random),
                    _ => self.change(&mut random, clearing),
                }
            }
        };
        let work = &work;
        thread::scope(|scope| {
            for seed in 0..THREADS {
                scope.spawn(move || work(seed));
            }
        });
        validate(&self.cache);
        assert_eq!(under_way(&self.cache), 0);
        let info = self.cache.info();
        let (counted, lookups) = (info.hits + info.misses, self.lookups.load(Ordering::SeqCst));
        assert!(counted == lookups || clearing && counted < lookups);
        assert!(self.open.load(Ordering::SeqCst) > 0, "it was never open");
    }
}

#[test]
fn while_readers_and_writers_take_turns_values_are_right_and_calls_are_counted() {
    in_time(|| {
        for clearing in [false, true] {
            Shadowed::<u64>::new().run(clearing);
            Shadowed::<Own>::new().run(clearing);
        }
    });
}
