//! The cache against a model of a few lines, under 100,000 random operations.

use super::*;

/// What a cache is: a list in order of use, least recent first, from which
/// what has expired is gone at once.
struct Model {
    residents: Vec<Resident>,
    ttl: Option<u64>,
    now: u64,
    info: CacheInfo,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Resident {
    key: u32,
    value: u32,
    deadline: Option<u64>,
}

impl Model {
    fn advance(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        let before = self.residents.len();
        self.residents
            .retain(|entry| entry.deadline.is_none_or(|deadline| deadline > self.now));
        self.info.currsize = self.residents.len();
        self.info.expirations += (before - self.info.currsize) as u64;
    }

    fn take(&mut self, key: u32) -> Option<Resident> {
        let at = self.residents.iter().position(|entry| entry.key == key)?;
        Some(self.residents.remove(at))
    }

    fn peek(&self, key: u32) -> Option<Resident> {
        self.residents
            .iter()
            .find(|entry| entry.key == key)
            .copied()
    }

    fn get(&mut self, key: u32) -> Option<u32> {
        let Some(entry) = self.take(key) else {
            self.info.misses += 1;
            return None;
        };
        self.info.hits += 1;
        self.residents.push(entry);
        Some(entry.value)
    }

    fn insert(&mut self, key: u32, value: u32, ttl: Option<u64>) {
        self.take(key);
        if self.info.maxsize == Some(0) || ttl == Some(0) {
            return;
        }
        let deadline = ttl.and_then(|ttl| self.now.checked_add(ttl));
        self.residents.push(Resident {
            key,
            value,
            deadline,
        });
        self.resize(self.info.maxsize);
    }

    fn remove(&mut self, key: u32) -> Option<u32> {
        let removed = self.take(key)?;
        self.info.invalidations += 1;
        Some(removed.value)
    }

    fn resize(&mut self, maxsize: Option<usize>) {
        self.info.maxsize = maxsize;
        while maxsize.is_some_and(|maxsize| self.residents.len() > maxsize) {
            self.residents.remove(0);
            self.info.evictions += 1;
        }
    }

    fn clear(&mut self) {
        self.residents.clear();
        self.info = CacheInfo {
            maxsize: self.info.maxsize,
            ..CacheInfo::default()
        };
    }
}

/// A cache and its model, to which the same things are done.
struct Twins<K, V> {
    cache: Cache<K, V>,
    model: Model,
    time: Time,
}

impl<K: Numbered + Hash + Eq, V: Numbered> Twins<K, V> {
    fn new(ttl: Option<u64>) -> Self {
        let time = Time::default();
        let cache = time.builder().maxsize(8).ttl(ttl.map(nanoseconds)).build();
        let info = CacheInfo {
            maxsize: Some(8),
            ..CacheInfo::default()
        };
        let model = Model {
            residents: Vec::new(),
            ttl,
            now: 0,
            info,
        };
        Twins { cache, model, time }
    }

    /// Does something, and compares what comes of it.
    fn act(&mut self, rng: &mut fastrand::Rng, value: u32, context: &str) {
        let Twins { cache, model, time } = self;
        let number = rng.u32(..16);
        let key = K::of(number);
        match rng.u32(..100) {
            0..25 => {
                let expected = model.get(number).unwrap_or_else(|| {
                    model.insert(number, value, model.ttl);
                    value
                });
                let result = cache.get_or_insert_with(&key, || V::of(value));
                assert_eq!(result.number(), expected, "{context}: call of {number}");
            }
            25..35 => {
                let result = cache.get(&key).map(|value| value.number());
                assert_eq!(result, model.get(number), "{context}: get of {number}");
            }
            35..40 => {
                let expected = model.get(number).ok_or("failed");
                let result = cache.try_get_or_insert_with(&key, || Err("failed"));
                let result = result.map(|value| value.number());
                assert_eq!(result, expected, "{context}: failing call of {number}");
            }
            40..50 => {
                let live = model.peek(number);
                let left = live.map(|entry| match entry.deadline {
                    Some(deadline) => nanoseconds(deadline - model.now),
                    None => Duration::MAX,
                });
                let peeked = cache.peek(&key).map(|value| value.number());
                assert_eq!(
                    peeked,
                    live.map(|entry| entry.value),
                    "{context}: peek of {number}"
                );
                assert_eq!(cache.ttl(&key), left, "{context}: ttl of {number}");
                assert_eq!(
                    cache.contains(&key),
                    live.is_some(),
                    "{context}: has {number}"
                );
            }
            50..65 => {
                model.insert(number, value, model.ttl);
                cache.insert(key, V::of(value));
            }
            65..72 => {
                let ttl = rng.u64(..30);
                model.insert(number, value, Some(ttl));
                cache.insert_with_ttl(key, V::of(value), nanoseconds(ttl));
            }
            72 => {
                model.insert(number, value, None);
                cache.insert_with_ttl(key, V::of(value), Duration::MAX);
            }
            73..81 => {
                let result = cache.remove(&key).map(|value| value.number());
                assert_eq!(
                    result,
                    model.remove(number),
                    "{context}: remove of {number}"
                );
            }
            81..84 => {
                let maxsize = [Some(0), Some(1), Some(5), Some(8), Some(12), None][rng.usize(..6)];
                model.resize(maxsize);
                cache.resize(maxsize);
            }
            84 if rng.u8(..10) == 0 => {
                model.clear();
                cache.clear();
            }
            84..95 => {
                let step = rng.u64(..10);
                time.advance(step);
                model.advance(step);
            }
            95 => {
                let held = cache.engine.inspect(|state| state.store.len());
                let expired = held - model.residents.len();
                assert_eq!(cache.purge(), expired, "{context}: purge");
            }
            _ => {
                assert_eq!(cache.info(), model.info, "{context}: info");
                assert_eq!(cache.len(), model.residents.len(), "{context}: len");
                assert_eq!(
                    cache.is_empty(),
                    model.residents.is_empty(),
                    "{context}: is_empty"
                );
            }
        }
        // What was stored with a ttl of zero has expired already.
        model.advance(0);
    }

    /// Compares all that can be seen, and walks the invariants.
    fn compare(&self, context: &str) {
        let Twins { cache, model, .. } = self;
        validate(cache);
        let expected = model.residents.iter().map(|entry| (entry.key, entry.value));
        let expected: Vec<(u32, u32)> = expected.collect();
        let numbers = |(key, value): (K, V)| (key.number(), value.number());
        let entries: Vec<(u32, u32)> = cache.entries().into_iter().map(numbers).collect();
        assert_eq!(entries, expected, "{context}: the residents");
        let oldest = cache.least_recent().map(numbers);
        assert_eq!(
            oldest,
            expected.first().copied(),
            "{context}: the least recent"
        );
        // As `info` would say, but without dropping what has expired.
        let info = cache.engine.inspect(|state| {
            assert_eq!(state.flights.under_way(), 0, "{context}: computations");
            let mut info = state.info(cache.engine.settings());
            info.expirations += (info.currsize - expected.len()) as u64;
            info.currsize = expected.len();
            info
        });
        assert_eq!(info, model.info, "{context}: the counters");
    }
}

fn agrees_with_the_model<K: Numbered + Hash + Eq, V: Numbered>(seed: u64, ttl: Option<u64>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut twins: Twins<K, V> = Twins::new(ttl);
    for step in 0..100_000 {
        let context = format!("seed {seed}, ttl {ttl:?}, step {step}");
        twins.act(&mut rng, step, &context);
        twins.compare(&context);
    }
}

#[test]
fn agrees_with_a_model_where_comparing_is_inert() {
    agrees_with_the_model::<u32, u32>(1, None);
}

#[test]
fn agrees_with_a_model_where_comparing_is_inert_and_entries_expire() {
    agrees_with_the_model::<u32, u32>(2, Some(20));
}

#[test]
fn agrees_with_a_model_where_comparing_is_the_user_s() {
    agrees_with_the_model::<Clashing, Clashing>(3, None);
}

#[test]
fn agrees_with_a_model_where_comparing_is_the_user_s_and_entries_expire() {
    agrees_with_the_model::<Clashing, Clashing>(4, Some(20));
}

#[test]
fn agrees_with_a_model_where_only_the_key_or_only_the_value_is_the_user_s() {
    agrees_with_the_model::<u32, Clashing>(5, Some(20));
    agrees_with_the_model::<Clashing, u32>(6, Some(20));
}

#[test]
fn an_inert_key_can_be_looked_up_by_a_type_of_the_user_s() {
    trait Number {
        fn number(&self) -> u32;
    }
    impl Number for u32 {
        fn number(&self) -> u32 {
            *self
        }
    }
    impl Borrow<dyn Number> for u32 {
        fn borrow(&self) -> &(dyn Number + 'static) {
            self
        }
    }
    impl Hash for dyn Number {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.number().hash(state);
        }
    }
    impl PartialEq for dyn Number {
        fn eq(&self, other: &Self) -> bool {
            self.number() == other.number()
        }
    }
    impl Eq for dyn Number {}

    let cache: Cache<u32, u32> = Cache::default();
    for key in 0..4 {
        cache.insert(key, key * 10);
    }
    let two: &dyn Number = &2;
    assert_eq!(cache.get(two), Some(20));
    assert_eq!(cache.get(&2), Some(20));
    assert_eq!(cache.remove(two), Some(20));
    assert_eq!(cache.get(&2), None);
    assert_eq!(cache.entries(), [(0, 0), (1, 10), (3, 30)]);
    validate(&cache);
}
