//! Functions that call themselves, in their bodies and from the user's code
//! that the cache runs: `Clone`, `Drop`, `Eq`, `Hash`.

#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::cell::Cell;
use std::hash::{Hash, Hasher};

use common::{four, watchdog};
use lruheap::{cache, lru_cache};

thread_local! {
    /// How often the user's code may still call the function it is run by.
    static LEFT: Cell<u32> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Runs `call` if the test has some calls left.
fn reenter(call: impl FnOnce()) {
    if let Some(left) = LEFT.get().checked_sub(1) {
        LEFT.set(left);
        CALLS.set(CALLS.get() + 1);
        call();
    }
}

/// Lets the user's code call back `n` times in what follows.
fn arm(n: u32) {
    LEFT.set(n);
}

#[test]
fn fibonacci_calls_each_number_once() {
    #[lru_cache(maxsize = 128)]
    fn fibonacci(n: u64) -> u64 {
        if n < 2 {
            n
        } else {
            fibonacci(n - 1) + fibonacci(n - 2)
        }
    }
    assert_eq!(fibonacci(35), 9_227_465);
    assert_eq!(
        fibonacci::cache_info().to_string(),
        "CacheInfo(hits=33, misses=36, maxsize=128, currsize=36)"
    );
}

#[test]
fn factorial_of_a_hundred_is_a_hundred_and_one_misses() {
    #[cache]
    fn factorial(n: u32) -> u128 {
        if n == 0 {
            1
        } else {
            factorial(n - 1).wrapping_mul(u128::from(n))
        }
    }
    assert_eq!(factorial(20), 2_432_902_008_176_640_000);
    factorial::cache_clear();
    factorial(100);
    assert_eq!(four(factorial::cache_info()), (0, 101, None, 101));
}

#[test]
fn the_first_sixteen_fibonacci_numbers_hit_twenty_eight_times() {
    #[cache]
    fn fibonacci(n: u64) -> u64 {
        if n < 2 {
            n
        } else {
            fibonacci(n - 1) + fibonacci(n - 2)
        }
    }
    let numbers: Vec<u64> = (0..16).map(fibonacci).collect();
    assert_eq!(
        numbers,
        [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610]
    );
    assert_eq!(four(fibonacci::cache_info()), (28, 16, None, 16));
}

#[test]
fn recursion_evicts_its_own_callers_at_maxsize_one() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 1)]
    fn sum(n: u64) -> u64 {
        assert!(sum::cache_info().currsize <= 1);
        if n == 0 { 0 } else { n + sum(n - 1) }
    }
    assert_eq!(sum(100), 5050);
    assert_eq!(four(sum::cache_info()), (0, 101, Some(1), 1));
    assert_eq!(sum::cache().entries(), [((100,), 5050)]);
}

#[test]
fn recursion_evicts_its_own_callers_at_maxsize_two() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 2)]
    fn fibonacci(n: u64) -> u64 {
        assert!(fibonacci::cache_info().currsize <= 2);
        if n < 2 {
            n
        } else {
            fibonacci(n - 1) + fibonacci(n - 2)
        }
    }
    // The counts are Python's.
    assert_eq!(fibonacci(15), 610);
    assert_eq!(four(fibonacci::cache_info()), (68, 329, Some(2), 2));
}

#[test]
fn two_functions_may_call_each_other() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 2)]
    fn is_even(n: u32) -> bool {
        n == 0 || is_odd(n - 1)
    }
    #[lru_cache(maxsize = 1)]
    fn is_odd(n: u32) -> bool {
        n != 0 && is_even(n - 1)
    }
    assert!(is_even(100));
    assert_eq!(four(is_even::cache_info()), (0, 51, Some(2), 2));
    assert_eq!(four(is_odd::cache_info()), (0, 50, Some(1), 1));
}

#[test]
fn a_body_may_use_the_controls_of_its_own_function() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 4)]
    fn double(n: u32) -> u32 {
        double::cache_insert(n + 1, n * 2 + 2);
        double::cache_remove(n + 2);
        double::cache_purge();
        assert!(!double::cache_contains(n));
        assert_eq!(double::cache_peek(n + 1), Some(n * 2 + 2));
        assert_eq!(double::cache_parameters().maxsize, Some(4));
        n * 2
    }
    assert_eq!(double(1), 2);
    assert_eq!(double(2), 4);
    assert_eq!(four(double::cache_info()), (1, 1, Some(4), 2));
}

#[test]
fn a_body_may_call_its_function_with_the_same_arguments() {
    let _watchdog = watchdog();
    #[lru_cache]
    fn nested(n: u32) -> u32 {
        let mut depth = 1;
        reenter(|| depth += nested(n));
        depth
    }
    arm(2);
    assert_eq!(nested(7), 3);
    let info = nested::cache_info();
    assert_eq!(
        (info.hits + info.misses, info.misses, info.currsize),
        (3, 3, 1)
    );
}

#[test]
fn clone_of_a_value_may_call_the_function() {
    let _watchdog = watchdog();
    #[derive(Debug, PartialEq)]
    struct Value(u32);
    impl Clone for Value {
        fn clone(&self) -> Self {
            if let Some(below) = self.0.checked_sub(1) {
                assert_eq!(value(below).0, below);
            }
            Value(self.0)
        }
    }
    #[lru_cache(maxsize = 2)]
    fn value(n: u32) -> Value {
        Value(n)
    }
    assert_eq!(value(3), Value(3));
    assert_eq!(four(value::cache_info()), (0, 4, Some(2), 2));
    // 3 and 2 are there; the clone of 2 asks for 1, which asks for 0.
    assert_eq!(value(3), Value(3));
    assert_eq!(four(value::cache_info()), (2, 6, Some(2), 2));
}

#[test]
fn drop_of_a_value_may_call_the_function() {
    let _watchdog = watchdog();
    #[derive(Clone, Debug)]
    struct Value(u32);
    impl Drop for Value {
        fn drop(&mut self) {
            let n = self.0;
            reenter(|| drop(value(n + 100)));
        }
    }
    #[lru_cache(maxsize = 1)]
    fn value(n: u32) -> Value {
        Value(n)
    }
    CALLS.set(0);
    for n in 0..50 {
        arm(3);
        assert_eq!(value(n % 5).0, n % 5);
        assert_eq!(value::cache_info().currsize, 1);
    }
    assert_eq!(CALLS.get(), 150);
    let info = value::cache_info();
    assert_eq!(info.hits + info.misses, 50 + CALLS.get());

    arm(1);
    value::cache_resize(0);
    assert_eq!(LEFT.get(), 0, "the evicted value called the function");
    assert_eq!(value::cache_info().currsize, 0);
    value::cache_resize(1);
    value(1);
    arm(1);
    value::cache_clear();
    assert_eq!(LEFT.get(), 0, "the cleared value called the function");
    arm(0);
    // The call came after the clear, so its entry is there.
    assert_eq!(four(value::cache_info()), (0, 1, Some(1), 1));
}

/// A key whose every trait calls the function that is given it.
#[derive(Debug)]
struct Key(u32);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        reenter(|| assert_eq!(of_key(Key(other.0 + 1)), other.0 + 1));
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        reenter(|| assert_eq!(of_key(Key(self.0 + 1)), self.0 + 1));
        // Two values for all: every look-up compares.
        (self.0 % 2).hash(state);
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        reenter(|| assert_eq!(of_key(Key(self.0 + 1)), self.0 + 1));
        Key(self.0)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        reenter(|| assert_eq!(of_key(Key(self.0 + 1)), self.0 + 1));
    }
}

#[lru_cache(maxsize = 2)]
fn of_key(key: Key) -> u32 {
    assert!(of_key::cache_info().currsize <= 2);
    key.0
}

#[test]
fn eq_hash_clone_and_drop_of_a_key_may_call_the_function() {
    let _watchdog = watchdog();
    CALLS.set(0);
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..500 {
        arm(random.u32(0..8));
        let n = random.u32(0..6);
        assert_eq!(of_key(Key(n)), n);
        assert!(of_key::cache_info().currsize <= 2);
    }
    arm(0);
    let info = of_key::cache_info();
    assert_eq!(info.hits + info.misses, 500 + CALLS.get());
    assert!(info.hits > 0, "{info}");
    assert_eq!(info.currsize, 2);
    assert!(
        CALLS.get() > 1000,
        "the key's code did call back: {}",
        CALLS.get()
    );
}

#[test]
fn a_level_of_recursion_takes_less_than_a_kilobyte_of_stack() {
    #[cache]
    fn depth(n: u32) -> u32 {
        if n == 0 { 0 } else { depth(n - 1) + 1 }
    }

    // What the levels may take, and what the thread itself needs.
    const LEVELS: u32 = 2000;
    let stack = std::thread::Builder::new().stack_size((LEVELS as usize + 200) << 10);
    let reached = stack.spawn(|| depth(LEVELS)).expect("a thread");
    assert_eq!(reached.join().expect("it ends"), LEVELS);
    assert_eq!(depth::cache_info().misses, u64::from(LEVELS) + 1);
}
