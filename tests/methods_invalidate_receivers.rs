//! `#[cache_invalidate]` by whatever receiver and from wherever, for methods of every
//! kind, and while others compute.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread;

use common::watchdog;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// No host: its methods are of other kinds.
struct Counted {
    value: AtomicU32,
}

impl Counted {
    fn new(value: u32) -> Self {
        Counted {
            value: AtomicU32::new(value),
        }
    }

    #[lru_cache]
    fn arc(self: &Arc<Self>, n: u32) -> u32 {
        self.value.load(Relaxed) + n
    }

    #[lru_cache]
    fn rc(self: Rc<Self>) -> Rc<u32> {
        self.value.load(Relaxed).into()
    }

    #[lru_cache]
    fn shared(#[key(skip)] &self) -> u32 {
        self.value.load(Relaxed)
    }

    #[lru_cache]
    fn keyed(#[key(self.value.load(Relaxed) % 2)] &self, n: u32) -> u32 {
        self.value.load(Relaxed) + n
    }

    #[cache_invalidate(arc, rc, shared, keyed)]
    fn set(&self, value: u32) {
        self.value.store(value, Relaxed);
    }

    #[cache_invalidate(arc)]
    fn set_by_arc(self: Arc<Self>, value: u32) {
        self.value.store(value, Relaxed);
    }

    #[cache_invalidate(rc)]
    fn set_by_rc(self: &Rc<Self>, value: u32) {
        self.value.store(value, Relaxed);
    }
}

#[test]
fn named_methods_of_other_kinds() {
    let (arc, other) = (Arc::new(Counted::new(2)), Arc::new(Counted::new(4)));
    let (rc, other_rc) = (Rc::new(Counted::new(2)), Rc::new(Counted::new(4)));
    arc.set(2); // before any call
    assert_eq!((arc.arc(1), other.arc(1)), (3, 5));
    assert_eq!((*Rc::clone(&rc).rc(), *Rc::clone(&other_rc).rc()), (2, 4));
    assert_eq!((arc.shared(), other.shared()), (2, 2));
    assert_eq!((arc.keyed(1), other.keyed(1)), (3, 3));
    arc.set(6);
    assert_eq!((arc.arc(1), arc.shared(), arc.keyed(1)), (7, 6, 7));
    assert_eq!((other.arc(1), other.arc_cache().cache_info().hits), (5, 1));
    rc.set(8);
    assert_eq!((*Rc::clone(&rc).rc(), *Rc::clone(&other_rc).rc()), (8, 4));
    assert_eq!(other_rc.rc_cache().cache_info().hits, 1);
    assert_eq!(arc.arc_cache().cache_info().misses, 1);

    Arc::clone(&arc).set_by_arc(10);
    assert_eq!(arc.arc(1), 11);
    rc.set_by_rc(12);
    assert_eq!(*Rc::clone(&rc).rc(), 12);
    assert_eq!((Arc::strong_count(&arc), Rc::strong_count(&rc)), (1, 1));
}

/// The body of `slow` tells that it has begun, and waits until it may end.
#[derive(CacheHost)]
struct Slow {
    value: AtomicU32,
    steps: Barrier,
    caches: InstanceCaches,
}

impl Slow {
    #[lru_cache]
    fn slow(&self) -> u32 {
        self.wait()
    }

    #[lru_cache]
    fn slow_arc(self: &Arc<Self>) -> u32 {
        self.wait()
    }

    #[lru_cache]
    fn slow_shared(#[key(skip)] &self) -> u32 {
        self.wait()
    }

    fn wait(&self) -> u32 {
        let value = self.value.load(Relaxed);
        if value == 1 {
            self.steps.wait();
            self.steps.wait();
        }
        value
    }

    #[cache_invalidate]
    fn set(&self, value: u32) {
        self.value.store(value, Relaxed);
    }

    #[cache_invalidate(slow, slow_arc, slow_shared)]
    fn set_named(&self, value: u32) {
        self.value.store(value, Relaxed);
    }
}

#[test]
fn what_is_being_computed_is_not_stored() {
    let _watchdog = watchdog();
    type Call = fn(&Arc<Slow>) -> u32;
    type Set = fn(&Slow, u32);
    let cases: [(Call, Set); 4] = [
        (|slow| slow.slow(), Slow::set),
        (|slow| slow.slow(), Slow::set_named),
        (|slow| slow.slow_arc(), Slow::set_named),
        (|slow| slow.slow_shared(), Slow::set_named),
    ];
    for (index, (call, set)) in cases.into_iter().enumerate() {
        let slow = Arc::new(Slow {
            value: AtomicU32::new(1),
            steps: Barrier::new(2),
            caches: InstanceCaches::new(),
        });
        thread::scope(|scope| {
            let early = scope.spawn(|| call(&slow));
            slow.steps.wait();
            set(&slow, 2);
            assert_eq!(call(&slow), 2, "case {index}: stored after the change");
            slow.steps.wait();
            assert_eq!(early.join().unwrap(), 1, "case {index}");
        });
        assert_eq!(call(&slow), 2, "case {index}: the early value was stored");
    }
}

/// A computation that begins before the change does and ends after its end, and one
/// that begins in its middle: both saw what is no more.
#[test]
fn what_began_in_the_middle_of_the_change_is_not_stored() {
    #[derive(CacheHost)]
    struct Pair {
        halves: [AtomicU32; 2],
        caches: InstanceCaches,
    }
    impl Pair {
        #[lru_cache]
        fn both(&self) -> [u32; 2] {
            [self.halves[0].load(Relaxed), self.halves[1].load(Relaxed)]
        }
        #[cache_invalidate]
        fn set(&self, value: u32, middle: impl FnOnce()) {
            self.halves[0].store(value, Relaxed);
            middle();
            self.halves[1].store(value, Relaxed);
        }
    }
    let _watchdog = watchdog();
    let pair = Pair {
        halves: [AtomicU32::new(1), AtomicU32::new(1)],
        caches: InstanceCaches::new(),
    };
    let (ask, asked) = channel();
    let (answer, answered) = channel();
    thread::scope(|scope| {
        let pair = &pair;
        scope.spawn(move || {
            for () in asked {
                answer.send(pair.both()).unwrap();
            }
        });
        pair.set(2, || {
            ask.send(()).unwrap();
            assert_eq!(answered.recv().unwrap(), [2, 1]); // in the middle, as it is
        });
        ask.send(()).unwrap();
        assert_eq!(answered.recv().unwrap(), [2, 2]);
        drop(ask);
    });
}

#[test]
fn a_builder_shows_no_old_values() {
    #[derive(CacheHost, Default)]
    struct Builder {
        x: u32,
        y: u32,
        caches: InstanceCaches,
    }
    impl Builder {
        #[lru_cache]
        fn sum(&self) -> u32 {
            self.x + self.y
        }
        #[cache_invalidate]
        fn with_x(self, x: u32) -> Self {
            Self { x, ..self }
        }
        #[cache_invalidate(sum)]
        fn with_y(mut self, y: u32) -> Self {
            self.y = y;
            self.sum();
            self.y += 1;
            self
        }
        #[cache_invalidate]
        fn checked(self, x: u32) -> Result<Self, Self> {
            let changed = Self { x, ..self };
            if x > 100 { Err(changed) } else { Ok(changed) }
        }
    }
    let builder = Builder::default(); // before any call
    let builder = builder.with_x(1);
    assert_eq!(builder.sum(), 1);
    let builder = builder.with_x(2);
    assert_eq!(builder.sum(), 2);
    let builder = builder.with_y(3);
    assert_eq!((builder.sum(), builder.x, builder.y), (6, 2, 4));
    let builder = builder.checked(200).err().unwrap();
    assert_eq!((builder.sum(), builder.y), (204, 4));
    let builder = builder.checked(7).ok().unwrap();
    assert_eq!(builder.sum(), 11);
    assert_eq!(builder.sum(), 11);
    assert_eq!(builder.sum_cache().cache_info().hits, 1);
}

mod elsewhere {
    use std::sync::Arc;

    #[derive(lruheap::CacheHost, Default)]
    pub(crate) struct Split {
        value: u32,
        caches: lruheap::InstanceCaches,
    }

    mod reads {
        use super::{Arc, Split};
        use lruheap::lru_cache;

        impl Split {
            #[lru_cache]
            pub(crate) fn value(&self) -> u32 {
                self.value
            }

            #[lru_cache(companion = other)]
            pub(crate) fn of_arc(self: &Arc<Self>) -> u32 {
                self.value
            }

            #[lru_cache]
            pub(in super::super) fn of_all(#[key(skip)] &self) -> u32 {
                self.value
            }
        }
    }

    mod writes {
        use super::Split;
        use lruheap::cache_invalidate;

        impl Split {
            #[cache_invalidate(value, other, of_all)]
            pub(crate) fn set(&mut self, value: u32) {
                self.value = value;
            }
        }
    }
}

#[test]
fn a_method_of_another_module() {
    let mut split = Arc::new(elsewhere::Split::default());
    assert_eq!((split.value(), split.of_arc(), split.of_all()), (0, 0, 0));
    // `get_mut` would ask that no `Weak` is left.
    let mut moved = Arc::try_unwrap(split).ok().unwrap();
    moved.set(2);
    split = Arc::new(moved);
    assert_eq!((split.value(), split.of_arc(), split.of_all()), (2, 2, 2));
}
