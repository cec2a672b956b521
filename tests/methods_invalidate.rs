//! `#[cache_invalidate]`: nothing that was computed before a change is there after
//! it, however the method ends; and nothing else is touched.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use common::{YieldNow, block_on, four, poll_once};
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
