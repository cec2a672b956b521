//! Memoized methods wherever they may stand: generic `impl`s, traits, associated
//! functions, `async`, with surroundings that collide with what the macro writes.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::{YieldNow, block_on, four};
use lruheap::{CacheHost, InstanceCaches, cache, lru_cache};

#[derive(CacheHost, Default)]
struct Generic<T> {
    value: T,
    caches: InstanceCaches,
}

impl<T> Generic<T> {
    fn new(value: T) -> Self {
        Generic {
            value,
            caches: InstanceCaches::new(),
        }
    }
}

impl<T: Clone + Display + 'static> Generic<T> {
    #[lru_cache]
    fn show(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.value)
    }

    #[lru_cache]
    fn with<U, const N: usize>(&self, other: &U) -> String
    where
        U: Display + Hash + Eq + Clone + Send + Sync + 'static,
    {
        format!("{}{other}{N}", self.value)
    }
}

impl<T: Clone + Debug + Send + Sync + 'static> Generic<T>
where
    T: PartialEq,
{
    #[cache]
    fn twin(&self) -> (T, T) {
        (self.value.clone(), self.value.clone())
    }
}

#[lru_cache]
impl<T: Display + Default + Hash + Eq + Clone + Send + Sync + 'static> Generic<T> {
    const SIZE: usize = size_of::<T>();

    /// Without `self`.
    #[lru_cache(maxsize = 5)]
    fn size(extra: usize) -> usize {
        Self::SIZE + extra
    }

    #[cache]
    fn parse(text: &str, default: T) -> Result<Arc<T>, String> {
        if text.is_empty() {
            Err(default.to_string())
        } else {
            Ok(Arc::new(default))
        }
    }

    #[lru_cache]
    fn shared(#[key(skip)] &self, n: u32) -> String {
        format!("{}{n}", self.value)
    }

    #[lru_cache]
    fn keyed(#[key(self.value.clone())] &self, n: u32) -> String {
        format!("{}{n}", self.value)
    }

    #[lru_cache]
    fn counted(self: &Arc<Self>, n: u32) -> String {
        format!("{}{n}", self.value)
    }
}

#[test]
fn instantiations_share_nothing() {
    let (number, text) = (Generic::new(5), Generic::new("x"));
    assert_eq!(
        (number.show("a"), text.show("a")),
        ("a5".into(), "ax".into())
    );
    assert_eq!(number.with::<u8, 3>(&1), "513");
    assert_eq!(number.with::<u8, 4>(&1), "514");
    assert_eq!(number.with::<char, 3>(&'c'), "5c3");
    assert_eq!(
        four(number.with_cache::<u8, 3>().cache_info()),
        (0, 1, Some(128), 1)
    );
    assert_eq!(
        number.with_cache::<u8, 4>().cache_peek((&1,)).unwrap(),
        "514"
    );
    assert_eq!(Generic::<i32>::with_caches::<char, 3>().instances(), 1);
    assert_eq!(Generic::<&str>::with_caches::<char, 3>().instances(), 0);
    assert_eq!((number.twin(), text.twin()), ((5, 5), ("x", "x")));
    assert_eq!(Generic::<&str>::twin_caches().instances(), 1);
}

#[test]
fn associated_functions_of_generic_types() {
    assert_eq!(
        [
            Generic::<u8>::size(1),
            Generic::<u8>::size(1),
            Generic::<u64>::size(1)
        ],
        [2, 2, 9]
    );
    assert_eq!(
        four(Generic::<u8>::size_cache().cache_info()),
        (1, 1, Some(5), 1)
    );
    assert_eq!(Generic::<u64>::size_cache().cache_peek((1,)), Some(9));
    assert_eq!(Generic::<u64>::size_uncached(2), 10);
    assert_eq!(Generic::<u8>::parse("", 1), Err("1".into()));
    let kept = Generic::<u8>::parse("a", 1).unwrap();
    assert!(Arc::ptr_eq(&Generic::<u8>::parse("a", 1).unwrap(), &kept));
    assert_eq!(
        Generic::<u8>::parse_cache().cache_remove(("a", 1)),
        Some(kept)
    );
}

#[test]
fn instantiations_of_shared_and_counted_methods_share_nothing() {
    let (byte, long) = (Arc::new(Generic::new(1_u8)), Arc::new(Generic::new(2_u64)));
    assert_eq!((byte.shared(0), long.shared(0)), ("10".into(), "20".into()));
    assert_eq!(Generic::new(7_u8).shared(0), "10"); // by all instances of one
    assert_eq!(
        (byte.keyed(0), Generic::new(1_u64).keyed(0)),
        ("10".into(), "10".into())
    );
    assert_eq!(Generic::new(3_u8).keyed(0), "30");
    assert_eq!(Generic::new(1_u8).keyed(0), "10");
    assert_eq!(four(byte.keyed_cache().cache_info()), (1, 2, Some(128), 2));
    assert_eq!(
        (byte.counted(0), long.counted(0)),
        ("10".into(), "20".into())
    );
    assert_eq!(Generic::<u8>::counted_caches().instances(), 1);
    assert_eq!(
        (
            Generic::<u8>::shared_caches().instances(),
            Generic::<u16>::counted_caches().instances()
        ),
        (1, 0)
    );
}

struct User {
    id: u64,
    name: &'static str,
}

impl User {
    #[lru_cache]
    fn score(#[key(self.id)] &self, weight: u32) -> u64 {
        self.id * u64::from(weight) + self.name.len() as u64
    }

    #[lru_cache]
    fn version(#[key(skip)] &self) -> &'static str {
        self.name
    }
}

#[test]
fn one_cache_for_all_that_have_one_id() {
    let user = User { id: 3, name: "Ada" };
    assert_eq!(user.score(2), 9);
    assert_eq!(User { id: 3, name: "" }.score(2), 9);
    assert_eq!(User { id: 4, name: "" }.score(2), 8);
    assert_eq!(four(user.score_cache().cache_info()), (1, 2, Some(128), 2));
    assert_eq!(user.score_cache().cache_remove((2,)), Some(9)); // the id is the instance's
    assert!(User { id: 4, name: "" }.score_cache().cache_contains((2,)));
    assert_eq!(
        (user.version(), User { id: 0, name: "Bob" }.version()),
        ("Ada", "Ada")
    );
    assert_eq!(User::version_caches().cache_info().hits, 1);
}

trait Shape {
    type Unit: Debug + Default + Clone + Hash + Eq + Send + Sync + 'static;
    const SIDES: u32;
    fn area(&self, scale: u32) -> u32;
    fn unit(&self, unit: &Self::Unit) -> (Self::Unit, u32);
    fn name() -> String;
    fn sides(&self) -> u32 {
        Self::SIDES
    }
}

#[derive(CacheHost)]
struct Square(u32, InstanceCaches);

#[lru_cache]
impl Shape for Square {
    type Unit = String;
    const SIDES: u32 = 4;

    #[lru_cache]
    fn area(&self, scale: u32) -> u32 {
        self.0 * self.0 * scale * 10 + self.sides() + Self::SIDES
    }

    #[lru_cache]
    fn unit(&self, unit: &Self::Unit) -> (Self::Unit, u32) {
        (unit.clone(), self.area(1))
    }

    #[lru_cache]
    fn name() -> String {
        format!("{} sides", Self::SIDES)
    }
}

#[derive(CacheHost)]
struct Many<T>(T, InstanceCaches);

#[lru_cache]
impl<T: Debug + Default + Clone + Hash + Eq + Send + Sync + 'static> Shape for Many<T> {
    type Unit = T;
    const SIDES: u32 = 100;

    #[lru_cache]
    fn area(&self, scale: u32) -> u32 {
        scale * Self::SIDES
    }

    #[lru_cache]
    fn unit(&self, unit: &Self::Unit) -> (Self::Unit, u32) {
        (unit.clone(), u32::from(self.0 == *unit))
    }

    #[lru_cache]
    fn name() -> String {
        std::any::type_name::<T>().into()
    }
}

#[test]
fn methods_of_traits() {
    let square = Square(2, InstanceCaches::new());
    assert_eq!((square.area(2), square.area(2)), (88, 88));
    assert_eq!(square.unit(&"m".into()), ("m".into(), 48));
    assert_eq!(
        square.unit_cache().cache_peek((&"m".into(),)).unwrap().1,
        48
    );
    assert_eq!(four(square.area_cache().cache_info()), (1, 2, Some(128), 2));
    assert_eq!(
        (Square::name(), Square::name_cache().cache_info().misses),
        ("4 sides".into(), 1)
    );
    let many = Many(1_u8, InstanceCaches::new());
    assert_eq!(
        (many.area(2), many.unit(&1), many.unit(&2)),
        (200, (1, 1), (2, 0))
    );
    assert_eq!(
        (Many::<u8>::name(), Many::<u16>::name()),
        ("u8".into(), "u16".into())
    );
    assert_eq!(Many::<u8>::area_caches().instances(), 1);
    assert_eq!(Many::<u16>::area_caches().instances(), 0);
    // Through the trait, the same cache.
    fn area(shape: &dyn Fn(u32) -> u32) -> u32 {
        shape(2)
    }
    assert_eq!(area(&|scale| Shape::area(&square, scale)), 88);
    assert_eq!(square.area_cache().cache_info().hits, 2);
}

trait Named: CacheHost {
    fn name(&self) -> String;

    #[lru_cache]
    fn greeting(&self, loud: bool) -> String {
        if loud {
            self.name().to_uppercase()
        } else {
            self.name()
        }
    }
}

#[test]
fn default_methods_of_traits() {
    #[derive(CacheHost, Default)]
    struct First(InstanceCaches);
    #[derive(CacheHost, Default)]
    struct Second<'a>(&'a str, InstanceCaches);
    impl Named for First {
        fn name(&self) -> String {
            "first".into()
        }
    }
    impl Named for Second<'_> {
        fn name(&self) -> String {
            self.0.into()
        }
    }
    let (first, second) = (First::default(), Second("second", InstanceCaches::new()));
    assert_eq!(
        (first.greeting(true), second.greeting(true)),
        ("FIRST".into(), "SECOND".into())
    );
    assert_eq!(
        (first.greeting(true), second.greeting(false)),
        ("FIRST".into(), "second".into())
    );
    assert_eq!(
        four(first.greeting_cache().cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(
        (
            First::greeting_caches().instances(),
            Second::greeting_caches().cache_info().misses
        ),
        (1, 2)
    );
}

#[derive(CacheHost, Clone, PartialEq, Eq, Hash, Debug)]
struct Point<'a> {
    name: &'a str,
    x: i32,
    caches: InstanceCaches,
}

impl<'a> Point<'a> {
    #[lru_cache]
    fn matches(&self, word: &'a str, words: &[&'a str]) -> usize {
        self.name.matches(word).count() + words.len()
    }
}

#[derive(CacheHost, Clone, PartialEq, Eq, Hash, Debug)]
struct Number(i32, InstanceCaches);

impl Number {
    #[lru_cache]
    fn plus(&self, other: &Self, more: Option<Self>) -> Self {
        Number(
            self.0 + other.0 + more.map_or(0, |more| more.0),
            InstanceCaches::new(),
        )
    }
}

#[test]
fn types_that_borrow_and_self_in_signatures() {
    let text = String::from("a b a");
    let point = Point {
        name: &text,
        x: 1,
        caches: InstanceCaches::new(),
    };
    assert_eq!(
        (point.matches("a", &["b"]), point.matches("a", &["b"])),
        (3, 3)
    );
    assert_eq!((point.matches_cache().cache_info().hits, point.x), (1, 1));
    let number = |n| Number(n, InstanceCaches::new());
    let one = number(1);
    assert_eq!(one.plus(&number(2), None), number(3));
    assert_eq!(one.plus(&number(2), Some(number(4))), number(7));
    assert_eq!(one.plus(&number(2), None), number(3));
    assert!(
        one.plus_cache()
            .cache_contains((&number(2), Some(number(4))))
    );
    assert_eq!(one.plus_cache().cache_info().hits, 1);
}

#[derive(CacheHost, Default)]
struct Service {
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Service {
    #[lru_cache]
    async fn fetch(&self, url: &str) -> Result<String, String> {
        YieldNow::default().await;
        let run = self.runs.fetch_add(1, Relaxed);
        if url.is_empty() {
            Err(run.to_string())
        } else {
            Ok(format!("{url} {run}"))
        }
    }

    #[lru_cache]
    async fn fetch_shared(self: &Arc<Self>, n: u32) -> u32 {
        YieldNow::default().await;
        n + self.runs.fetch_add(1, Relaxed)
    }

    /// # Safety
    ///
    /// There is nothing to look after.
    #[allow(unsafe_code)]
    #[lru_cache]
    unsafe fn invert(&self, n: std::num::NonZeroU32) -> u32 {
        self.runs.fetch_add(1, Relaxed);
        u32::MAX / n
    }
}

#[test]
fn asynchronous_methods() {
    let service = Arc::new(Service::default());
    assert_eq!(block_on(service.fetch("")), Err("0".into()));
    assert_eq!(block_on(service.fetch("a")), Ok("a 1".into()));
    assert_eq!(block_on(service.fetch("a")), Ok("a 1".into()));
    assert_eq!(service.fetch_cache().cache_peek(("a",)), Some("a 1".into()));
    assert_eq!(block_on(service.fetch_refresh("a")), Ok("a 2".into()));
    assert_eq!(block_on(service.fetch_uncached("a")), Ok("a 3".into()));
    assert_eq!(
        four(service.fetch_cache().cache_info()),
        (1, 2, Some(128), 1)
    );
    assert_eq!(
        (
            block_on(service.fetch_shared(1)),
            block_on(service.fetch_shared(1))
        ),
        (5, 5)
    );
    assert_eq!(Arc::strong_count(&service), 1);
    fn is_send(future: impl Future + Send) {
        drop(future);
    }
    is_send(service.fetch("b"));
    drop(service.fetch("c")); // never polled: nothing happened
    assert_eq!(service.fetch_cache().cache_info().misses, 2);
}

#[test]
#[allow(unsafe_code)]
fn unsafe_methods() {
    let (service, two) = (Service::default(), std::num::NonZeroU32::new(2).unwrap());
    // SAFETY: there is nothing to look after.
    let values = unsafe {
        (
            service.invert(two),
            service.invert(two),
            service.invert_refresh(two),
        )
    };
    assert_eq!(values, (u32::MAX / 2, u32::MAX / 2, u32::MAX / 2));
    assert_eq!(
        (
            service.invert_cache().cache_info().hits,
            service.runs.load(Relaxed)
        ),
        (1, 2)
    );
}

/// Everything that generated code might call something.
#[derive(CacheHost, Default)]
struct Hostile {
    cache: u32,
    #[cache_host]
    key: InstanceCaches,
}

impl Hostile {
    #[lru_cache]
    fn cache(&self, host: u32, arguments: &str, ask: u8, self_: u8) -> usize {
        self.cache as usize + host as usize + arguments.len() + usize::from(ask + self_)
    }

    #[lru_cache]
    #[allow(clippy::used_underscore_binding)]
    fn key(&self, __host: u32, __arguments: u32, __ask: u32, __x: &str, __k: u8) -> u32 {
        self.cache + __host * 1000 + __arguments * 100 + __ask * 10 + u32::from(__k)
    }

    #[lru_cache]
    #[allow(clippy::used_underscore_binding)]
    fn home(&self, __self: u8, flight: u8, value: u8, result: u8, cache: u8, this: u8) -> u8 {
        __self + flight + value + result + cache + this + u8::from(self.cache > 5)
    }

    #[lru_cache]
    fn build(
        &self,
        control: &[u8],
        behind: Option<&str>,
        (a, b): (u8, u8),
        _: u8,
        mut m: u8,
    ) -> usize {
        m += a + b;
        control.len() + behind.map_or(0, str::len) + usize::from(m) + self.cache as usize
    }

    #[lru_cache]
    fn r#match(&self, r#type: u32) -> u32 {
        r#type + self.cache
    }

    #[lru_cache]
    fn instance_caches(&self) -> u32 {
        self.cache
    }

    #[lru_cache]
    fn clone(&self, refresh: fn(u8) -> u8) -> u8 {
        refresh(1) + u8::from(self.cache > 5)
    }
}

#[test]
fn names_that_collide() {
    let host = Hostile::default();
    for _ in 0..2 {
        assert_eq!(host.cache(1, "ab", 3, 4), 10);
        assert_eq!(host.key(1, 2, 3, "", 4), 1234);
        assert_eq!(host.home(1, 2, 3, 4, 5, 6), 21);
        assert_eq!(host.build(&[1], Some("a"), (1, 2), 3, 4), 9);
        assert_eq!(host.r#match(4), 4);
        assert_eq!(host.instance_caches(), 0);
        assert_eq!(host.clone(|n| n + 1), 2);
    }
    assert!(host.cache_cache().cache_contains((1, "ab", 3, 4)));
    assert_eq!(host.key_cache().cache_remove((1, 2, 3, "", 4)), Some(1234));
    assert_eq!(
        host.build_cache()
            .cache_refresh((&[1], Some("a"), (1, 2), 3, 5)),
        10
    );
    assert_eq!(
        (host.match_cache().cache_info().hits, host.match_uncached(5)),
        (1, 5)
    );
    assert_eq!(Hostile::home_caches().cache_info().hits, 1);
}

macro_rules! hosts {
    ($($host:ident($ty:ty) $method:ident $argument:ident $body:expr;)*) => {$(
        #[derive(CacheHost)]
        struct $host($ty, InstanceCaches);

        impl $host {
            #[lru_cache(maxsize = 2)]
            fn $method(&self, $argument: $ty) -> $ty {
                let other = self.0; // not the `other` of the call
                $body + other
            }
        }

        #[lru_cache]
        impl From<$ty> for $host {
            #[lru_cache(companion = made)]
            fn from(value: $ty) -> Self {
                $host(value, InstanceCaches::new())
            }
        }

        impl Clone for $host {
            fn clone(&self) -> Self {
                $host(self.0, InstanceCaches::new())
            }
        }
    )*};
}

hosts! {
    Byte(u8) add other other * 2;
    Word(u32) multiply by by * 10;
}

#[test]
fn written_by_a_macro() {
    let (byte, word) = (
        Byte(1, InstanceCaches::new()),
        Word(2, InstanceCaches::new()),
    );
    assert_eq!((byte.add(3), byte.add(3), word.multiply(3)), (7, 7, 32));
    assert_eq!(four(byte.add_cache().cache_info()), (1, 1, Some(2), 1));
    assert_eq!(
        (Byte::from(7).add(0), Byte::from(7).0, Word::from(7).0),
        (7, 7, 7)
    );
    assert_eq!(four(Byte::made_cache().cache_info()), (1, 1, Some(128), 1));
}

/// What a user's crate would export, for its lints.
pub mod api {
    use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

    /// A list.
    #[derive(CacheHost, Clone, Debug, Default)]
    pub struct List {
        items: Vec<u32>,
        caches: InstanceCaches,
    }

    impl List {
        /// The sum.
        #[lru_cache]
        #[must_use]
        #[inline]
        pub fn sum(&self, factor: u32) -> u32 {
            self.items.iter().sum::<u32>() * factor
        }

        /// Only in this crate.
        #[cfg(test)]
        #[lru_cache]
        pub(super) fn length(&self) -> usize {
            self.items.len()
        }

        #[cfg(any())]
        #[lru_cache]
        fn not_there(&self) -> NoSuchType {}

        /// Old.
        #[lru_cache]
        #[deprecated = "use `length`"]
        #[must_use]
        pub fn len_of(&self, text: &str) -> usize {
            self.items.len() + text.len()
        }

        /// Adds.
        ///
        /// # Errors
        ///
        /// If it is 0.
        #[cache_invalidate]
        pub fn push(&mut self, item: u32) -> Result<(), String> {
            if item == 0 {
                return Err("0".into());
            }
            self.items.push(item);
            Ok(())
        }
    }
}

#[test]
fn attributes_and_visibility_are_kept() {
    let mut list = api::List::default();
    assert_eq!(list.push(0), Err("0".into()));
    list.push(3).unwrap();
    assert_eq!((list.sum(2), list.length()), (6, 1));
    assert_eq!(list.length_cache().cache_info().misses, 1);
    #[allow(deprecated)]
    let length = list.len_of("a");
    assert_eq!(length, 2);
}
