//! Served, when it is past its end, while one caller renews it.

use super::*;

fn builder(time: &Time) -> CacheBuilder {
    time.builder().ttl(nanoseconds(10)).stale(nanoseconds(5))
}

/// A cache with 1 → 1, which is stale.
fn stale(time: &Time) -> Numbers {
    let cache = computed::<u32>(builder(time), time, 0);
    time.advance(10);
    cache
}

#[test]
fn one_caller_renews_and_the_others_get_the_old_value_at_once() {
    in_time(|| {
        let time = Time::default();
        let cache = stale(&time);
        let value = cache.get_or_insert_with(&1, || {
            assert_eq!(answered(&cache), Ok(1), "also in the middle of the body");
            // They would never come back if they waited.
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| assert_eq!(answered(&cache), Ok(1)));
                }
            });
            2
        });
        assert_eq!((value, answered(&cache)), (2, Ok(2)));
        assert_eq!(cache.ttl(&1), Some(nanoseconds(10)));
        let info = cache.info();
        assert_eq!((info.hits, info.misses, info.stale), (10, 2, 9));
        cache.clear();
        assert_eq!(cache.info(), CacheInfo::default());
    });
}

#[test]
fn of_threads_that_come_at_once_one_renews() {
    in_time(|| {
        let time = Time::default();
        let cache = stale(&time);
        let runs = AtomicUsize::new(0);
        let start = std::sync::Barrier::new(8);
        let get = || {
            start.wait();
            cache.get_or_insert_with(&1, || {
                runs.fetch_add(1, Ordering::SeqCst);
                // Until somebody has got the old value.
                while cache.info().stale == 0 {
                    thread::yield_now();
                }
                2
            })
        };
        let values: Vec<u32> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(get)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(values.iter().all(|value| [1, 2].contains(value)));
        let info = cache.info();
        assert_eq!((info.hits, info.misses), (7, 2));
        assert_eq!(
            info.stale,
            values.iter().filter(|value| **value == 1).count() as u64
        );
    });
}

#[test]
fn past_stale_callers_wait_for_the_one_who_renews() {
    let time = Time::default();
    let cache = stale(&time);
    let (renewal, never) = (OnceCell::new(), OnceCell::new());
    let mut renews = call(&cache, &renewal);
    assert_eq!(poll(&mut renews), Poll::Pending);
    time.advance(4);
    assert_eq!(answered(&cache), Ok(1));
    time.advance(1);
    let mut waits = [call(&cache, &never), call(&cache, &never)];
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    assert_eq!(under_way(&cache), 1);
    assert_eq!(cache.get(&1), None, "who can't compute does not wait");
    renewal.set(Ok(2)).expect("told once");
    assert_eq!(poll(&mut renews), Poll::Ready(Ok(2)));
    for wait in &mut waits {
        assert_eq!(poll(wait), Poll::Ready(Ok(2)));
    }
    let info = cache.info();
    assert_eq!((info.hits, info.misses, info.stale), (3, 3, 1));
}

#[test]
fn past_stale_threads_wait_as_well() {
    in_time(|| {
        let time = Time::default();
        let cache = stale(&time);
        thread::scope(|scope| {
            let value = cache.get_or_insert_with(&1, || {
                time.advance(5);
                for _ in 0..8 {
                    // Whether they come now or when it is done.
                    scope.spawn(|| assert_eq!(answered(&cache), Ok(2)));
                }
                2
            });
            assert_eq!(value, 2);
        });
        let info = cache.info();
        assert_eq!((info.hits, info.misses, info.stale), (8, 2, 0));
    });
}

#[test]
fn a_renewal_that_fails_leaves_the_value_for_the_next() {
    let time = Time::default();
    let cache = stale(&time);
    assert_eq!(
        failing(&cache),
        (Finds::Stale, None),
        "the `Err` is returned"
    );
    let panics = || cache.get_or_insert_with(&1, || resume_unwind(Box::new("in the body")));
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    let never = OnceCell::new();
    let mut cancelled = call(&cache, &never);
    assert_eq!(poll(&mut cancelled), Poll::Pending);
    assert_eq!(answered(&cache), Ok(1));
    drop(cancelled);
    assert_eq!((under_way(&cache), held(&cache)), (0, 1));
    assert_eq!(cache.get_or_insert_with(&1, || 3), 3);
}

#[test]
fn a_renewal_does_not_overwrite_what_is_newer() {
    type Newer = fn(&Numbers);
    let ways: [(Newer, Option<u32>); 5] = [
        (|cache| cache.insert(1, 7), Some(7)),
        (|cache| _ = cache.remove(&1), None),
        (|cache| cache.clear(), None),
        (
            |cache| {
                cache.remove(&1);
                cache.get_or_insert_with(&1, || 7);
            },
            Some(7),
        ),
        (|cache| cache.insert_with_ttl(1, 7, Duration::ZERO), None),
    ];
    for (way, (newer, left)) in ways.into_iter().enumerate() {
        let time = Time::default();
        let cache = stale(&time);
        let renewal = OnceCell::new();
        let mut renews = call(&cache, &renewal);
        assert_eq!(poll(&mut renews), Poll::Pending);
        newer(&cache);
        renewal.set(Ok(2)).expect("told once");
        assert_eq!(poll(&mut renews), Poll::Ready(Ok(2)));
        assert_eq!(cache.peek(&1), left, "way {way}");
        assert_eq!((held(&cache), under_way(&cache)), (left.iter().len(), 0));
    }
}

#[test]
fn a_renewal_that_was_overtaken_holds_up_no_other() {
    let time = Time::default();
    let cache = stale(&time);
    let never = OnceCell::new();
    let mut overtaken = call(&cache, &never);
    assert_eq!(poll(&mut overtaken), Poll::Pending);
    cache.insert(1, 7);
    time.advance(10);
    assert_eq!(cache.get_or_insert_with(&1, || 8), 8);
}

#[test]
fn what_is_retained_counts_as_gone() {
    let time = Time::default();
    let cache = stale(&time);
    assert_eq!(held(&cache), 1);
    assert_eq!(
        (cache.get(&1), cache.peek(&1), cache.ttl(&1)),
        (None, None, None)
    );
    assert!(!cache.contains(&1) && cache.is_empty());
    assert_eq!(
        (cache.len(), cache.entries(), cache.least_recent()),
        (0, vec![], None)
    );
    let info = cache.info();
    assert_eq!(
        (info.hits, info.misses, info.currsize, info.stale),
        (0, 2, 0, 0)
    );
    assert_eq!(
        (held(&cache), cache.purge()),
        (1, 0),
        "it may still be served"
    );
    assert_eq!(answered_while_renewed(&cache), 1);
    time.advance(5);
    assert_eq!((cache.purge(), held(&cache)), (1, 0));
    assert_eq!(cache.info().expirations, 1);
}

/// The value that a call gets while another fails to renew it.
fn answered_while_renewed(cache: &Numbers) -> u32 {
    let mut value = None;
    let renewed = cache.try_get_or_insert_with(&1, || {
        value = Some(answered(cache));
        Err(())
    });
    assert!(renewed.is_err());
    value.expect("the body runs").expect("no body runs")
}

#[test]
fn what_is_retained_goes_as_what_has_expired() {
    let ways: [fn(&Numbers); 4] = [
        |cache| assert_eq!(cache.remove(&1), None),
        |cache| cache.insert(1, 2),
        |cache| assert_eq!(cache.get_or_insert_with(&1, || 2), 2),
        |cache| cache.insert_with_ttl(1, 2, Duration::ZERO),
    ];
    for (way, go) in ways.into_iter().enumerate() {
        let time = Time::default();
        let cache = stale(&time);
        go(&cache);
        let info = cache.info();
        let counted = (info.expirations, info.evictions, info.invalidations);
        assert_eq!(counted, (1, 0, 0), "way {way}");
        validate(&cache);
    }
}

#[test]
fn what_is_retained_has_its_place_among_the_rest() {
    let time = Time::default();
    let cache: Numbers = builder(&time).maxsize(3).build();
    for key in 1..=3 {
        cache.insert(key, key);
    }
    time.advance(10);
    cache.insert(4, 4);
    assert_eq!((held(&cache), cache.entries()), (3, vec![(4, 4)]));
    let find = |key: u32| {
        let mut has_run = false;
        let _ = cache.try_get_or_insert_with(&key, || {
            has_run = true;
            let inner = cache.try_get_or_insert_with(&key, || Err(()));
            assert_eq!(inner.is_ok(), key != 1, "1 made room");
            Err(())
        });
        has_run
    };
    assert!(find(2) && find(3) && find(1));
    assert_eq!(cache.info().stale, 2);
    cache.resize(1);
    assert_eq!(held(&cache), 1);
    cache.resize(0);
    assert_eq!((held(&cache), cache.info().currsize), (0, 0));
    validate(&cache);
}

#[test]
fn what_lies_idle_for_too_long_is_not_served() {
    let time = Time::default();
    let builder = builder(&time)
        .stale(nanoseconds(100))
        .stale_if_error(nanoseconds(100));
    let cache = computed::<u32>(builder.tti(nanoseconds(4)), &time, 0);
    for _ in 0..3 {
        time.advance(3);
        assert_eq!(
            (cache.ttl(&1), answered(&cache)),
            (Some(nanoseconds(1)), Ok(1))
        );
    }
    assert_eq!(cache.ttl(&1), Some(nanoseconds(1)), "the ttl is nearer");
    for _ in 0..5 {
        // A hit on the old value is a hit.
        time.advance(3);
        assert_eq!(failing(&cache), (Finds::Stale, Some(1)));
    }
    time.advance(4);
    assert_eq!(failing(&cache), (Finds::Nothing, None));
    assert_eq!(held(&cache), 0);
}

#[test]
fn windows_without_end_do_not_lengthen_a_life() {
    let windows: [fn(CacheBuilder) -> CacheBuilder; 3] = [
        |builder| builder.stale(Duration::MAX),
        |builder| builder.stale_if_error(Duration::MAX),
        |builder| {
            builder
                .stale(Duration::MAX)
                .stale_if_error(Duration::MAX)
                .tti(Duration::MAX)
        },
    ];
    for (way, window) in windows.into_iter().enumerate() {
        let time = Time::default();
        let cache = computed::<u32>(window(time.builder().ttl(nanoseconds(10))), &time, 0);
        cache.insert_with_ttl(2, 2, Duration::MAX);
        assert_eq!(cache.ttl(&1), Some(nanoseconds(10)));
        time.advance(9);
        assert_eq!(
            (cache.peek(&1), failing(&cache)),
            (Some(1), (Finds::Hit, Some(1)))
        );
        time.advance(1);
        assert_eq!((cache.peek(&1), cache.len()), (None, 1), "way {way}");
        let expected = match way {
            0 => (Finds::Stale, None),
            1 => (Finds::Nothing, Some(1)),
            _ => (Finds::Stale, Some(1)),
        };
        assert_eq!(failing(&cache), expected);
        time.advance(90 * 365 * 24 * 3600 * SECOND);
        assert_eq!(failing(&cache), expected, "way {way}");
        assert_eq!((cache.ttl(&2), cache.purge()), (Some(Duration::MAX), 0));
        cache.insert(1, 3);
        assert_eq!(cache.ttl(&1), Some(nanoseconds(10)));
    }
}

#[test]
fn a_long_life_ends_also_where_the_window_would_end_beyond_the_clock() {
    const YEAR: u64 = 365 * 24 * 3600 * SECOND;
    let time = Time::default();
    let builder = time
        .builder()
        .ttl(nanoseconds(500 * YEAR))
        .stale(Duration::MAX);
    let cache = computed::<u32>(builder, &time, 0);
    time.advance(500 * YEAR);
    assert_eq!(cache.peek(&1), None);
}

#[test]
fn without_coalescing_one_caller_renews_all_the_same() {
    let time = Time::default();
    let cache = computed::<u32>(builder(&time).coalesce(false), &time, 0);
    time.advance(10);
    assert_eq!(failing(&cache), (Finds::Stale, None));
}

#[test]
fn keys_with_one_hash_are_renewed_in_turn() {
    let time = Time::default();
    let cache: Cache<Clashing, u32> = builder(&time).build();
    let keys: [u32; 3] = [1, 4, 7];
    for key in keys {
        cache.insert(Clashing::of(key), key);
    }
    time.advance(10);
    let renewed = cache.get_or_insert_with(&Clashing::of(1), || {
        for key in keys {
            let value = cache.get_or_insert_with(&Clashing::of(key), || 100);
            assert!(value == key || value == 100);
        }
        10
    });
    assert_eq!(renewed, 10);
    for key in keys {
        cache.get_or_insert_with(&Clashing::of(key), || 100);
    }
    assert_eq!(cache.len(), 3, "all are fresh");
    validate(&cache);
}
