//! What is kept, for how long, and what is given back.

use super::*;

#[test]
fn nothing_is_allocated_for_the_bound() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(usize::MAX).build();
    assert_eq!(cache.parameters().maxsize, Some(usize::MAX));
    cache.insert(1, 10);
    cache.resize(usize::MAX - 1);
    assert_eq!(cache.entries(), [(1, 10)]);
}

#[test]
fn a_bound_of_zero_stores_nothing_and_counts_misses() {
    let cache: Cache<u32, u32> = Cache::builder().maxsize(0).build();
    for n in 0..3 {
        assert_eq!(cache.get_or_insert_with(&1, || n), n);
    }
    cache.insert(1, 10);
    assert_eq!(cache.get(&1), None);
    let expected = CacheInfo {
        misses: 4,
        maxsize: Some(0),
        ..CacheInfo::default()
    };
    assert_eq!(cache.info(), expected);
}

#[test]
fn resizing_to_zero_evicts_all_and_back_again_makes_room() {
    let cache: Cache<u32, u32> = Cache::default();
    for key in 0..100 {
        cache.insert(key, key);
    }
    cache.resize(0);
    validate(&cache);
    assert_eq!((cache.len(), cache.info().evictions), (0, 100));
    cache.resize(None);
    cache.insert(1, 10);
    assert_eq!(cache.entries(), [(1, 10)]);
    assert_eq!(cache.parameters().maxsize, None);
}

#[test]
fn purging_drops_what_has_expired_and_says_how_many() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().build();
    for key in 0..100 {
        cache.insert_with_ttl(key, key, nanoseconds(u64::from(key)));
    }
    cache.insert(100, 100);
    time.advance(49);
    let before = cache.info().expirations;
    // Not counted: the first of them, with a ttl of zero, was never stored.
    assert_eq!(before, 49, "an entry whose age is its ttl has expired");
    time.advance(10);
    assert_eq!(cache.purge(), 10);
    assert_eq!(cache.purge(), 0);
    time.advance(1_000_000);
    assert_eq!(cache.purge(), 40);
    assert_eq!(cache.entries(), [(100, 100)]);
    assert_eq!(cache.info().expirations, 99);
    validate(&cache);
}

#[test]
fn writes_take_what_has_expired_along() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().maxsize(100).build();
    for key in 0..50 {
        cache.insert_with_ttl(key, key, nanoseconds(1));
    }
    time.advance(1);
    for key in 100..150 {
        cache.insert(key, key);
    }
    let held = cache.engine.inspect(|state| state.store.len());
    assert_eq!(held, 50, "what has expired is still there");
    assert_eq!((cache.info().expirations, cache.info().evictions), (50, 0));
}

#[test]
fn an_expired_entry_counts_as_expired_however_it_goes() {
    let ways: [fn(&Cache<u32, u32>); 7] = [
        |cache| {
            _ = cache.info();
        },
        |cache| {
            _ = cache.get(&1);
        },
        |cache| {
            _ = cache.remove(&1);
        },
        |cache| {
            _ = cache.get_or_insert_with(&1, || 11);
        },
        |cache| cache.resize(5),
        |cache| cache.insert(2, 20),
        |cache| cache.insert(1, 11),
    ];
    for (index, way) in ways.iter().enumerate() {
        let time = Time::default();
        let cache: Cache<u32, u32> = time.builder().maxsize(10).build();
        cache.insert_with_ttl(1, 10, nanoseconds(1));
        time.advance(1);
        way(&cache);
        let info = cache.info();
        let counted = (info.expirations, info.evictions, info.invalidations);
        assert_eq!(counted, (1, 0, 0), "way {index}");
    }
}

#[test]
fn an_entry_lives_from_the_end_of_its_computation() {
    let time = Time::default();
    let cache: Cache<u32, u32> = time.builder().ttl(nanoseconds(10)).build();
    cache.get_or_insert_with(&1, || {
        time.advance(100);
        1
    });
    assert_eq!(cache.ttl(&1), Some(nanoseconds(10)));
    time.advance(9);
    assert_eq!(cache.ttl(&1), Some(nanoseconds(1)));
    time.advance(1);
    assert_eq!(cache.ttl(&1), None);
}

#[test]
fn no_hit_is_older_than_the_ttl_by_the_clock_of_the_standard_library() {
    // Long enough for the coarse clock to have its say at the beginning.
    let ttl = Duration::from_millis(150);
    let cache: Cache<u32, u32> = Cache::builder().ttl(ttl).build();
    cache.insert(1, 1);
    let inserted = std::time::Instant::now();
    loop {
        let age = inserted.elapsed();
        if cache.get(&1).is_none() {
            break;
        }
        assert!(age < ttl, "{age:?} after it was stored, it was handed out");
    }
    assert_eq!(cache.info().expirations, 1);
}
