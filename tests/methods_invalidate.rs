//! `#[cache_invalidate]`: nothing that was computed before a change is there after
//! it, however the method ends; and nothing else is touched.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[derive(CacheHost, Default)]
struct Data {
    values: Vec<u32>,
    title: String,
    shared: Mutex<u32>,
    caches: InstanceCaches,
}

impl Data {
    #[lru_cache]
    fn sum(&self) -> u32 {
        self.values.iter().sum()
    }

    #[lru_cache]
    fn above(&self, threshold: u32) -> Vec<u32> {
        let above = self.values.iter().copied().filter(|&x| x > threshold);
        above.collect()
    }

    #[lru_cache(companion = headed)]
    fn heading(&self, mark: &str) -> String {
        format!("{mark}{}", self.title)
    }

    #[lru_cache]
    fn locked(&self) -> u32 {
        *self.shared.lock().unwrap()
    }

    #[cache_invalidate]
    fn push(&mut self, value: u32) {
        self.values.push(value);
    }

    #[cache_invalidate(headed)]
    fn set_title(&mut self, title: &str) {
        self.title = title.into();
    }

    #[cache_invalidate(sum, above)]
    fn push_named(&mut self, value: u32) {
        self.values.push(value);
    }

    #[cache_invalidate]
    fn push_unless(&mut self, value: u32, limit: u32) -> bool {
        self.values.push(value);
        // Computed in the middle of the change.
        if self.sum() > limit {
            self.values.pop();
            return false;
        }
        true
    }

    #[cache_invalidate]
    fn parse(&mut self, text: &str) -> Result<usize, std::num::ParseIntError> {
        self.values.clear();
        self.sum();
        for word in text.split(' ') {
            self.values.push(word.parse()?);
        }
        Ok(self.values.len())
    }

    #[cache_invalidate]
    fn push_and_panic(&mut self, value: u32) {
        self.values.push(value);
        self.sum();
        panic!("after the change");
    }

    #[cache_invalidate]
    async fn push_later(&mut self, first: u32, second: u32) -> u32 {
        self.values.push(first);
        self.sum();
        YieldNow::default().await;
        self.values.push(second);
        self.sum()
    }

    #[cache_invalidate]
    fn first_mut(&mut self) -> &mut u32 {
        self.sum();
        &mut self.values[0]
    }

    #[cache_invalidate(above, sum)]
    fn find_mut<'a>(&'a mut self, title: &'a str) -> Option<(&'a mut u32, &'a str)> {
        self.title = title.into();
        self.values.iter_mut().next().map(|value| (value, title))
    }

    #[cache_invalidate]
    fn set_locked(&self, value: u32) {
        *self.shared.lock().unwrap() = value;
    }

    #[cache_invalidate]
    fn generic<T, const N: usize>(
        &mut self,
        values: [T; N],
    ) -> impl Iterator<Item = u32> + use<T, N>
    where
        T: Into<u32> + Copy,
    {
        self.values.extend(values.map(Into::into));
        values.map(Into::into).into_iter()
    }
}

fn data(values: &[u32]) -> Data {
    Data {
        values: values.to_vec(),
        title: "a".into(),
        ..Data::default()
    }
}

/// Fills all caches.
fn fill(data: &Data) {
    let _ = (data.sum(), data.above(1), data.heading("#"), data.locked());
}

/// Which caches hold something.
fn filled(data: &Data) -> [bool; 4] {
    [
        data.sum_cache().cache_contains(()),
        data.above_cache().cache_contains((1,)),
        data.headed_cache().cache_contains(("#",)),
        data.locked_cache().cache_contains(()),
    ]
}

#[test]
fn without_names_it_clears_all() {
    let (mut changed, other) = (data(&[1, 2]), data(&[1, 2]));
    fill(&changed);
    fill(&other);
    assert_eq!(filled(&changed), [true; 4]);
    changed.push(3);
    assert_eq!(filled(&changed), [false; 4]);
    assert_eq!((changed.sum(), changed.above(1)), (6, vec![2, 3]));
    // The counters began anew, as with `cache_clear`.
    assert_eq!(four(changed.sum_cache().cache_info()), (0, 1, Some(128), 1));
    assert_eq!((filled(&other), other.sum()), ([true; 4], 3));
    assert_eq!(other.sum_cache().cache_info().hits, 1);
}

#[test]
fn names_are_those_of_the_controls() {
    let mut data = data(&[1, 2]);
    fill(&data);
    data.set_title("b");
    assert_eq!(filled(&data), [true, true, false, true]);
    assert_eq!(data.heading("#"), "#b");
    data.push_named(3);
    assert_eq!(filled(&data), [false, false, true, true]);
    assert_eq!((data.sum(), data.above(1)), (6, vec![2, 3]));
}

#[test]
fn before_any_cached_call() {
    let mut data = data(&[1]);
    data.push(2);
    data.set_title("b");
    assert_eq!((data.sum(), data.heading("")), (3, "b".into()));
    // The body makes the first cached call.
    let mut data = self::data(&[1]);
    assert!(data.push_unless(2, 10));
    assert_eq!(filled(&data), [false; 4]);
    let mut data = self::data(&[1]);
    *data.first_mut() = 7;
    assert_eq!(data.sum(), 7);
}

#[test]
fn an_early_return() {
    let mut data = data(&[1, 2]);
    assert!(!data.push_unless(100, 10)); // computed 103 on the way
    assert_eq!((filled(&data), data.sum()), ([false; 4], 3));
    assert!(data.push_unless(4, 10));
    assert_eq!((filled(&data), data.sum()), ([false; 4], 7));
}

#[test]
fn an_error() {
    let mut data = data(&[1, 2]);
    fill(&data);
    assert!(data.parse("4 x").is_err());
    assert_eq!((data.sum(), data.above(1)), (4, vec![4]));
    assert_eq!(data.parse("1 2 3"), Ok(3));
    assert_eq!(data.sum(), 6);
}

#[test]
fn a_panic() {
    let mut data = data(&[1, 2]);
    fill(&data);
    let push = AssertUnwindSafe(|| data.push_and_panic(4));
    assert!(catch_unwind(push).is_err());
    assert_eq!((filled(&data), data.sum()), ([false; 4], 7));
}

#[test]
fn a_future_that_ends_and_one_that_is_dropped() {
    let mut data = data(&[1]);
    assert_eq!(block_on(data.push_later(2, 3)), 3); // the sum between the two changes
    assert_eq!((filled(&data), data.sum()), ([false; 4], 6));
    let mut future = Box::pin(data.push_later(10, 20));
    assert!(poll_once(&mut future).is_pending());
    drop(future);
    assert_eq!((filled(&data), data.sum()), ([false; 4], 16));
    drop(data.push_later(100, 200)); // never polled: no change
    assert_eq!(data.sum(), 16);
}

#[test]
fn a_borrow_of_the_instance_is_returned() {
    let mut data = data(&[1, 2]);
    fill(&data);
    *data.first_mut() = 5;
    assert_eq!((data.sum(), data.above(1)), (7, vec![5, 2]));
    let title = String::from("t");
    if let Some((first, _)) = data.find_mut(&title) {
        *first = 8;
    }
    assert_eq!((data.sum(), data.heading("")), (10, "t".into()));
}

#[test]
fn generic_methods() {
    let mut data = data(&[]);
    fill(&data);
    assert_eq!(data.generic([1_u8, 2]).sum::<u32>(), 3);
    assert_eq!(data.sum(), 3);
    assert_eq!(data.generic(["x".len() == 1]).count(), 1);
    assert_eq!(data.sum(), 4);
}

#[test]
fn a_change_behind_a_mutex() {
    let data = data(&[]);
    fill(&data);
    data.set_locked(3);
    assert_eq!((filled(&data), data.locked()), ([false; 4], 3));
}

trait Grow {
    fn grow(&mut self);
}

impl Grow for Data {
    #[cache_invalidate]
    fn grow(&mut self) {
        self.values.push(self.sum());
    }
}

trait Bump: CacheHost {
    fn value(&self) -> u32;
    fn value_mut(&mut self) -> &mut u32;

    #[lru_cache]
    fn doubled(&self) -> u32 {
        self.value() * 2
    }

    #[cache_invalidate]
    fn bump(&mut self) -> u32 {
        self.doubled();
        *self.value_mut() += 1;
        self.doubled()
    }
}

#[test]
fn methods_of_traits() {
    let mut data = data(&[1, 2]);
    fill(&data);
    data.grow();
    assert_eq!(data.sum(), 6);

    #[derive(CacheHost)]
    struct Own(u32, InstanceCaches);
    impl Bump for Own {
        fn value(&self) -> u32 {
            self.0
        }
        fn value_mut(&mut self) -> &mut u32 {
            &mut self.0
        }
    }
    let mut own = Own(1, InstanceCaches::new());
    assert_eq!((own.doubled(), own.bump(), own.doubled()), (2, 2, 4));
}

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
