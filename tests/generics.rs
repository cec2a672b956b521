//! Generic functions: each instantiation has entries of its own, unless
//! `typed = false` compares arguments by what they say.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::marker::PhantomData;

use common::four;
use lruheap::{LooseKey, lru_cache};

#[test]
fn instantiations_never_share_entries() {
    #[lru_cache]
    fn show<T: Debug + Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> String {
        format!("{value:?} in {} bytes", size_of::<T>())
    }
    for _ in 0..2 {
        assert_eq!(show(1_u8), "1 in 1 bytes");
        assert_eq!(show(1_u64), "1 in 8 bytes");
        assert_eq!(show("1"), "\"1\" in 16 bytes");
    }
    assert_eq!(four(show::<u8>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(four(show::<u64>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(
        four(show::<&'static str>::cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(four(show::<u16>::cache_info()), (0, 0, Some(128), 0));
    show::<u8>::cache_clear();
    assert_eq!(show::<u8>::cache_info().currsize, 0);
    assert_eq!(show::<u64>::cache_peek(1), Some("1 in 8 bytes".to_owned()));
}

#[test]
fn const_parameters_never_share_entries() {
    #[lru_cache(maxsize = 2)]
    fn scaled<const N: usize>(n: usize) -> usize {
        n * N
    }
    #[lru_cache]
    fn length<T: Hash + Eq + Clone + Send + Sync + 'static, const N: usize>(
        list: [T; N],
        text: &[u8; N],
    ) -> usize {
        list.len() + text.len()
    }
    for _ in 0..2 {
        assert_eq!(scaled::<2>(5), 10);
        assert_eq!(scaled::<3>(5), 15);
        assert_eq!(length([1, 2], b"ab"), 4);
        assert_eq!(length([1, 2, 3], b"abc"), 6);
    }
    assert_eq!(four(scaled::<2>::cache_info()), (1, 1, Some(2), 1));
    assert_eq!(four(scaled::<3>::cache_info()), (1, 1, Some(2), 1));
    assert_eq!(four(length::<i32, 2>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(scaled::<2>::uncached(7), 14);
}

#[test]
fn a_parameter_that_only_the_result_names_makes_an_instantiation() {
    #[lru_cache]
    fn parse<T>(text: &str) -> Option<T>
    where
        T: std::str::FromStr + Clone + Send + Sync + 'static,
    {
        text.parse().ok()
    }
    assert_eq!((parse::<u8>("300"), parse::<u16>("300")), (None, Some(300)));
    assert_eq!((parse::<u8>("300"), parse::<u16>("300")), (None, Some(300)));
    assert_eq!(four(parse::<u8>::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn many_instantiations_are_told_apart() {
    #[lru_cache]
    fn size<T: 'static>(_marker: PhantomData<fn() -> T>) -> usize {
        size_of::<T>()
    }
    macro_rules! sizes {
        ($($ty:ty),*) => {[$((size::<$ty>(PhantomData), size::<$ty>(PhantomData), size_of::<$ty>(), size::<$ty>::cache_info().hits)),*]};
    }
    let sizes = sizes!(
        u8,
        u16,
        u32,
        u64,
        u128,
        i8,
        i16,
        i32,
        i64,
        i128,
        [u8; 3],
        [u8; 5],
        [u8; 6],
        [u8; 7],
        (),
        char,
        f32,
        f64,
        bool
    );
    for (first, second, size, hits) in sizes {
        assert_eq!((first, second, hits), (size, size, 1));
    }
}

#[test]
fn recursion_changes_the_instantiation() {
    #[lru_cache]
    fn describe<T: Display + Hash + Eq + Clone + Send + Sync + 'static>(
        value: T,
        deep: bool,
    ) -> String {
        if deep {
            format!("<{}>", describe(value.to_string(), false))
        } else {
            value.to_string()
        }
    }
    assert_eq!([describe(7_u8, true), describe(7_u8, true)], ["<7>", "<7>"]);
    assert_eq!(four(describe::<u8>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(four(describe::<String>::cache_info()), (0, 1, Some(128), 1));
}

/// Calls with each value; the sums of hits and misses.
macro_rules! calls {
    ($function:ident: $($ty:ty = $value:expr),*) => {{
        $($function::<$ty>($value);)*
        let infos = [$($function::<$ty>::cache_info()),*];
        (infos.map(|info| info.hits).iter().sum(), infos.map(|info| info.misses).iter().sum::<u64>())
    }};
}

#[test]
fn typed_true_and_unset_tell_one_from_one_point_zero() {
    /// A float that can be a key.
    #[derive(Clone, PartialEq)]
    struct Float(f64);
    impl Eq for Float {}
    impl Hash for Float {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.to_bits().hash(state);
        }
    }
    #[lru_cache(typed = true)]
    fn typed<T: Hash + Eq + Clone + Send + Sync + 'static>(_value: T) {}
    #[lru_cache]
    fn unset<T: Hash + Eq + Clone + Send + Sync + 'static>(_value: T) {}
    assert_eq!(calls!(typed: i32 = 1, Float = Float(1.0)), (0_u64, 2));
    assert_eq!(calls!(unset: i32 = 1, Float = Float(1.0)), (0_u64, 2));
    assert_eq!(calls!(typed: bool = true, u8 = 1), (0_u64, 2));
    assert_eq!(
        calls!(unset: (u8, (bool,)) = (1, (true,)), (u8, (u8,)) = (1, (1,))),
        (0_u64, 2)
    );
    assert_eq!(calls!(unset: i32 = 1, Float = Float(1.0)), (2_u64, 2));
}

#[test]
fn typed_false_takes_equal_numbers_for_one_key() {
    #[lru_cache(typed = false)]
    fn loose<T: LooseKey>(_value: T) -> u32 {
        7
    }
    loose(1);
    loose(1.0);
    assert_eq!(four(loose::<f64>::cache_info()), (1, 1, Some(128), 1));
    loose(true);
    loose(1_u8);
    loose(1_i128);
    loose(1.0_f32);
    assert_eq!(four(loose::<i32>::cache_info()), (5, 1, Some(128), 1));
    loose("1");
    loose('1');
    loose(1.5);
    loose(Some(1));
    loose((1,));
    loose([1]);
    assert_eq!(four(loose::<i32>::cache_info()), (5, 7, Some(128), 7));
    assert!(loose::<u64>::cache_contains(1));
    assert_eq!(loose::<bool>::cache_remove(true), Some(7));
    assert!(!loose::<u64>::cache_contains(1));
}

#[test]
fn typed_false_looks_into_tuples_and_at_every_argument() {
    #[lru_cache(typed = false)]
    fn nested<T: LooseKey>(_value: T) {}
    #[lru_cache(typed = false)]
    fn two<A: LooseKey, B: LooseKey>(_a: A, _b: B) {}
    #[lru_cache(typed = false)]
    fn opaque(_a: impl LooseKey, _b: &[impl LooseKey]) {}
    nested((1, (2, "x")));
    nested((1.0, (2_u8, String::from("x"))));
    nested((true, (2.0_f32, "x")));
    assert_eq!(four(nested::<u8>::cache_info()), (2, 1, Some(128), 1));
    nested(((1, 2), "x"));
    nested((1, 2, "x"));
    assert_eq!(four(nested::<u8>::cache_info()), (2, 3, Some(128), 3));
    two(1, 2.0);
    two(1.0, 2);
    two(true, 2_u64);
    assert_eq!(four(two::<u8, u8>::cache_info()), (2, 1, Some(128), 1));
    two(2, 1);
    assert_eq!(four(two::<u8, u8>::cache_info()), (2, 2, Some(128), 2));
    opaque(1, &[1.0, 2.0]);
    opaque(1.0, &[1, 2]);
    assert_eq!(four(opaque::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn derived_loose_keys_compare_by_name_and_fields() {
    #[derive(LooseKey)]
    struct Point<T> {
        x: T,
        y: T,
    }
    #[derive(LooseKey)]
    struct Size<T>(T, T);
    #[derive(LooseKey)]
    struct Unit;
    #[derive(LooseKey)]
    enum Shape<'a, T> {
        Dot,
        Circle { radius: T },
        Named(&'a str, T),
    }
    #[lru_cache(typed = false)]
    fn loose<T: LooseKey>(_value: T) {}
    loose(Point { x: 1, y: 2 });
    loose(Point { x: 1.0, y: 2.0 });
    assert_eq!(four(loose::<u8>::cache_info()), (1, 1, Some(128), 1));
    loose(Point { x: 2, y: 1 });
    loose(Size(1, 2));
    loose(Size(1_u8, 2));
    loose((1, 2));
    assert_eq!(four(loose::<u8>::cache_info()), (2, 4, Some(128), 4));
    loose::<u8>::cache_clear();
    loose(Unit);
    loose(Shape::<u8>::Dot);
    loose(Shape::<f64>::Dot);
    loose(Shape::Circle { radius: 1 });
    loose(Shape::Circle { radius: 1.0 });
    loose(Shape::Named("a", 1));
    loose(Shape::Named(&String::from("a"), true));
    assert_eq!(four(loose::<u8>::cache_info()), (3, 4, Some(128), 4));
}

#[test]
fn typed_changes_nothing_on_a_concrete_signature() {
    #[lru_cache(typed = true)]
    fn strict(n: u32) -> u32 {
        n
    }
    #[lru_cache(typed = false)]
    fn loose(n: u32) -> u32 {
        n
    }
    assert_eq!([strict(1), strict(1), loose(1), loose(1)], [1; 4]);
    assert_eq!(four(strict::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(four(loose::cache_info()), (1, 1, Some(128), 1));
}
