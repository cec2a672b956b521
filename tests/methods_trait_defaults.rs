//! Memoized default methods, which stand in the trait: of plain and generic ones, and
//! of those that are used as `dyn`.

#![deny(missing_docs, warnings, clippy::pedantic)]
#![allow(clippy::items_after_statements, clippy::module_name_repetitions)] // types inside tests

mod common;

use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use common::four;
use lruheap::{CacheHost, InstanceCaches, lru_cache};

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

trait Scaled<T>: CacheHost {
    fn factor(&self) -> u32;

    #[lru_cache]
    fn scaled(&self, n: u32) -> u32 {
        n * self.factor()
    }
}

trait Power<const E: u32>: CacheHost {
    fn base(&self) -> u64;

    #[lru_cache]
    fn power(&self) -> u64 {
        self.base().pow(E)
    }
}

trait Width<T: 'static>: Send + Sync + 'static {
    #[lru_cache]
    fn of_all(#[key(skip)] &self) -> usize {
        size_of::<T>()
    }

    #[lru_cache]
    fn of_arc(self: &Arc<Self>) -> usize
    where
        Self: Sized,
    {
        size_of::<T>()
    }

    #[lru_cache]
    fn of_rc(self: &Rc<Self>) -> usize
    where
        Self: Sized,
    {
        size_of::<T>()
    }
}

trait Convert<T: Clone + Hash + Eq + Send + Sync + 'static> {
    #[lru_cache]
    fn convert(#[key(skip)] &self, value: T) -> (T, usize)
    where
        Self: 'static,
    {
        (value, size_of::<T>())
    }
}

#[test]
fn default_methods_of_generic_traits_share_nothing() {
    #[derive(CacheHost)]
    struct Own(u64, InstanceCaches);
    impl Scaled<u8> for Own {
        fn factor(&self) -> u32 {
            1
        }
    }
    impl Scaled<u16> for Own {
        fn factor(&self) -> u32 {
            2
        }
    }
    impl Power<2> for Own {
        fn base(&self) -> u64 {
            self.0
        }
    }
    impl Power<3> for Own {
        fn base(&self) -> u64 {
            self.0
        }
    }
    let own = Own(3, InstanceCaches::new());
    for _ in 0..2 {
        assert_eq!(
            (
                Scaled::<u8>::scaled(&own, 5),
                Scaled::<u16>::scaled(&own, 5)
            ),
            (5, 10)
        );
        assert_eq!((Power::<2>::power(&own), Power::<3>::power(&own)), (9, 27));
    }
    assert_eq!(
        four(Scaled::<u8>::scaled_cache(&own).cache_info()),
        (1, 1, Some(128), 1)
    );
    assert_eq!(Power::<3>::power_cache(&own).cache_peek(()), Some(27));

    struct Unit;
    impl Width<u8> for Unit {}
    impl Width<u16> for Unit {}
    impl Convert<u8> for Unit {}
    impl Convert<u16> for Unit {}
    let (arc, rc) = (Arc::new(Unit), Rc::new(Unit));
    for _ in 0..2 {
        assert_eq!(
            (Width::<u8>::of_all(&Unit), Width::<u16>::of_all(&Unit)),
            (1, 2)
        );
        assert_eq!(
            (Width::<u8>::of_arc(&arc), Width::<u16>::of_arc(&arc)),
            (1, 2)
        );
        assert_eq!((Width::<u8>::of_rc(&rc), Width::<u16>::of_rc(&rc)), (1, 2));
        assert_eq!((Unit.convert(1_u8), Unit.convert(1_u16)), ((1, 1), (1, 2)));
    }
    assert_eq!(<Unit as Width<u8>>::of_arc_caches().cache_info().hits, 1);
    assert_eq!(<Unit as Width<u16>>::of_rc_caches().instances(), 1);
}

trait Identified {
    fn id(&self) -> u8;

    #[lru_cache]
    fn square(#[key(self.id())] &self) -> u8
    where
        Self: Sized + 'static,
    {
        self.id() * self.id()
    }
}

impl Identified for u8 {
    fn id(&self) -> u8 {
        *self
    }
}

#[test]
fn a_trait_with_a_memoized_method_for_sized_types_stays_usable_as_dyn() {
    let objects: [&dyn Identified; 2] = [&2, &3];
    assert_eq!(objects.map(Identified::id), [2, 3]);
    assert_eq!((2_u8.square(), 3_u8.square(), 2_u8.square()), (4, 9, 4));
    assert_eq!(four(2_u8.square_cache().cache_info()), (1, 2, Some(128), 2));
}
