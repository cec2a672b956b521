//! Any operations in any order, against a model.

use super::*;

/// What a cache without bound does, in a few lines.
#[derive(Default)]
struct Model {
    /// Value, when it was stored, when it was last used, and its ttl.
    entries: std::collections::HashMap<u32, (u32, u64, u64, u64)>,
    stale: u64,
    if_error: u64,
    tti: u64,
    now: u64,
    /// Hits, misses, stale ones.
    counted: (u64, u64, u64),
}

impl Model {
    /// Value and age since its ttl was over, negative before that.
    fn find(&mut self, key: u32) -> Option<(u32, i128)> {
        let &(value, stored, used, ttl) = self.entries.get(&key)?;
        let past = i128::from(self.now) - i128::from(stored + ttl);
        let keep = self.stale.max(self.if_error).into();
        if past >= keep || self.now >= used + self.tti {
            self.entries.remove(&key);
            return None;
        }
        Some((value, past))
    }

    fn live(&mut self, key: u32) -> Option<u32> {
        self.find(key)
            .filter(|(_, past)| *past < 0)
            .map(|(value, _)| value)
    }

    fn store(&mut self, key: u32, value: u32, ttl: u64) {
        self.entries.insert(key, (value, self.now, self.now, ttl));
    }

    fn hit(&mut self, key: u32) -> u32 {
        self.counted.0 += 1;
        let now = self.now;
        let entry = self.entries.get_mut(&key).expect("it is there");
        entry.2 = now;
        entry.0
    }

    fn get(&mut self, key: u32) -> Option<u32> {
        if self.live(key).is_none() {
            self.counted.1 += 1;
            return None;
        }
        Some(self.hit(key))
    }

    /// A call in the middle of which there is another; what that gives, and the first.
    fn call(
        &mut self,
        key: u32,
        result: Result<u32, ()>,
        ttl: u64,
    ) -> (Option<Result<u32, ()>>, Result<u32, ()>) {
        if self.live(key).is_some() {
            return (None, Ok(self.hit(key)));
        }
        self.counted.1 += 1;
        let mut inner = Err(());
        match self.find(key) {
            Some((_, past)) if past < self.stale.into() => {
                self.counted.2 += 1;
                inner = Ok(self.hit(key));
            }
            _ => {
                self.counted.1 += 1;
                inner = inner.or_else(|()| self.fall_back(key));
            }
        }
        let outer = match result {
            Ok(value) => {
                self.store(key, value, ttl);
                result
            }
            Err(()) => self.fall_back(key),
        };
        (Some(inner), outer)
    }

    fn fall_back(&mut self, key: u32) -> Result<u32, ()> {
        match self.find(key) {
            Some((value, past)) if past < self.if_error.into() => {
                self.counted.2 += 1;
                Ok(value)
            }
            _ => Err(()),
        }
    }
}

#[test]
fn any_order_of_operations_gives_what_the_rules_say() {
    fn run<K: Numbered + Hash + Eq>(seed: u64) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let time = Time::default();
        let ttl = 10;
        let mut model = Model {
            stale: rng.u64(..20),
            if_error: rng.u64(..20),
            tti: if rng.bool() { rng.u64(1..20) } else { 1 << 40 },
            ..Model::default()
        };
        let builder = time
            .builder()
            .ttl(nanoseconds(ttl))
            .tti(nanoseconds(model.tti));
        let builder = builder.stale(nanoseconds(model.stale));
        let cache: Cache<K, u32> = builder.stale_if_error(nanoseconds(model.if_error)).build();
        for value in 0..500 {
            let number = rng.u32(..4);
            let key = K::of(number);
            let context = format!("seed {seed}, operation {value}");
            match rng.u32(..12) {
                0..4 => {
                    let result = if rng.bool() { Ok(value) } else { Err(()) };
                    let mut inner = None;
                    let outer = cache.try_get_or_insert_with(&key, || {
                        inner = Some(cache.try_get_or_insert_with(&key, || Err(())));
                        result
                    });
                    assert_eq!((inner, outer), model.call(number, result, ttl), "{context}");
                }
                4 => {
                    cache.insert(key, value);
                    model.store(number, value, ttl);
                }
                5 => {
                    let ttl = rng.u64(1..30);
                    cache.insert_with_ttl(key, value, nanoseconds(ttl));
                    model.store(number, value, ttl);
                }
                6 => assert_eq!(cache.get(&key), model.get(number), "{context}"),
                7 => {
                    assert_eq!(cache.peek(&key), model.live(number), "{context}");
                    assert_eq!(cache.contains(&key), model.live(number).is_some());
                }
                8 if rng.u32(..4) == 0 => {
                    let expected = model.live(number);
                    model.entries.remove(&number);
                    assert_eq!(cache.remove(&key), expected, "{context}");
                }
                9 => {
                    cache.purge();
                }
                _ => {
                    let step = rng.u64(..6);
                    time.advance(step);
                    model.now += step;
                }
            }
            let live = (0..4).filter(|key| model.live(*key).is_some()).count();
            let info = cache.info();
            assert_eq!(
                (info.currsize, cache.entries().len()),
                (live, live),
                "{context}"
            );
            let counted = (info.hits, info.misses, info.stale);
            assert_eq!(counted, model.counted, "{context}");
            assert_eq!(held(&cache), model.entries.len(), "{context}");
            assert_eq!(under_way(&cache), 0, "{context}");
        }
        validate(&cache);
    }
    for seed in 0..200 {
        run::<u32>(seed);
        run::<Clashing>(seed);
    }
}
