//! Returned in the place of an error.

use super::*;

fn builder(time: &Time) -> CacheBuilder {
    time.builder()
        .ttl(nanoseconds(10))
        .stale_if_error(nanoseconds(5))
}

/// A cache with 1 → 1, which is over.
fn over(time: &Time) -> Numbers {
    let cache = computed::<u32>(builder(time), time, 0);
    time.advance(10);
    cache
}

fn fail(cache: &Numbers) -> Result<u32, &'static str> {
    cache.try_get_or_insert_with(&1, || Err("down"))
}

#[test]
fn an_old_value_is_returned_and_counted() {
    let time = Time::default();
    let cache = over(&time);
    for failures in 1..=3 {
        assert_eq!(fail(&cache), Ok(1));
        let info = cache.info();
        assert_eq!((info.misses, info.stale), (1 + failures, failures));
        assert_eq!((info.hits, info.currsize), (0, 0));
    }
    assert_eq!(cache.peek(&1), None, "it stands in, no more");
    time.advance(5);
    assert_eq!(fail(&cache), Err("down"));
    assert_eq!(cache.info().stale, 3);
    assert_eq!(cache.get_or_insert_with(&1, || 2), 2);
    assert_eq!(fail(&cache), Ok(2));
    assert_eq!(cache.info().hits, 1);
}

#[test]
fn a_value_that_was_never_there_does_not_stand_in() {
    let cache: Numbers = builder(&Time::default()).build();
    cache.insert(2, 2);
    assert_eq!(fail(&cache), Err("down"));
    assert_eq!(cache.info().stale, 0);
}

#[test]
fn its_age_is_asked_when_the_error_is_there() {
    let time = Time::default();
    let cache = over(&time);
    time.advance(4);
    let slow = cache.try_get_or_insert_with(&1, || {
        time.advance(1);
        Err("down")
    });
    assert_eq!(slow, Err("down"));
}

#[test]
fn a_panic_is_no_error() {
    let time = Time::default();
    let cache = over(&time);
    let panics = || {
        let _: Result<u32, ()> =
            cache.try_get_or_insert_with(&1, || resume_unwind(Box::new("in the body")));
    };
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!((fail(&cache), cache.info().stale), (Ok(1), 1));
}

#[test]
fn what_came_meanwhile_is_newer_and_stays() {
    type Meanwhile = fn(&Numbers);
    let ways: [(Meanwhile, Result<u32, ()>, Option<u32>); 6] = [
        (|cache| cache.insert(1, 7), Ok(7), Some(7)),
        (
            |cache| _ = cache.get_or_insert_with(&1, || 7),
            Ok(7),
            Some(7),
        ),
        (|cache| _ = cache.remove(&1), Err(()), None),
        (|cache| cache.clear(), Err(()), None),
        (|cache| cache.resize(0), Err(()), None),
        (
            |cache| cache.insert_with_ttl(1, 7, Duration::ZERO),
            Err(()),
            None,
        ),
    ];
    for (way, (meanwhile, expected, left)) in ways.into_iter().enumerate() {
        let time = Time::default();
        let cache = over(&time);
        let result = cache.try_get_or_insert_with(&1, || {
            meanwhile(&cache);
            Err(())
        });
        assert_eq!((result, cache.peek(&1)), (expected, left), "way {way}");
        assert_eq!((held(&cache), under_way(&cache)), (left.iter().len(), 0));
    }
}

#[test]
fn another_thread_refreshes_while_the_computation_fails() {
    in_time(|| {
        let time = Time::default();
        let builder = builder(&time).coalesce(false);
        let cache = computed::<u32>(builder, &time, 0);
        time.advance(10);
        let result = cache.try_get_or_insert_with(&1, || {
            let refresh = || cache.get_or_insert_with(&1, || 8);
            let other = thread::scope(|scope| scope.spawn(refresh).join());
            assert_eq!(other.expect("no panic"), 8);
            Err(())
        });
        assert_eq!((result, cache.peek(&1)), (Ok(8), Some(8)));
    });
}

#[test]
fn who_waited_for_the_computation_gets_it_as_well() {
    let time = Time::default();
    let cache = over(&time);
    let (leads, never) = (OnceCell::new(), OnceCell::new());
    let mut leader = call(&cache, &leads);
    assert_eq!(poll(&mut leader), Poll::Pending);
    let mut waits = [call(&cache, &never), call(&cache, &never)];
    assert!(waits.iter_mut().all(|wait| poll(wait).is_pending()));
    leads.set(Err(())).expect("told once");
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(1)));
    for wait in &mut waits {
        assert_eq!(poll(wait), Poll::Ready(Ok(1)));
    }
    let info = cache.info();
    assert_eq!((info.hits, info.misses, under_way(&cache)), (2, 2, 0));
    assert_eq!((held(&cache), info.currsize), (1, 0));
}

#[test]
fn who_waited_for_the_computation_is_counted_as_well() {
    let time = Time::default();
    let cache = over(&time);
    let (leads, never) = (OnceCell::new(), OnceCell::new());
    let (mut leader, mut wait) = (call(&cache, &leads), call(&cache, &never));
    assert!(poll(&mut leader).is_pending() && poll(&mut wait).is_pending());
    leads.set(Err(())).expect("told once");
    assert_eq!(
        (poll(&mut leader), poll(&mut wait)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );
    assert_eq!(cache.info().stale, 2);
}

#[test]
fn who_waited_gets_what_came_meanwhile() {
    let time = Time::default();
    let cache = over(&time);
    let (leads, never) = (OnceCell::new(), OnceCell::new());
    let (mut leader, mut wait) = (call(&cache, &leads), call(&cache, &never));
    assert!(poll(&mut leader).is_pending() && poll(&mut wait).is_pending());
    cache.insert(1, 7);
    assert_eq!(
        poll(&mut wait),
        Poll::Ready(Ok(7)),
        "and does not wait for the rest"
    );
    leads.set(Err(())).expect("told once");
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(7)));
    assert_eq!(cache.peek(&1), Some(7));
}

#[test]
fn of_threads_that_come_at_once_none_gets_the_error() {
    in_time(|| {
        let time = Time::default();
        let cache = over(&time);
        let start = std::sync::Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..200 {
                        assert_eq!(fail(&cache), Ok(1));
                    }
                });
            }
        });
        let info = cache.info();
        assert_eq!(info.hits + info.misses, 8 * 200 + 1);
        assert_eq!(under_way(&cache), 0);
    });
}

#[test]
fn a_clone_that_panics_ends_the_computation() {
    #[derive(Debug)]
    struct Fragile(bool);

    impl Clone for Fragile {
        fn clone(&self) -> Self {
            if self.0 {
                resume_unwind(Box::new("in the clone"));
            }
            Fragile(self.0)
        }
    }

    let time = Time::default();
    let cache: Cache<u32, Fragile> = builder(&time).build();
    cache.insert(1, Fragile(true));
    time.advance(10);
    let failing = || cache.try_get_or_insert_with(&1, || Err(())).is_ok();
    assert!(catch_unwind(AssertUnwindSafe(failing)).is_err());
    assert_eq!((under_way(&cache), held(&cache)), (0, 1));
    assert!(
        cache
            .try_get_or_insert_with(&1, || Ok::<_, ()>(Fragile(false)))
            .is_ok()
    );
}
