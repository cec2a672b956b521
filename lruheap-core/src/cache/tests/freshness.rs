//! Values near their end and past it: recomputed early, served while one caller renews
//! them, and in the place of an error.

use std::cell::OnceCell;
use std::pin::Pin;

use super::*;
use crate::random;

type Numbers = Cache<u32, u32>;

const SECOND: u64 = 1_000_000_000;

/// A cache with one entry, 1 → 1, that took so long to compute.
fn computed<K: Numbered + Hash + Eq>(
    builder: CacheBuilder,
    time: &Time,
    cost: u64,
) -> Cache<K, u32> {
    let cache: Cache<K, u32> = builder.build();
    let value = cache.get_or_insert_with(&K::of(1), || {
        time.advance(cost);
        1
    });
    assert_eq!(value, 1);
    cache
}

/// Whether a call runs its body, which fails: the entry stays as it is.
fn runs<K: Numbered + Hash + Eq>(cache: &Cache<K, u32>) -> bool {
    cache.try_get_or_insert_with(&K::of(1), || Err(())).is_err()
}

/// What a cache keeps, whether it is shown or not.
fn held<K, V>(cache: &Cache<K, V>) -> usize {
    cache.engine.inspect(|state| state.store.len())
}

type Calling<'a, V> = Pin<Box<dyn Future<Output = V> + 'a>>;

fn poll<V>(calling: &mut Calling<'_, V>) -> Poll<V> {
    calling
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// A call whose body waits until it is told what to return.
fn call<'a>(
    cache: &'a Numbers,
    told: &'a OnceCell<Result<u32, ()>>,
) -> Calling<'a, Result<u32, ()>> {
    let body = move || {
        poll_fn(move |_| {
            told.get()
                .map_or(Poll::Pending, |result| Poll::Ready(*result))
        })
    };
    Box::pin(cache.try_get_or_insert_with_async(&1, body))
}

/// A call that is not to run its body.
fn answered(cache: &Numbers) -> Result<u32, ()> {
    cache.try_get_or_insert_with(&1, || unreachable!("another computes, or nobody has to"))
}

mod near_the_end {
    use super::*;

    const TRIALS: u32 = 20_000;

    fn chance_is_as_told<K: Numbered + Hash + Eq>(
        stale: u64,
        (beta, cost, left, chance): (f64, u64, u64, f64),
    ) {
        let time = Time::default();
        let builder = time.builder().ttl(nanoseconds(100 * SECOND));
        let builder = builder.xfetch(beta).stale(nanoseconds(stale));
        let cache = computed::<K>(builder, &time, cost);
        time.advance(100 * SECOND - left);
        let run = (0..TRIALS).filter(|_| runs(&cache)).count();
        #[allow(clippy::cast_precision_loss)]
        let share = run as f64 / f64::from(TRIALS);
        let sigma = (chance * (1.0 - chance) / f64::from(TRIALS)).sqrt();
        assert!(
            (share - chance).abs() <= 3.0 * sigma,
            "{share} and not {chance}, with beta {beta}, cost {cost}, {left} left"
        );
        let info = cache.info();
        assert_eq!(
            (info.misses, info.hits),
            (1 + run as u64, (TRIALS as usize - run) as u64)
        );
        assert_eq!((info.currsize, info.stale), (1, 0));
        assert_eq!(cache.ttl(&K::of(1)), Some(nanoseconds(left)));
    }

    #[test]
    fn the_chance_of_recomputing_early_is_that_of_the_paper() {
        random::seed(1);
        let (tenth, half) = (SECOND / 10, SECOND / 2);
        for case in [
            (1.0, SECOND, tenth, 0.904_837),
            (1.0, SECOND, SECOND, 0.367_879),
            (1.0, SECOND, 5 * SECOND, 0.006_738),
            (2.0, SECOND, tenth, 0.951_229),
            (2.0, SECOND, SECOND, 0.606_531),
            (2.0, SECOND, 5 * SECOND, 0.082_085),
            (2.0, half, SECOND, 0.367_879),
            (0.5, 4 * SECOND, SECOND, 0.606_531),
        ] {
            chance_is_as_told::<u32>(0, case);
            // What comes after the end does not put it off.
            chance_is_as_told::<Clashing>(50 * SECOND, case);
        }
    }

    /// Where each call recomputes, as long as the entry has cost anything.
    const ALWAYS: f64 = f64::MAX;

    fn eager(time: &Time) -> CacheBuilder {
        time.builder().ttl(nanoseconds(10)).xfetch(ALWAYS)
    }

    #[test]
    fn what_cost_nothing_is_never_recomputed_early() {
        let time = Time::default();
        let computed = computed::<u32>(eager(&time), &time, 0);
        let inserted: Numbers = eager(&time).build();
        inserted.insert(1, 1);
        inserted.get_or_insert_with(&2, || {
            time.advance(1);
            2
        });
        inserted.insert(2, 3); // in the place of what was dear
        time.advance(8);
        for _ in 0..1_000 {
            assert!(!runs(&computed) && !runs(&inserted));
            assert_eq!(inserted.get_or_insert_with(&2, || 4), 3);
        }
        time.advance(1);
        assert!(runs(&computed), "its time is up");
    }

    #[test]
    fn what_lives_for_ever_is_never_recomputed_early() {
        let time = Time::default();
        let for_ever = [
            time.builder().xfetch(ALWAYS),
            time.builder().xfetch(ALWAYS).tti(nanoseconds(10)),
            time.builder().xfetch(ALWAYS).ttl(Duration::MAX),
            time.builder()
                .xfetch(ALWAYS)
                .ttl(Duration::MAX)
                .tti(Duration::MAX),
            time.builder()
                .xfetch(ALWAYS)
                .stale(Duration::MAX)
                .stale_if_error(Duration::MAX),
        ];
        for builder in for_ever {
            let cache = computed::<u32>(builder, &time, 1_000 * SECOND);
            for _ in 0..100 {
                time.advance(1);
                assert!(!runs(&cache));
            }
        }
    }

    #[test]
    fn any_number_above_zero_will_do() {
        let time = Time::default();
        for (beta, expected) in [(f64::MIN_POSITIVE, false), (ALWAYS, true)] {
            let builder = time.builder().ttl(nanoseconds(SECOND)).xfetch(beta);
            let cache = computed::<u32>(builder, &time, 1);
            time.advance(SECOND - 1);
            assert!((0..1_000).all(|_| runs(&cache) == expected), "{beta}");
        }
    }

    #[test]
    fn who_can_not_compute_gets_the_value() {
        let time = Time::default();
        let cache = computed::<u32>(eager(&time), &time, 1);
        time.advance(9);
        for _ in 0..100 {
            assert_eq!((cache.get(&1), cache.peek(&1)), (Some(1), Some(1)));
        }
        assert!(runs(&cache));
    }

    #[test]
    fn one_caller_recomputes_and_the_others_get_hits() {
        in_time(|| {
            let time = Time::default();
            let cache = computed::<u32>(eager(&time), &time, 1);
            time.advance(9);
            let value = cache.get_or_insert_with(&1, || {
                assert_eq!(under_way(&cache), 1);
                assert_eq!(answered(&cache), Ok(1), "also in the middle of the body");
                thread::scope(|scope| {
                    for _ in 0..8 {
                        scope.spawn(|| assert_eq!(answered(&cache), Ok(1)));
                    }
                });
                2
            });
            assert_eq!((value, cache.peek(&1)), (2, Some(2)));
            assert_eq!(cache.ttl(&1), Some(nanoseconds(10)), "it begins anew");
            let info = cache.info();
            assert_eq!((info.hits, info.misses, info.stale), (9, 2, 0));
            time.advance(9);
            assert!(
                !runs(&cache),
                "what counts is the cost of the last time: none"
            );
        });
    }

    #[test]
    fn a_recomputation_that_fails_leaves_the_entry() {
        let time = Time::default();
        let cache = computed::<u32>(eager(&time), &time, 1);
        time.advance(4);
        assert!(runs(&cache), "an `Err` is returned");
        let panics = || cache.get_or_insert_with(&1, || resume_unwind(Box::new("in the body")));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        let never = OnceCell::new();
        let mut cancelled = call(&cache, &never);
        assert_eq!(poll(&mut cancelled), Poll::Pending);
        assert_eq!(answered(&cache), Ok(1), "while it is under way");
        drop(cancelled);
        assert_eq!(under_way(&cache), 0);
        assert_eq!(
            (cache.peek(&1), cache.ttl(&1)),
            (Some(1), Some(nanoseconds(6)))
        );
        assert!(runs(&cache), "the next caller has its try");
        time.advance(6);
        assert_eq!(cache.peek(&1), None);
    }

    #[test]
    fn callers_wait_for_it_when_the_time_is_up_before_it_is_done() {
        let time = Time::default();
        let cache = computed::<u32>(eager(&time), &time, 1);
        time.advance(9);
        let (first, other) = (OnceCell::new(), OnceCell::new());
        let mut first_call = call(&cache, &first);
        assert_eq!(poll(&mut first_call), Poll::Pending);
        assert_eq!(answered(&cache), Ok(1));
        time.advance(1);
        let mut waits = call(&cache, &other);
        assert_eq!(poll(&mut waits), Poll::Pending);
        assert_eq!(under_way(&cache), 1);
        first.set(Ok(2)).expect("told once");
        assert_eq!(poll(&mut first_call), Poll::Ready(Ok(2)));
        assert_eq!(poll(&mut waits), Poll::Ready(Ok(2)));
        assert_eq!((cache.info().hits, cache.info().misses), (2, 2));
    }

    #[test]
    fn a_value_that_does_not_stand_in_for_errors_is_recomputed_as_well() {
        let time = Time::default();
        let builder = eager(&time)
            .stale(nanoseconds(5))
            .stale_if_error(nanoseconds(20));
        let cache = computed::<u32>(builder, &time, 1);
        time.advance(9);
        let mut has_run = false;
        let value = cache.try_get_or_insert_with(&1, || {
            has_run = true;
            Err(())
        });
        assert_eq!((value, has_run), (Ok(1), true), "it is still good");
        assert_eq!(cache.ttl(&1), Some(nanoseconds(1)));
    }
}

/// What a call finds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finds {
    /// A value that is still good.
    Hit,
    /// One that others get while this call computes.
    Stale,
    /// None that anyone gets without computing.
    Nothing,
}

/// Makes a call that fails, in the middle of which there is another. Says what the first
/// finds, and what it returns in the place of the error.
fn failing<K: Numbered + Hash + Eq>(cache: &Cache<K, u32>) -> (Finds, Option<u32>) {
    let mut finds = Finds::Hit;
    let result = cache.try_get_or_insert_with(&K::of(1), || {
        finds = Finds::Stale;
        let _ = cache.try_get_or_insert_with(&K::of(1), || {
            finds = Finds::Nothing;
            Err(())
        });
        Err(())
    });
    (finds, result.ok())
}

/// Ages, and what a call gives at each.
type Steps = [(u64, (Finds, Option<u32>))];

/// Whether a value with a ttl of 10, however it was stored, goes these steps.
fn goes<K: Numbered + Hash + Eq>((stale, if_error, steps): (u64, u64, &Steps)) {
    type Store<K> = fn(&Cache<K, u32>);
    let ways: [Store<K>; 3] = [
        |cache| cache.insert(K::of(1), 1),
        |cache| cache.insert_with_ttl(K::of(1), 1, nanoseconds(10)),
        |cache| _ = cache.get_or_insert_with(&K::of(1), || 1),
    ];
    for (way, store) in ways.into_iter().enumerate() {
        let time = Time::default();
        let ttl = nanoseconds(if way == 1 { 1_000 } else { 10 });
        let builder = time.builder().ttl(ttl);
        let builder = builder
            .stale(nanoseconds(stale))
            .stale_if_error(nanoseconds(if_error));
        let cache: Cache<K, u32> = builder.build();
        store(&cache);
        let mut age = 0;
        for &(at, expected) in steps {
            time.advance(at - age);
            age = at;
            let live = cache.contains(&K::of(1));
            assert_eq!(live, at < 10, "at {at} of {stale} and {if_error}");
            assert_eq!(
                failing(&cache),
                expected,
                "at {at} of {stale} and {if_error}"
            );
            validate(&cache);
            assert_eq!(under_way(&cache), 0);
        }
        assert_eq!(held(&cache), 0, "nothing is kept beyond its windows");
        assert_eq!(cache.info().expirations, 1);
    }
}

#[test]
fn at_the_age_of_its_ttl_a_value_is_past_it_and_so_at_the_end_of_each_window() {
    use Finds::{Hit, Nothing, Stale};

    let (yes, no) = (Some(1), None);
    let cases: [(u64, u64, &Steps); 6] = [
        (0, 0, &[(9, (Hit, yes)), (10, (Nothing, no))]),
        (
            5,
            0,
            &[
                (9, (Hit, yes)),
                (10, (Stale, no)),
                (14, (Stale, no)),
                (15, (Nothing, no)),
            ],
        ),
        (
            0,
            5,
            &[
                (9, (Hit, yes)),
                (10, (Nothing, yes)),
                (14, (Nothing, yes)),
                (15, (Nothing, no)),
            ],
        ),
        (
            5,
            5,
            &[(10, (Stale, yes)), (14, (Stale, yes)), (15, (Nothing, no))],
        ),
        (
            5,
            20,
            &[
                (9, (Hit, yes)),
                (10, (Stale, yes)),
                (14, (Stale, yes)),
                (15, (Nothing, yes)),
                (29, (Nothing, yes)),
                (30, (Nothing, no)),
            ],
        ),
        (
            20,
            5,
            &[
                (9, (Hit, yes)),
                (10, (Stale, yes)),
                (14, (Stale, yes)),
                (15, (Stale, no)),
                (29, (Stale, no)),
                (30, (Nothing, no)),
            ],
        ),
    ];
    for case in cases {
        goes::<u32>(case);
        goes::<Clashing>(case);
    }
}

mod past_the_end {
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
}

mod in_the_place_of_an_error {
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
}

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
