//! `tags(…)` and `lruheap::invalidate_tag`: groups of entries in any caches, which go
//! together. Tags are known in the whole process, so each test has its own.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Display;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, invalidate_tag, lru_cache};

/// Misses and invalidations of a function.
macro_rules! counted {
    ($($function:tt)+) => {{
        let info = $($function)+::cache_info();
        (info.misses, info.invalidations)
    }};
}

mod everywhere {
    use super::*;

    #[lru_cache(tags(format!("course:{id}"), "courses"))]
    fn title(id: u32) -> String {
        format!("Course {id}")
    }

    #[lru_cache(tags("courses", format!("teacher:{name}")))]
    fn taught_by<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(name: T) -> String {
        format!("by {name}")
    }

    #[lru_cache(tags(format!("course:{id}")))]
    async fn later(id: u32) -> u32 {
        YieldNow::default().await;
        id
    }

    #[lru_cache]
    fn without(id: u32) -> u32 {
        id
    }

    #[derive(CacheHost, Default)]
    struct School {
        name: &'static str,
        caches: InstanceCaches,
    }

    trait Place {
        fn rooms(&self, id: u32) -> u32;
    }

    impl School {
        #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
        fn own(&self, id: u32) -> u32 {
            id
        }

        #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
        fn tracked(self: &Arc<Self>, id: u32) -> u32 {
            id
        }

        #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
        fn tracked_by_value(self: Arc<Self>, id: u32) -> u32 {
            id
        }

        #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
        fn keyed(#[key(self.name)] &self, id: u32) -> u32 {
            id
        }

        #[lru_cache(tags(format!("course:{id}"), "courses", self.name))]
        fn shared(#[key(skip)] &self, id: u32) -> u32 {
            id
        }

        #[lru_cache(tags(format!("course:{id}"), format!("{}:{of}", self.name)))]
        fn generic<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(
            &self,
            id: u32,
            of: T,
        ) -> String {
            format!("{id} {of}")
        }

        #[lru_cache(tags(format!("course:{id}"), self.name))]
        async fn later(&self, id: u32) -> u32 {
            YieldNow::default().await;
            id
        }
    }

    #[lru_cache]
    impl School {
        const ALL: &str = "courses";

        #[lru_cache(tags(Self::ALL, format!("course:{id}")))]
        fn associated(id: u32) -> u32 {
            id
        }
    }

    #[lru_cache]
    impl Place for School {
        #[lru_cache(tags(format!("course:{id}"), "courses"))]
        fn rooms(&self, id: u32) -> u32 {
            id
        }
    }

    /// Fills all caches for 1 and 2.
    fn fill(schools: &[Arc<School>; 2]) {
        for id in [1, 2] {
            let _ = (title(id), without(id), block_on(later(id)));
            let _ = (taught_by(id), taught_by(id.to_string()));
            School::associated(id);
            for school in schools {
                let _ = (
                    school.own(id),
                    school.tracked(id),
                    school.clone().tracked_by_value(id),
                );
                let _ = (school.keyed(id), school.shared(id), school.rooms(id));
                let _ = (
                    school.generic(id, 'x'),
                    school.generic(id, "y"),
                    block_on(school.later(id)),
                );
            }
        }
    }

    /// How many entries there are for 1 and 2.
    fn held(schools: &[Arc<School>; 2]) -> [usize; 2] {
        [1, 2].map(|id| {
            let mut all = vec![
                title::cache_contains(id),
                later::cache_contains(id),
                taught_by::<u32>::cache_contains(id),
                taught_by::<String>::cache_contains(id.to_string()),
                School::associated_cache().cache_contains((id,)),
                School::default().shared_cache().cache_contains((id,)),
            ];
            for school in schools {
                all.extend([
                    school.own_cache().cache_contains((id,)),
                    school.tracked_cache().cache_contains((id,)),
                    school.tracked_by_value_cache().cache_contains((id,)),
                    school.keyed_cache().cache_contains((id,)),
                    school.rooms_cache().cache_contains((id,)),
                    school.generic_cache::<char>().cache_contains((id, 'x')),
                    school.generic_cache::<&str>().cache_contains((id, "y")),
                    school.later_cache().cache_contains((id,)),
                ]);
            }
            all.into_iter().filter(|held| *held).count()
        })
    }

    #[test]
    fn just_those_entries_go_in_all_caches() {
        let school = |name| {
            let caches = InstanceCaches::new();
            Arc::new(School { name, caches })
        };
        let schools = [school("school a"), school("school b")];
        assert_eq!(invalidate_tag("courses"), 0, "before any call");
        fill(&schools);
        assert_eq!(held(&schools), [22, 22]);
        assert_eq!(
            invalidate_tag("course"),
            0,
            "no tag, but the beginning of one"
        );
        assert_eq!(invalidate_tag("course:1"), 20);
        assert_eq!(held(&schools), [2, 22], "those by teacher have another tag");
        assert_eq!(invalidate_tag("course:1"), 0);
        assert_eq!(invalidate_tag("teacher:1"), 2, "of each instantiation");

        // `shared` was computed by the first.
        assert_eq!(invalidate_tag("school a"), 6);
        assert_eq!(held(&schools), [0, 16]);
        assert_eq!(invalidate_tag("school b:x"), 1);
        assert_eq!(invalidate_tag("courses"), 10);
        assert_eq!(held(&schools), [0, 5]);
        assert_eq!(without::cache_info().currsize, 2);

        fill(&schools);
        assert_eq!(
            held(&schools),
            [22, 22],
            "they are computed anew, and tagged again"
        );
        assert_eq!(title::cache_info().invalidations, 2);
        assert_eq!(schools[0].own_cache().cache_info().invalidations, 2);
        assert_eq!(School::own_caches().cache_info().invalidations, 4);
        assert_eq!(without::cache_info().invalidations, 0);

        // An instance that has died is none of them.
        let [_, other] = schools;
        drop(other);
        assert_eq!(invalidate_tag("school b"), 2, "what is shared stays");
        assert_eq!(invalidate_tag("school a"), 12);
    }
}

mod expressions {
    use super::*;

    const CONSTANT: &str = "expressions";

    struct Own(String);

    impl AsRef<str> for Own {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }

    #[lru_cache(tags(
        CONSTANT,
        name,
        name.to_owned(),
        Cow::Borrowed(name),
        Cow::<str>::Owned(format!("{name}:cow")),
        Arc::<str>::from(format!("{name}:arc")),
        std::rc::Rc::<str>::from(format!("{name}:rc")),
        Box::<str>::from(format!("{name}:box")),
        Own(format!("{name}:own")),
        &&format!("{name}:reference"),
        "",
        concat!("expressions", ":é"),
    ))]
    fn of_all_types(name: &str) -> usize {
        name.len()
    }

    #[test]
    fn all_kinds_of_strings_are_tags() {
        let kinds = ["", ":cow", ":arc", ":rc", ":box", ":own", ":reference"];
        for kind in kinds {
            let _ = (
                of_all_types("expressions of a"),
                of_all_types("expressions of b"),
            );
            assert_eq!(
                invalidate_tag(&format!("expressions of a{kind}")),
                1,
                "{kind:?}"
            );
            assert!(!of_all_types::cache_contains("expressions of a"));
            assert!(of_all_types::cache_contains("expressions of b"));
        }
        for of_both in [CONSTANT, "", "expressions:é"] {
            let _ = (
                of_all_types("expressions of a"),
                of_all_types("expressions of b"),
            );
            assert_eq!(invalidate_tag(of_both), 2, "{of_both:?}");
        }
        assert_eq!(of_all_types::cache_info().currsize, 0);
    }

    #[test]
    fn the_body_has_the_arguments_and_they_are_moved_nowhere_else() {
        #[lru_cache(tags(id, names[0], format!("moved:{}", names.len())))]
        fn by_value(id: String, mut names: Vec<String>) -> Vec<String> {
            names.push(id);
            names
        }

        #[lru_cache(tags({ MADE.set(MADE.get() + 1); id }, key_of(*log)))]
        fn by_reference(id: &str, #[key(skip)] log: &mut usize) -> usize {
            *log += 1;
            id.len()
        }

        fn key_of(log: usize) -> String {
            format!("moved at {log}")
        }

        thread_local! {
            static MADE: Cell<u32> = const { Cell::new(0) };
        }

        let call = || by_value("moved a".into(), vec!["moved b".into()]);
        for tag in ["moved a", "moved b", "moved:1"] {
            assert_eq!([call(), call()].concat(), ["moved b", "moved a"].repeat(2));
            assert_eq!(invalidate_tag(tag), 1, "{tag}");
        }
        assert_eq!(by_value::cache_info().hits, 3);

        let mut log = 0;
        for _ in 0..3 {
            by_reference("moved c", &mut log);
        }
        assert_eq!(
            (log, MADE.get()),
            (1, 1),
            "made where the body runs, and on no hit"
        );
        assert_eq!(
            invalidate_tag("moved at 1"),
            0,
            "before the body, not after it"
        );
        assert_eq!(invalidate_tag("moved at 0"), 1);
    }

    #[test]
    fn one_that_panics_leaves_nothing_behind() {
        static IS_BROKEN: AtomicBool = AtomicBool::new(true);

        fn fragile(tag: &str) -> String {
            assert!(!IS_BROKEN.load(SeqCst), "no tag");
            format!("panics:{tag}")
        }

        #[lru_cache(tags("panics", fragile(id)))]
        fn plain(id: &str) -> usize {
            id.len()
        }

        #[lru_cache(tags("panics", fragile(id)))]
        async fn later(id: &str) -> usize {
            YieldNow::default().await;
            id.len()
        }

        let _watchdog = watchdog();
        IS_BROKEN.store(true, SeqCst);
        for _ in 0..3 {
            assert!(catch_unwind(|| plain("a")).is_err());
            assert!(catch_unwind(|| plain::cache_refresh("a")).is_err());
            assert!(catch_unwind(|| plain::cache_insert("a", 7)).is_err());
            assert!(catch_unwind(|| block_on(later("a"))).is_err());
        }
        assert_eq!(
            (plain::cache_info().currsize, later::cache_info().currsize),
            (0, 0)
        );
        assert_eq!(invalidate_tag("panics"), 0);
        IS_BROKEN.store(false, SeqCst);
        assert_eq!((plain("a"), block_on(later("a"))), (1, 1));
        IS_BROKEN.store(true, SeqCst);
        assert!(catch_unwind(|| plain::cache_refresh("a")).is_err());
        assert_eq!(
            (plain("a"), block_on(later("a"))),
            (1, 1),
            "what is there stays"
        );
        assert_eq!(invalidate_tag("panics:a"), 2);
    }

    #[test]
    fn one_that_calls_the_function_or_invalidates() {
        static CALLS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(tags(format!("calls:{}", if n == 0 { 0 } else { recursive(n - 1) })))]
        fn recursive(n: u32) -> u32 {
            CALLS.fetch_add(1, SeqCst);
            n
        }

        #[lru_cache(tags("invalidates", { invalidate_tag("invalidates"); "invalidates" }))]
        fn last(n: u32) -> u32 {
            n
        }

        let _watchdog = watchdog();
        assert_eq!((recursive(5), CALLS.load(SeqCst)), (5, 6));
        assert_eq!(invalidate_tag("calls:0"), 2);
        for n in 0..3 {
            last(n);
            assert_eq!(last::cache_info().currsize, 1, "that it had no tags yet");
        }
    }
}

mod under_way {
    use super::*;

    /// Every test has a body that does this in its middle.
    type Act = Mutex<Option<Box<dyn FnOnce() + Send>>>;

    fn act(act: &Act) {
        let now = act.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(now) = now {
            now();
        }
    }

    fn then(act: &Act, what: impl FnOnce() + Send + 'static) {
        *act.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(what));
    }

    #[test]
    fn what_is_being_computed_with_the_tag_is_not_stored() {
        static ACT: Act = Mutex::new(None);
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(tags("under way", format!("under way:{id}")))]
        fn run(id: u32) -> u32 {
            act(&ACT);
            id + RUNS.fetch_add(1, SeqCst)
        }

        let _watchdog = watchdog();
        for (tag, is_stored) in [
            ("under way", false),
            ("under way:0", false),
            ("under way:1", true),
            ("under", true),
        ] {
            for in_thread in [false, true] {
                let before = RUNS.load(SeqCst);
                let invalidate = move || assert_eq!(invalidate_tag(tag), 0, "none is stored");
                then(&ACT, move || {
                    if in_thread {
                        thread::spawn(invalidate).join().expect("no panic");
                    } else {
                        invalidate();
                    }
                });
                assert_eq!(run(0), before, "its caller gets it");
                assert_eq!(run::cache_contains(0), is_stored, "{tag}");
                assert_eq!(run(0), if is_stored { before } else { before + 1 });
                run::cache_remove(0);

                // As well where it is to replace something.
                assert_eq!(run(0), RUNS.load(SeqCst) - 1);
                then(&ACT, move || _ = invalidate_tag(tag));
                run::cache_refresh(0);
                assert_eq!(run::cache_contains(0), is_stored, "{tag}");
                run::cache_clear();
            }
        }
    }

    #[test]
    fn who_calls_after_the_invalidation_does_not_join() {
        static VALUE: AtomicU32 = AtomicU32::new(1);
        static STEPS: Barrier = Barrier::new(2);

        #[lru_cache(tags("joined"))]
        fn read(id: u32) -> u32 {
            let value = VALUE.load(SeqCst) + id;
            if value == 1 {
                STEPS.wait();
                STEPS.wait();
            }
            value
        }

        let _watchdog = watchdog();
        thread::scope(|scope| {
            let old = scope.spawn(|| read(0));
            STEPS.wait();
            VALUE.store(2, SeqCst);
            assert_eq!(invalidate_tag("joined"), 0);
            assert_eq!(read(0), 2, "the other is still in the middle");
            STEPS.wait();
            assert_eq!(old.join().expect("no panic"), 1);
        });
        assert_eq!((read(0), counted!(read)), (2, (2, 0)));
    }

    #[test]
    fn a_future_under_way_is_not_stored() {
        static RUNS: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(tags("awaited"))]
        async fn run(id: u32) -> u32 {
            let run = RUNS.fetch_add(1, SeqCst);
            YieldNow::default().await;
            id + run
        }

        let _watchdog = watchdog();
        let (mut first, mut waits) = (Box::pin(run(0)), Box::pin(run(0)));
        assert!(poll_once(&mut first).is_pending() && poll_once(&mut waits).is_pending());
        assert_eq!(invalidate_tag("awaited"), 0);
        let mut second = Box::pin(run(0));
        assert!(poll_once(&mut second).is_pending());
        assert_eq!(block_on(first), 0);
        assert!(!run::cache_contains(0));
        assert_eq!(block_on(second), 1);
        assert!(block_on(waits) <= 1, "it came before the invalidation");
        assert_eq!(block_on(run(0)), 1);
    }

    #[test]
    fn methods_of_every_kind_are_not_stored() {
        #[derive(CacheHost, Default)]
        struct Host {
            act: Act,
            caches: InstanceCaches,
        }

        impl Host {
            #[lru_cache(tags("in methods"))]
            fn own(&self) -> u32 {
                act(&self.act);
                1
            }

            #[lru_cache(tags("in methods"))]
            fn tracked(self: Arc<Self>) -> u32 {
                act(&self.act);
                1
            }

            #[lru_cache(tags("in methods"))]
            fn shared(#[key(skip)] &self) -> u32 {
                act(&self.act);
                1
            }
        }

        let host = Arc::new(Host::default());
        let calls: [fn(&Arc<Host>) -> u32; 3] = [
            |host| host.own(),
            |host| host.clone().tracked(),
            |host| host.shared(),
        ];
        for call in calls {
            then(&host.act, || assert_eq!(invalidate_tag("in methods"), 0));
            call(&host);
            assert_eq!(invalidate_tag("in methods"), 0, "it was not stored");
            call(&host);
            assert_eq!(invalidate_tag("in methods"), 1);
        }
    }

    #[test]
    fn a_body_inside_another_takes_its_tags_with_it() {
        static ACT: Act = Mutex::new(None);

        #[lru_cache(tags("inner"))]
        fn inner(n: u32) -> u32 {
            act(&ACT);
            n
        }

        #[lru_cache(tags("outer"))]
        fn outer(n: u32) -> u32 {
            inner(n)
        }

        then(&ACT, || _ = invalidate_tag("outer"));
        outer(1);
        assert_eq!(
            (inner::cache_contains(1), outer::cache_contains(1)),
            (true, false)
        );
        inner::cache_clear();
        then(&ACT, || _ = invalidate_tag("inner"));
        outer(1);
        assert_eq!(
            (inner::cache_contains(1), outer::cache_contains(1)),
            (false, true)
        );
    }
}

mod as_entries_go {
    use super::*;

    static CLOCK: Mutex<()> = Mutex::new(());

    fn my_turn() -> MutexGuard<'static, ()> {
        CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(seconds: u64) {
        lruheap_core::testing::advance(Duration::from_secs(seconds));
    }

    #[test]
    fn evicted_removed_cleared_and_shrunk() {
        #[lru_cache(maxsize = 4, tags("going", format!("going:{n}")))]
        fn same(n: u32) -> u32 {
            n
        }

        let tag = |n: u32| invalidate_tag(&format!("going:{n}"));
        for n in 0..10 {
            same(n);
        }
        assert_eq!((0..6).map(tag).sum::<usize>(), 0, "evicted");
        assert_eq!(tag(7), 1);
        assert_eq!(same::cache_remove(9), Some(9));
        assert_eq!(
            (tag(9), tag(8)),
            (0, 1),
            "the last took the place of another"
        );
        assert_eq!(same::cache().entries(), [((6,), 6)]);
        let _ = (same(1), same(2), same(3));
        same::cache_resize(1);
        assert_eq!((tag(1), tag(2), tag(6), tag(3)), (0, 0, 0, 1));
        same::cache_resize(4);
        let _ = (same(1), same(2));
        same::cache_clear();
        assert_eq!((invalidate_tag("going"), tag(1)), (0, 0));
        assert_eq!(same::cache_info().invalidations, 0);
        let _ = (same(1), same(2));
        same::cache_resize(0);
        same(3);
        assert_eq!(invalidate_tag("going"), 0);
        same::cache_resize(None);
        (0..100).for_each(|n| _ = same(n));
        assert_eq!((tag(99), tag(0), invalidate_tag("going")), (1, 1, 98));
    }

    #[test]
    fn expired() {
        #[lru_cache(ttl = 10, tags("expired", format!("expired:{n}")))]
        fn brief(n: u32) -> u32 {
            n
        }

        let _turn = my_turn();
        let _ = (brief(1), brief(2));
        advance(5);
        brief(3);
        advance(5);
        assert_eq!(brief::cache_purge(), 2);
        assert_eq!(invalidate_tag("expired:1"), 0);
        brief(1);
        assert_eq!(invalidate_tag("expired"), 2);
        let info = brief::cache_info();
        assert_eq!((info.expirations, info.invalidations), (2, 2));
    }

    #[test]
    fn expired_and_still_there() {
        #[lru_cache(ttl = 10, tags("still there"))]
        fn brief(n: u32) -> u32 {
            n
        }

        let _turn = my_turn();
        brief(1);
        advance(10);
        assert_eq!(invalidate_tag("still there"), 0);
        let info = brief::cache_info();
        assert_eq!((info.expirations, info.invalidations), (1, 0));
    }

    #[test]
    fn stale_ones_go_as_well_and_with_them_their_renewal() {
        static VALUE: AtomicU32 = AtomicU32::new(0);

        #[lru_cache(ttl = 10, stale = 5, stale_if_error = 20, tags("old"))]
        fn read(n: u32) -> Result<u32, u32> {
            match VALUE.load(SeqCst) {
                9 => Err(n),
                1 => {
                    assert_eq!(read(n), Ok(0), "there is an old one");
                    VALUE.store(2, SeqCst);
                    invalidate_tag("old");
                    assert_eq!(read(n), Ok(2), "there is none any more");
                    Ok(1)
                }
                value => Ok(value),
            }
        }

        let _turn = my_turn();
        let _watchdog = watchdog();
        assert_eq!(read(7), Ok(0));
        advance(10);
        VALUE.store(1, SeqCst);
        assert_eq!(read(7), Ok(1));
        assert_eq!(read::cache_peek(7), Some(2), "the newer one");
        VALUE.store(9, SeqCst);
        advance(10);
        assert_eq!(read(7), Ok(2));
        invalidate_tag("old");
        assert_eq!(read(7), Err(7), "nothing is left to stand in");
    }

    #[test]
    fn a_refresh_gives_the_tags_of_now() {
        static GROUP: AtomicU32 = AtomicU32::new(1);

        #[lru_cache(ttl = 10, tags(format!("group:{}", GROUP.load(SeqCst)), "grouped"))]
        fn member(n: u32) -> u32 {
            n
        }

        let of = |group: u32| invalidate_tag(&format!("group:{group}"));
        let _turn = my_turn();
        let _ = (member(1), member(2));
        GROUP.store(2, SeqCst);
        member::cache_refresh(1);
        assert_eq!((of(1), member::cache_contains(1)), (1, true));
        member(2);
        assert_eq!((of(2), of(1)), (2, 0));

        // The same by hand, and when time is up.
        member::cache_insert(3, 30);
        GROUP.store(3, SeqCst);
        member::cache_insert(3, 31);
        assert_eq!((of(2), of(3), of(3)), (0, 1, 0));
        let _ = (member(4), member(5));
        advance(10);
        GROUP.store(4, SeqCst);
        let _ = (member(4), member(5));
        assert_eq!((of(3), of(4)), (0, 2));
        assert_eq!(invalidate_tag("grouped"), 0);
    }

    #[test]
    fn what_is_not_kept_has_no_tags() {
        static VALUE: AtomicU32 = AtomicU32::new(1);

        #[lru_cache(cache_if = |value: &u32| *value > 0, tags("not kept"))]
        fn read(n: u32) -> u32 {
            n * VALUE.load(SeqCst)
        }

        #[lru_cache(tags("not kept"))]
        fn fails(n: u32) -> Result<u32, ()> {
            if VALUE.load(SeqCst) == 0 {
                Err(())
            } else {
                Ok(n)
            }
        }

        assert!(read(0) == 0 && read(1) == 1 && fails(1).is_ok());
        assert_eq!(invalidate_tag("not kept"), 2);
        assert!(read(1) == 1 && fails(1).is_ok());
        VALUE.store(0, SeqCst);
        assert!(read::cache_refresh(1) == 0 && fails::cache_refresh(1).is_err());
        assert_eq!(
            invalidate_tag("not kept"),
            1,
            "the refreshing that failed left it"
        );
        assert!(fails(1).is_err());
        assert_eq!(invalidate_tag("not kept"), 0);
    }

    #[test]
    fn instances_that_die_and_clones_that_begin_empty() {
        #[derive(CacheHost, Default, Clone)]
        struct Host {
            caches: InstanceCaches,
        }

        impl Host {
            #[lru_cache(tags("dying"))]
            fn own(&self, n: u32) -> u32 {
                n
            }

            #[lru_cache(tags("dying"))]
            fn tracked(self: &Arc<Self>, n: u32) -> u32 {
                n
            }

            #[cache_invalidate]
            fn change(&mut self) {}
        }

        let mut host = Host::default();
        let _ = (host.own(1), host.own(2));
        let clone = host.clone();
        assert_eq!(invalidate_tag("dying"), 2);
        let _ = (host.own(1), clone.own(1));
        drop(clone);
        assert_eq!(invalidate_tag("dying"), 1);
        host.own(1);
        host.change();
        assert_eq!(invalidate_tag("dying"), 0);
        let arc = Arc::new(host);
        let _ = (arc.tracked(1), arc.own(1));
        drop(arc);
        assert_eq!(invalidate_tag("dying"), 0);
    }
}

mod values_that_act {
    use super::*;

    #[test]
    fn a_drop_that_invalidates() {
        #[derive(Clone)]
        struct Chain(u32);

        impl Drop for Chain {
            fn drop(&mut self) {
                if IS_ON.load(SeqCst) {
                    DROPPED.fetch_add(1, SeqCst);
                    invalidate_tag("chain");
                    invalidate_tag(&format!("chain:{}", self.0 + 1));
                }
            }
        }

        #[lru_cache(tags(format!("chain:{n}")))]
        fn link(n: u32) -> Arc<Chain> {
            Arc::new(Chain(n))
        }

        static IS_ON: AtomicBool = AtomicBool::new(false);
        static DROPPED: AtomicUsize = AtomicUsize::new(0);

        let _watchdog = watchdog();
        (0..20).for_each(|n| drop(link(n)));
        IS_ON.store(true, SeqCst);
        assert_eq!(invalidate_tag("chain:10"), 1);
        assert_eq!(
            (DROPPED.load(SeqCst), link::cache_info().currsize),
            (10, 10)
        );
        assert_eq!(invalidate_tag("chain:0"), 1);
        assert_eq!((DROPPED.load(SeqCst), link::cache_info().currsize), (20, 0));
        IS_ON.store(false, SeqCst);
    }

    #[test]
    fn a_drop_that_calls_the_function() {
        struct Caller(u32);

        impl Drop for Caller {
            fn drop(&mut self) {
                if self.0 < 100 {
                    call(self.0 + 100);
                }
            }
        }

        #[lru_cache(tags("caller", format!("caller:{n}")))]
        fn call(n: u32) -> Arc<Caller> {
            Arc::new(Caller(n))
        }

        let _watchdog = watchdog();
        (0..5).for_each(|n| drop(call(n)));
        assert_eq!(invalidate_tag("caller"), 5);
        assert_eq!(
            call::cache_info().currsize,
            5,
            "stored while the others were dropped"
        );
        assert_eq!(invalidate_tag("caller:100"), 1);
        assert_eq!(invalidate_tag("caller"), 4);
    }

    #[test]
    fn a_drop_that_panics() {
        struct Panics(bool);

        impl Drop for Panics {
            fn drop(&mut self) {
                DROPPED.fetch_add(1, SeqCst);
                assert!(!self.0, "in the drop");
            }
        }

        #[lru_cache(tags("panicking drop", format!("panicking drop:{n}")))]
        fn value(n: u32) -> Arc<Panics> {
            Arc::new(Panics(n % 2 == 0))
        }

        #[lru_cache(tags("panicking drop"))]
        fn other(n: u32) -> u32 {
            n
        }

        static DROPPED: AtomicUsize = AtomicUsize::new(0);

        (0..6).for_each(|n| drop(value(n)));
        other(1);
        assert!(catch_unwind(|| invalidate_tag("panicking drop")).is_err());
        assert_eq!(DROPPED.load(SeqCst), 6, "the others as well");
        assert_eq!(
            (value::cache_info().currsize, other::cache_info().currsize),
            (0, 0)
        );
        assert_eq!(value::cache_info().invalidations, 6);
        (0..6).for_each(|n| drop(value(n)));
        assert_eq!(invalidate_tag("panicking drop:1"), 1);
        assert!(catch_unwind(|| invalidate_tag("panicking drop:2")).is_err());
        assert_eq!(value::cache_info().currsize, 4);
        assert!(catch_unwind(value::cache_clear).is_err());
        assert_eq!(invalidate_tag("panicking drop"), 0);
    }

    #[test]
    fn keys_that_are_the_users_own() {
        #[derive(Clone, Debug)]
        struct Key(u32);

        impl Hash for Key {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                state.write_u32(self.0 % 2);
            }
        }

        impl PartialEq for Key {
            fn eq(&self, other: &Self) -> bool {
                invalidate_tag("compared");
                self.0 == other.0
            }
        }

        impl Eq for Key {}

        #[lru_cache(tags("own keys", format!("own keys:{}", key.0)))]
        fn of_key(key: &Key) -> u32 {
            key.0
        }

        let _watchdog = watchdog();
        for _ in 0..2 {
            assert!((0..20).all(|n| of_key(&Key(n)) == n));
        }
        assert_eq!(four(of_key::cache_info()), (20, 20, Some(128), 20));
        assert_eq!(invalidate_tag("own keys:3"), 1);
        assert!((0..20).all(|n| of_key::cache_contains(&Key(n)) == (n != 3)));
        assert_eq!(invalidate_tag("own keys"), 19);
    }
}

mod beside_the_rest {
    use super::*;

    #[test]
    fn cache_invalidate_and_tags() {
        static PRICES: Mutex<[u32; 3]> = Mutex::new([10, 20, 30]);

        fn read(id: usize) -> u32 {
            PRICES.lock().unwrap_or_else(PoisonError::into_inner)[id]
        }

        #[lru_cache(tags(format!("price:{id}")))]
        fn price(id: usize) -> u32 {
            read(id)
        }

        #[lru_cache(tags(format!("price:{a}"), format!("price:{b}")))]
        fn both(a: usize, b: usize) -> u32 {
            read(a) + read(b)
        }

        #[cache_invalidate(price(id))]
        fn set(id: usize, to: u32) -> Result<usize, usize> {
            if to == 0 {
                return Err(id);
            }
            PRICES.lock().unwrap_or_else(PoisonError::into_inner)[id] = to;
            Ok(invalidate_tag(&format!("price:{id}")))
        }

        let fill = || {
            [
                price(0),
                price(1),
                both(0, 1),
                both(1, 2),
                both(0, 2),
                both(1, 1),
            ]
        };
        assert_eq!(fill(), [10, 20, 30, 50, 40, 40]);
        assert_eq!(set(0, 0), Err(0));
        assert_eq!(
            (price::cache_info().currsize, both::cache_info().currsize),
            (2, 4)
        );
        assert_eq!(set(1, 25), Ok(4));
        assert_eq!(
            (price::cache_info().currsize, both::cache_info().currsize),
            (1, 1)
        );
        assert_eq!(fill(), [10, 25, 35, 55, 40, 50]);
        assert_eq!(set(0, 11), Ok(3));
        assert_eq!(fill(), [11, 25, 36, 55, 41, 50]);
        assert_eq!(counted!(price), (4, 2));
        assert_eq!(counted!(both), (9, 5));
    }

    #[test]
    fn by_hand_through_the_controls() {
        #[lru_cache(tags("by hand", format!("by hand:{n}")))]
        fn same(n: u32) -> u32 {
            n
        }

        #[derive(CacheHost, Default)]
        struct Host {
            name: String,
            caches: InstanceCaches,
        }

        impl Host {
            #[lru_cache(tags(self.name, format!("by hand:{n}")))]
            fn own(&self, n: u32) -> u32 {
                n
            }
        }

        let host = Host {
            name: "by hand".into(),
            ..Host::default()
        };
        same::cache_insert(1, 10);
        host.own_cache().cache_insert((1,), 10);
        assert_eq!((same(1), host.own(1)), (10, 10));
        assert_eq!(invalidate_tag("by hand:1"), 2);
        same::cache_refresh(2);
        host.own_cache().cache_refresh((2,));
        assert_eq!(invalidate_tag("by hand"), 2);
        same::cache_insert(3, 30);
        same::cache_remove(3);
        host.own_cache().cache_insert((3,), 30);
        host.own_cache().cache_clear();
        assert_eq!(invalidate_tag("by hand"), 0);
        assert_eq!(same::uncached(4) + host.own_uncached(4), 8);
        assert_eq!(invalidate_tag("by hand:4"), 0);
    }

    #[test]
    fn counters_say_what_went_by_tag() {
        #[lru_cache(maxsize = 3, tags("figures", format!("figures:{}", n % 2)))]
        fn same(n: u32) -> u32 {
            n
        }

        (0..4).for_each(|n| _ = same(n));
        same(3);
        assert_eq!(invalidate_tag("figures:1"), 2);
        assert_eq!(same::cache_remove(2), Some(2));
        assert_eq!(invalidate_tag("figures"), 0);
        let info = same::cache_info();
        assert_eq!(four(info), (1, 4, Some(3), 0));
        assert_eq!(
            (info.evictions, info.invalidations, info.expirations),
            (1, 3, 0)
        );
    }
}

mod from_many_threads {
    use super::*;

    const KEYS: usize = 8;

    /// What is written, and the last of it whose invalidation is done.
    static WRITTEN: [AtomicU32; KEYS] = [const { AtomicU32::new(0) }; KEYS];
    static DONE: [AtomicU32; KEYS] = [const { AtomicU32::new(0) }; KEYS];

    fn read(id: usize) -> u32 {
        let value = WRITTEN[id].load(SeqCst);
        if value % 3 == 0 {
            thread::yield_now();
        }
        value
    }

    #[lru_cache(maxsize = 5, tags(format!("crowd:{id}"), "crowd"))]
    fn plain(id: usize) -> u32 {
        read(id)
    }

    #[lru_cache(tags(format!("crowd:{id}"), "crowd"), coalesce = false)]
    fn generic<T: Hash + Eq + Clone + Send + Sync + 'static>(id: usize, _of: T) -> Arc<u32> {
        Arc::new(read(id))
    }

    #[derive(CacheHost, Default)]
    struct Host {
        caches: InstanceCaches,
    }

    impl Host {
        #[lru_cache(tags(format!("crowd:{id}"), "crowd"))]
        fn own(&self, id: usize) -> u32 {
            read(id)
        }

        #[lru_cache(tags(format!("crowd:{id}"), "crowd"))]
        fn tracked(self: &Arc<Self>, id: usize) -> u32 {
            read(id)
        }

        #[lru_cache(ttl = 3600, stale = 10, tags(format!("crowd:{id}"), "crowd"))]
        async fn later(#[key(skip)] &self, id: usize) -> u32 {
            let value = read(id);
            YieldNow::default().await;
            value
        }
    }

    fn call(host: &Arc<Host>, way: usize, id: usize) -> u32 {
        match way {
            0 => plain(id),
            1 => *generic(id, 'x'),
            2 => *generic(id, 1_u8),
            3 => host.own(id),
            4 => host.tracked(id),
            5 => block_on(host.later(id)),
            _ => plain::cache_refresh(id),
        }
    }

    const WAYS: usize = 7;

    #[test]
    fn nothing_is_stale_after_an_invalidation() {
        let _watchdog = watchdog();
        let hosts: [Arc<Host>; 2] = Default::default();
        // So that every cache is known before the crowd comes.
        for host in &hosts {
            (0..WAYS).for_each(|way| _ = call(host, way, 0));
        }
        let work = |seed: u64| {
            let mut rng = fastrand::Rng::with_seed(seed);
            for _ in 0..3_000 {
                let (id, host) = (rng.usize(..KEYS), &hosts[rng.usize(..2)]);
                if rng.u32(..6) == 0 {
                    let new = WRITTEN[id].fetch_add(1, SeqCst) + 1;
                    if rng.u32(..8) == 0 {
                        invalidate_tag("crowd");
                    } else {
                        invalidate_tag(&format!("crowd:{id}"));
                    }
                    DONE[id].fetch_max(new, SeqCst);
                } else {
                    let done = DONE[id].load(SeqCst);
                    let way = rng.usize(..WAYS);
                    let value = call(host, way, id);
                    assert!(value >= done, "way {way} of {id}: {value}, and not {done}");
                }
            }
        };
        let work = &work;
        thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || work(seed))).collect();
            for thread in threads {
                thread.join().expect("nothing is stale");
            }
        });
        for (id, written) in WRITTEN.iter().enumerate() {
            for host in &hosts {
                for way in 0..WAYS {
                    assert_eq!(call(host, way, id), written.load(SeqCst), "way {way}");
                }
            }
        }
        let held = plain::cache_info().currsize
            + generic::<char>::cache_info().currsize
            + generic::<u8>::cache_info().currsize
            + Host::own_caches().cache_info().currsize
            + Host::tracked_caches().cache_info().currsize
            + hosts[0].later_cache().cache_info().currsize;
        assert_eq!(invalidate_tag("crowd"), held);
        assert_eq!(invalidate_tag("crowd"), 0);
        assert_eq!(plain::cache_info().currsize, 0);
    }

    #[test]
    fn invalidations_at_once_count_each_entry_once() {
        #[lru_cache(maxsize = None, tags("once", format!("once:{}", n % 4)))]
        fn same(n: u32) -> u32 {
            n
        }

        let _watchdog = watchdog();
        for round in 0..20 {
            (0..100).for_each(|n| _ = same(n));
            let start = Barrier::new(8);
            let removed: usize = thread::scope(|scope| {
                let invalidate = |tag: String| {
                    start.wait();
                    invalidate_tag(&tag)
                };
                let tag = |n: u32| {
                    if n < 4 {
                        format!("once:{n}")
                    } else {
                        "once".into()
                    }
                };
                let threads: Vec<_> = (0..8)
                    .map(|n| scope.spawn(move || invalidate(tag(n))))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().expect("no panic"))
                    .sum()
            });
            assert_eq!(removed, 100);
            assert_eq!(same::cache_info().invalidations, 100 * (round + 1));
        }
    }
}

#[test]
fn a_panic_in_the_body_leaves_no_tags() {
    static IS_BROKEN: AtomicBool = AtomicBool::new(true);

    #[lru_cache(tags("broken"))]
    fn fragile(n: u32) -> u32 {
        assert!(!IS_BROKEN.load(SeqCst));
        n
    }

    assert!(catch_unwind(AssertUnwindSafe(|| fragile(1))).is_err());
    assert_eq!(invalidate_tag("broken"), 0);
    IS_BROKEN.store(false, SeqCst);
    fragile(1);
    assert_eq!((invalidate_tag("broken"), counted!(fragile)), (1, (2, 1)));
}
