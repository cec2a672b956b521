//! Computations under way with the tag, and those that come to nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use crate::common::clock::clock_stands;
use crate::common::{YieldNow, block_on, poll_once, watchdog};
use lruheap::{CacheHost, InstanceCaches, invalidate_tag, lru_cache};

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
    let _turn = clock_stands();
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
    let _turn = clock_stands();
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
    let _turn = clock_stands();
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
    let _turn = clock_stands();
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
    let _turn = clock_stands();
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

#[test]
fn a_panic_in_the_body_leaves_no_tags() {
    let _turn = clock_stands();
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
