//! What has caches for each instance: the shapes that `#[derive(CacheHost)]` knows,
//! `CacheHost` by hand, and `InstanceCaches` itself.

#![allow(clippy::items_after_statements)] // types inside tests

mod common;

use std::collections::{BTreeSet, HashSet};
use std::hash::Hash;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::four;
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

/// Counts the runs of its bodies.
#[derive(CacheHost, Default)]
struct Host {
    runs: AtomicU32,
    caches: InstanceCaches,
}

impl Host {
    /// The number of the run.
    fn run(&self) -> u32 {
        self.runs.fetch_add(1, Relaxed) + 1
    }

    #[lru_cache(maxsize = 2)]
    fn number(&self, n: u32) -> (u32, u32) {
        (n, self.run())
    }

    #[lru_cache(ttl = 60)]
    fn property(&self) -> u32 {
        self.run()
    }
}

#[test]
fn clear_forgets_all_methods_of_one_instance() {
    let (host, other) = (Host::default(), Host::default());
    for host in [&host, &other] {
        host.caches.clear(); // nothing yet
        host.number(1);
        host.property();
    }
    host.caches.clear();
    assert_eq!(four(host.number_cache().cache_info()), (0, 0, Some(2), 0));
    assert_eq!(
        four(host.property_cache().cache_info()),
        (0, 0, Some(128), 0)
    );
    assert_eq!((host.number(1), host.property()), ((1, 3), 4));
    assert_eq!((other.number(1), other.property()), ((1, 1), 2));
}

#[test]
fn hosts_derive_as_if_the_field_were_not_there() {
    #[derive(CacheHost, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Derived {
        id: u32,
        caches: InstanceCaches,
    }
    impl Derived {
        #[lru_cache]
        fn twice(&self) -> u32 {
            self.id * 2
        }
    }
    assert_eq!(size_of::<InstanceCaches>(), size_of::<usize>());
    let host = Derived {
        id: 4,
        ..Derived::default()
    };
    assert_eq!(host.twice(), 8);
    let mut copy = host.clone();
    assert_eq!(copy, host);
    assert_eq!(four(copy.twice_cache().cache_info()), (0, 0, Some(128), 0));
    assert_eq!(copy.twice(), 8);
    assert_eq!(
        (
            HashSet::from([host.clone(), copy.clone()]).len(),
            BTreeSet::from([&host, &copy]).len()
        ),
        (1, 1)
    );
    copy.id = 5;
    assert!(copy > host && format!("{copy:?}").starts_with("Derived { id: 5"));
    // `clone_from` brings the data of another, and so must not keep the caches.
    copy.caches.clear();
    copy.twice();
    copy.clone_from(&host);
    assert_eq!(copy.twice(), 8);
}

#[test]
fn hosts_of_many_shapes() {
    type Hidden = InstanceCaches;
    #[derive(CacheHost)]
    struct Tuple(u32, InstanceCaches);
    impl Tuple {
        #[lru_cache]
        fn get(&self) -> u32 {
            self.0
        }
    }
    #[derive(CacheHost)]
    struct Grid<T: 'static, const N: usize>
    where
        T: Copy,
    {
        cells: [T; N],
        caches: InstanceCaches,
    }
    impl<T: Copy + Send + Sync + 'static, const N: usize> Grid<T, N> {
        #[lru_cache]
        fn cell(&self, index: usize) -> Option<T> {
            self.cells.get(index).copied()
        }
    }
    #[derive(CacheHost)]
    struct Lines<'a, T: ?Sized + 'static> {
        text: &'a str,
        _marker: Box<T>,
        #[cache_host]
        memo: Hidden,
    }
    impl<T: ?Sized> Lines<'_, T> {
        #[lru_cache]
        fn count(&self, word: &str) -> usize {
            self.text.matches(word).count()
        }
    }
    assert_eq!(Tuple(3, InstanceCaches::new()).get(), 3);
    let grid = Grid {
        cells: [1, 2, 3],
        caches: InstanceCaches::new(),
    };
    assert_eq!(
        (grid.cell(2), grid.cell(2), grid.cell(3)),
        (Some(3), Some(3), None)
    );
    let text = String::from("a b a");
    let lines = Lines {
        text: &text,
        _marker: Box::new([()]),
        memo: Hidden::new(),
    } as Lines<'_, [(); 1]>;
    assert_eq!(
        (lines.count("a"), lines.count("a"), lines.count("b")),
        (2, 2, 1)
    );
    assert_eq!(four(lines.count_cache().cache_info()), (1, 2, Some(128), 2));
}

#[test]
fn a_host_by_hand() {
    enum Figure {
        Circle { radius: u32, caches: InstanceCaches },
        Square(u32, Box<InstanceCaches>),
    }
    impl CacheHost for Figure {
        fn instance_caches(&self) -> &InstanceCaches {
            match self {
                Figure::Circle { caches, .. } => caches,
                Figure::Square(_, caches) => caches,
            }
        }
    }
    impl Figure {
        #[lru_cache]
        fn width(&self, scale: u32) -> u32 {
            match self {
                Figure::Circle { radius, .. } => radius * 2 * scale,
                Figure::Square(side, _) => side * scale,
            }
        }
        #[cache_invalidate]
        fn grow(&mut self) {
            match self {
                Figure::Circle { radius: side, .. } | Figure::Square(side, _) => *side += 1,
            }
        }
    }
    let mut circle = Figure::Circle {
        radius: 2,
        caches: InstanceCaches::new(),
    };
    let mut square = Figure::Square(3, Box::default());
    for _ in 0..2 {
        assert_eq!((circle.width(2), square.width(2)), (8, 6));
    }
    circle.grow();
    assert_eq!((circle.width(2), square.width(2)), (12, 6));
    square.grow();
    assert_eq!((circle.width(2), square.width(2)), (12, 8));
    assert_eq!(Figure::width_caches().instances(), 2);
    assert_eq!(
        four(circle.width_cache().cache_info()),
        (1, 1, Some(128), 1)
    );
}

#[test]
fn the_field_is_const_and_goes_where_its_instance_goes() {
    static NONE: InstanceCaches = InstanceCaches::new();
    fn is_harmless<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Ord + Hash>(_: &T) {}
    is_harmless(&NONE);
    NONE.clear();
    assert_eq!(NONE, InstanceCaches::default());
    assert_eq!(format!("{NONE:?}"), "InstanceCaches");

    let (mut host, mut other) = (Host::default(), Host::default());
    assert_eq!((host.number(1), other.property()), ((1, 1), 1));
    std::mem::swap(&mut host, &mut other);
    assert!(host.property_cache().cache_contains(()) && !host.number_cache().cache_contains((1,)));
    let moved = Box::new(other);
    assert_eq!((moved.number(1), moved.property()), ((1, 1), 2));
}
