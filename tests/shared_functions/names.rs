//! What tells the results of functions apart: names, namespaces, versions, types.

use lruheap::lru_cache;

use crate::Runs;
use crate::connected;

#[test]
fn functions_of_the_same_name_in_different_functions_share_nothing() {
    fn one() -> u64 {
        #[lru_cache(shared)]
        fn f(n: u64) -> u64 {
            n + 1
        }
        f(7)
    }
    fn two() -> u64 {
        #[lru_cache(shared)]
        fn f(n: u64) -> u64 {
            n + 2
        }
        f(7)
    }
    connected();
    assert_eq!((one(), two()), (8, 9));
}

#[test]
fn functions_of_one_name_share_what_they_compute() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(name = "one name", shared)]
    fn one(n: u64) -> u64 {
        RUNS.run();
        n
    }
    #[lru_cache(name = "one name", shared)]
    fn two(n: u64) -> u64 {
        RUNS.run();
        n
    }
    connected();
    assert_eq!((one(1), two(1)), (1, 1));
    RUNS.are(1);
}

#[test]
fn another_version_or_namespace_shares_nothing() {
    #[lru_cache(name = "in versions", shared)]
    fn none(_n: u8) -> u8 {
        0
    }
    #[lru_cache(name = "in versions", shared(version = 1))]
    fn one(_n: u8) -> u8 {
        1
    }
    const NEXT: u64 = 2;
    #[lru_cache(name = "in versions", shared(version = NEXT))]
    fn two(_n: u8) -> u8 {
        2
    }
    #[lru_cache(name = "in versions", shared(namespace = "shop"))]
    fn shop(_n: u8) -> u8 {
        3
    }
    #[lru_cache(name = "in versions", shared(namespace = format!("shop {}", 2)))]
    fn second_shop(_n: u8) -> u8 {
        4
    }
    #[lru_cache(name = "in versions", shared(namespace = "shop", version = 1))]
    fn shop_one(_n: u8) -> u8 {
        5
    }
    connected();
    assert_eq!((none(1), one(1), two(1)), (0, 1, 2));
    assert_eq!((shop(1), second_shop(1), shop_one(1)), (3, 4, 5));
}

mod before {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct Course {
        pub(super) id: u32,
        pub(super) places: u32,
    }
}

mod after {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    pub(super) struct Course {
        pub(super) places: u32,
        pub(super) id: u32,
    }
}

#[test]
fn another_type_under_the_same_name_is_not_mistaken() {
    static RUNS: Runs = Runs::none();
    #[lru_cache(name = "courses", shared)]
    fn old(id: u32) -> before::Course {
        RUNS.run();
        before::Course { id, places: 9 }
    }
    #[lru_cache(name = "courses", shared)]
    fn new(id: u32) -> after::Course {
        RUNS.run();
        after::Course { id, places: 9 }
    }
    #[lru_cache(name = "courses", shared)]
    fn other(id: u32) -> (u32, u32) {
        RUNS.run();
        (id, 9)
    }
    connected();
    assert_eq!(old(1), before::Course { id: 1, places: 9 });
    assert_eq!(new(1), after::Course { id: 1, places: 9 });
    assert_eq!(other(1), (1, 9));
    RUNS.are(3);
    forget!(old);
    assert_eq!(old(1), before::Course { id: 1, places: 9 });
    RUNS.are(4);
}
