//! Recomputed early, by one caller, with the chance of the paper.

use super::*;
use crate::random;

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
    assert!(runs(&cache));
    let failing = cache.try_get_or_insert_with(&1, || Err("an error"));
    assert_eq!(failing, Ok(1), "the value is still good");
    assert_eq!(cache.info().stale, 0);
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
