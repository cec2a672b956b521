//! Where the windows of an old value begin and end.

use super::*;

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
