//! Memoized methods of traits, written in the `impl` of a trait.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::fmt::Debug;
use std::hash::Hash;

use common::four;
use lruheap::{CacheHost, InstanceCaches, lru_cache};

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

mod far {
    pub(crate) trait Far {
        type Item: Default;
        const SIZE: usize;
        fn key(&self) -> u8 {
            1
        }
        fn sized(&self, n: usize) -> usize;
        fn keyed(&self) -> u8;
        fn large(&self, n: u8) -> Result<Self::Item, Self::Item>;
        fn all(&self, items: &[Self::Item]) -> Vec<Self::Item>;
    }
}

#[test]
fn a_trait_that_is_not_imported_by_name() {
    #[derive(CacheHost, Default)]
    struct Own(InstanceCaches);
    #[lru_cache]
    impl far::Far for Own {
        type Item = u8;
        const SIZE: usize = 3;
        #[lru_cache(maxsize = Self::SIZE)]
        fn sized(&self, n: usize) -> usize {
            Self::SIZE + n
        }
        #[lru_cache]
        fn keyed(#[key(self.key())] &self) -> u8 {
            self.key() + u8::try_from(Self::SIZE).unwrap()
        }
        #[lru_cache(cache_if = |v: &Self::Item| *v > 2)]
        fn large(&self, n: u8) -> Result<Self::Item, Self::Item> {
            if n == 0 {
                Err(Self::Item::default())
            } else {
                Ok(n)
            }
        }
        #[lru_cache]
        fn all(&self, items: &[Self::Item]) -> Vec<Self::Item> {
            items.to_vec()
        }
    }
    fn call(own: &impl far::Far<Item = u8>) {
        assert_eq!((own.sized(1), own.keyed()), (4, 4));
        assert_eq!(
            (own.large(0), own.large(1), own.large(3)),
            (Err(0), Ok(1), Ok(3))
        );
        assert_eq!(own.all(&[1, 2]), [1, 2]);
    }
    let own = Own::default();
    call(&own);
    call(&own);
    assert_eq!(four(own.sized_cache().cache_info()), (1, 1, Some(3), 1));
    assert_eq!(own.keyed_cache().cache_info().hits, 1);
    assert_eq!(four(own.large_cache().cache_info()), (1, 5, Some(128), 1));
    assert_eq!(own.all_cache().cache_peek((&[1, 2],)), Some(vec![1, 2]));
}

trait Look<'a> {
    type Out;
    fn look(&self, word: &'a str) -> Option<Self::Out>;
}

#[derive(CacheHost)]
struct Text<'a>(&'a str, InstanceCaches);

#[lru_cache]
impl<'a> Look<'a> for Text<'a> {
    type Out = usize;

    #[lru_cache]
    fn look(&self, word: &'a str) -> Option<Self::Out> {
        self.0.find(word)
    }
}

#[test]
fn a_trait_with_a_lifetime() {
    let (text, word) = (String::from("a b"), String::from("b"));
    let text = Text(&text, InstanceCaches::new());
    assert_eq!(
        (text.look(&word), text.look("b"), text.look("c")),
        (Some(2), Some(2), None)
    );
    assert_eq!(four(text.look_cache().cache_info()), (1, 2, Some(128), 2));
}

trait From2<T> {
    fn made(&self, from: T) -> T;
}

trait Loud {
    fn call(&self) -> String;
}

trait Quiet {
    fn call(&self) -> String;
}

#[derive(CacheHost, Default)]
struct Twice(InstanceCaches);

#[lru_cache]
impl From2<u8> for Twice {
    #[lru_cache]
    fn made(&self, from: u8) -> u8 {
        from + 1
    }
}

#[lru_cache]
impl From2<u16> for Twice {
    #[lru_cache(companion = wide)]
    fn made(&self, from: u16) -> u16 {
        from + 2
    }
}

#[lru_cache]
impl Loud for Twice {
    #[lru_cache]
    fn call(&self) -> String {
        "LOUD".into()
    }
}

#[lru_cache]
impl Quiet for Twice {
    #[lru_cache(companion = quiet)]
    fn call(&self) -> String {
        "quiet".into()
    }
}

#[test]
fn one_name_twice_on_one_type() {
    let twice = Twice::default();
    for _ in 0..2 {
        assert_eq!((twice.made(1_u8), twice.made(1_u16)), (2, 3));
        assert_eq!(
            (Loud::call(&twice), Quiet::call(&twice)),
            ("LOUD".into(), "quiet".into())
        );
    }
    assert_eq!(
        (
            twice.made_cache().cache_peek((1,)),
            twice.wide_cache().cache_peek((1,))
        ),
        (Some(2), Some(3))
    );
    assert_eq!(four(twice.call_cache().cache_info()), (1, 1, Some(128), 1));
    assert_eq!(twice.quiet_cache().cache_remove(()).unwrap(), "quiet");
    assert_eq!(Twice::wide_caches().cache_info().hits, 1);
}
