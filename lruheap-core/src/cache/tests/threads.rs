//! Many threads on one cache.

use super::*;

/// A value that counts its kind, and uses its cache when it goes.
struct Counted {
    key: u32,
    cache: Weak<Engine<Clashing, Counted>>,
    alive: Arc<AtomicUsize>,
}

impl Counted {
    fn new(key: u32, cache: &Cache<Clashing, Counted>, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        let (cache, alive) = (Arc::downgrade(&cache.engine), Arc::clone(alive));
        Counted { key, cache, alive }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Counted {
            key: self.key,
            cache: self.cache.clone(),
            alive: Arc::clone(&self.alive),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
        if let (false, Some(engine)) = (thread::panicking(), self.cache.upgrade()) {
            assert!(Cache { engine }.len() <= 12);
        }
    }
}

/// Works the cache from eight threads. Gives the cache, the number of look-ups
/// that count, and the number of values alive.
fn crowd(clearing: bool) -> (Cache<Clashing, Counted>, u64, Arc<AtomicUsize>) {
    let time = Time::default();
    let cache: Cache<Clashing, Counted> = time.builder().maxsize(12).ttl(nanoseconds(500)).build();
    let alive = Arc::new(AtomicUsize::new(0));
    let work = |seed: u64| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut lookups = 0;
        for _ in 0..2_000 {
            let number = rng.u32(..24);
            let key = Clashing::of(number);
            let new = || Counted::new(number, &cache, &alive);
            let found = match rng.u32(..100) {
                0..50 => {
                    lookups += 1;
                    Some(cache.get_or_insert_with(&key, new))
                }
                50..60 => {
                    lookups += 1;
                    cache.get(&key)
                }
                60..70 => cache.peek(&key),
                70..80 => {
                    cache.insert(key, new());
                    None
                }
                80..85 => {
                    cache.insert_with_ttl(key, new(), nanoseconds(rng.u64(..50)));
                    None
                }
                85..93 => cache.remove(&key),
                93 => {
                    assert!(
                        cache
                            .entries()
                            .iter()
                            .all(|(key, value)| key.number() == value.key)
                    );
                    None
                }
                94 if clearing => {
                    cache.clear();
                    None
                }
                95 => {
                    cache.resize(rng.usize(4..=12));
                    None
                }
                96 => {
                    assert!(cache.info().currsize <= 12, "the bound is exceeded");
                    None
                }
                _ => {
                    time.advance(1);
                    None
                }
            };
            assert!(
                found.is_none_or(|value| value.key == number),
                "another key's value"
            );
        }
        lookups
    };
    let work = &work;
    let lookups = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || work(seed))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no thread fails"))
            .sum()
    });
    (cache, lookups, alive)
}

#[test]
fn from_many_threads_the_counters_add_up_and_nothing_leaks() {
    in_time(|| {
        for clearing in [false, true] {
            let (cache, lookups, alive) = crowd(clearing);
            validate(&cache);
            assert_eq!(under_way(&cache), 0);
            let info = cache.info();
            if !clearing {
                assert_eq!(info.hits + info.misses, lookups);
            }
            assert!(info.hits + info.misses <= lookups);
            assert_eq!(alive.load(Ordering::SeqCst), info.currsize);
            cache.clear();
            assert_eq!(alive.load(Ordering::SeqCst), 0);
        }
    });
}

#[test]
fn all_threads_find_what_one_has_stored() {
    let cache: Cache<Clashing, u32> = Cache::default();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..200 {
                    let value = cache.get_or_insert_with(&Clashing::of(number), || number * 10);
                    assert_eq!(value, number * 10);
                }
            });
        }
    });
    let info = cache.info();
    assert_eq!(
        info.currsize, 200,
        "one of several values for a key is kept"
    );
    assert_eq!(info.hits + info.misses, 8 * 200);
    assert!(info.misses >= 200);
    validate(&cache);
}

/// A value that looks at its cache when it goes.
#[derive(Clone)]
struct Looking(Weak<Engine<u32, Looking>>);

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(engine) = self.0.upgrade() {
            Cache { engine }.len();
        }
    }
}

#[test]
fn a_value_that_came_too_late_for_who_waited_is_dropped_outside_the_gate() {
    in_time(|| {
        let cache: Cache<u32, Looking> = Cache::default();
        let value = || Looking(Arc::downgrade(&cache.engine));
        let (end, ended) = mpsc::channel();
        let poll = |future: Pin<&mut dyn Future<Output = Looking>>| {
            future.poll(&mut Context::from_waker(Waker::noop()))
        };
        let body = || {
            poll_fn(|_| match ended.try_recv() {
                Ok(()) => Poll::Ready(value()),
                Err(_) => Poll::Pending,
            })
        };
        let mut leads = pin!(cache.get_or_insert_with_async(&1, body));
        let mut waits = pin!(cache.get_or_insert_with_async(&1, || async { unreachable!() }));
        assert!(poll(leads.as_mut()).is_pending());
        assert!(poll(waits.as_mut()).is_pending());
        end.send(()).expect("the body listens");
        assert!(poll(leads.as_mut()).is_ready());
        // What waits for it now is all that has the value that was computed.
        cache.insert(1, value());
        assert!(poll(waits.as_mut()).is_ready());
        assert_eq!((cache.info().hits, cache.info().misses), (1, 1));
    });
}
