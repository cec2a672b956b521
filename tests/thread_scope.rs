//! `scope = thread`: a cache for each thread, for values that need not be `Send`.

// The functions are examples of signatures.
#![allow(clippy::trivially_copy_pass_by_ref, clippy::unused_async)]
#![allow(clippy::items_after_statements)] // functions inside tests

mod common;

use std::cell::Cell;
use std::hash::Hash;
use std::rc::Rc;
use std::thread;

use common::{block_on, four, watchdog};
use lruheap::lru_cache;

#[test]
fn rc_results_are_shared_within_a_thread() {
    #[lru_cache(scope = thread)]
    fn list(n: u32) -> Rc<Vec<u32>> {
        Rc::new((0..n).collect())
    }
    let first = list(3);
    assert_eq!(*first, [0, 1, 2]);
    assert!(Rc::ptr_eq(&first, &list(3)));
    assert!(Rc::ptr_eq(&first, &list::cache_peek(3).unwrap()));
    assert_eq!(four(list::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(Rc::strong_count(&first), 2);
    list::cache_clear();
    assert_eq!(Rc::strong_count(&first), 1);
}

#[test]
fn each_thread_has_its_own_entries_and_counters() {
    let _watchdog = watchdog();
    #[lru_cache(maxsize = 2, scope = thread)]
    fn double(n: u32) -> Rc<u32> {
        Rc::new(n * 2)
    }
    for n in [1, 2, 1] {
        assert_eq!(*double(n), n * 2);
    }
    assert_eq!(four(double::cache_info()), (1, 2, Some(2), 2));
    thread::spawn(|| {
        assert_eq!(four(double::cache_info()), (0, 0, Some(2), 0));
        assert!(!double::cache_contains(1));
        for n in [1, 3, 4, 5, 5] {
            assert_eq!(*double(n), n * 2);
        }
        assert_eq!(four(double::cache_info()), (1, 4, Some(2), 2));
        double::cache_clear();
        double::cache_resize(9);
    })
    .join()
    .unwrap();
    assert_eq!(four(double::cache_info()), (1, 2, Some(2), 2));
    assert!(double::cache_contains(1) && double::cache_contains(2));
}

#[test]
fn every_control_but_the_cache_is_there() {
    #[lru_cache(maxsize = 3, ttl = 3600, scope = thread)]
    fn text(prefix: Rc<str>, n: &u32) -> Rc<str> {
        format!("{prefix}{n}").into()
    }
    let a = || Rc::<str>::from("a");
    assert_eq!(&*text(a(), &1), "a1");
    assert_eq!(text::cache_peek(a(), &1).as_deref(), Some("a1"));
    assert!(text::cache_contains(a(), &1));
    assert!(text::cache_ttl(a(), &1).is_some());
    text::cache_insert(a(), &2, "other".into());
    assert_eq!(&*text(a(), &2), "other");
    assert_eq!(&*text::cache_refresh(a(), &2), "a2");
    assert_eq!(&*text::uncached(a(), &3), "a3");
    assert_eq!(text::cache_remove(a(), &2).as_deref(), Some("a2"));
    assert_eq!(text::cache_purge(), 0);
    assert_eq!(text::cache_parameters().maxsize, Some(3));
    assert_eq!(four(text::cache_info()), (1, 1, Some(3), 1));
    text::cache_resize(0);
    assert_eq!(text::cache_info().currsize, 0);
    text::cache_clear();
}

#[test]
fn a_thread_s_values_go_with_it() {
    let _watchdog = watchdog();
    struct Guard(std::sync::mpsc::Sender<&'static str>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    #[lru_cache(scope = thread)]
    fn guard(#[key(skip)] sender: &std::sync::mpsc::Sender<&'static str>) -> Rc<Guard> {
        Rc::new(Guard(sender.clone()))
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        drop(guard(&sender));
        sender.send("running").unwrap();
    })
    .join()
    .unwrap();
    assert_eq!(receiver.iter().collect::<Vec<_>>(), ["running", "dropped"]);
}

#[test]
fn a_value_that_calls_while_its_thread_ends_is_answered() {
    let _watchdog = watchdog();
    struct Last(u32);
    impl Drop for Last {
        fn drop(&mut self) {
            if self.0 > 0 {
                assert_eq!(last(self.0 - 1).0, self.0 - 1);
            }
        }
    }
    #[lru_cache(scope = thread)]
    fn last(n: u32) -> Rc<Last> {
        Rc::new(Last(n))
    }
    // A panic while a thread's storage is torn down would abort the process.
    let last = thread::spawn(|| last(3).0).join().unwrap();
    assert_eq!(last, 3);
}

#[test]
fn recursion_and_reentrancy_within_a_thread() {
    let _watchdog = watchdog();
    thread_local!(static LEFT: Cell<u32> = const { Cell::new(0) });
    #[derive(Debug)]
    struct Value(u64);
    impl Clone for Value {
        fn clone(&self) -> Self {
            if let Some(left) = LEFT.get().checked_sub(1) {
                LEFT.set(left);
                assert_eq!(
                    fibonacci(self.0 % 3).0,
                    [0, 1, 1][usize::try_from(self.0 % 3).unwrap()]
                );
            }
            Value(self.0)
        }
    }
    #[lru_cache(scope = thread, maxsize = 3)]
    fn fibonacci(n: u64) -> Value {
        assert!(fibonacci::cache_info().currsize <= 3);
        Value(if n < 2 {
            n
        } else {
            fibonacci(n - 1).0 + fibonacci(n - 2).0
        })
    }
    for n in 0..20 {
        LEFT.set(5);
        let expected = [
            0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181,
        ];
        assert_eq!(fibonacci(n).0, expected[usize::try_from(n).unwrap()]);
    }
    assert_eq!(fibonacci::cache_info().currsize, 3);
}

#[test]
fn generic_loose_and_async_functions_within_a_thread() {
    #[lru_cache(scope = thread)]
    fn wrap<T: Hash + Eq + Clone + 'static>(value: T) -> Rc<T> {
        Rc::new(value)
    }
    #[lru_cache(scope = thread, typed = false)]
    fn loose<T: lruheap::LooseKey>(_value: T) -> Rc<u8> {
        Rc::new(1)
    }
    #[lru_cache(scope = thread)]
    async fn later(value: Rc<u8>) -> Rc<u8> {
        Rc::new(*value + 1)
    }
    assert!(Rc::ptr_eq(&wrap(Rc::new(1)), &wrap(Rc::new(1))));
    assert!(Rc::ptr_eq(&wrap('a'), &wrap('a')));
    assert_eq!(four(wrap::<Rc<i32>>::cache_info()), (1, 1, Some(128), 1));
    assert_eq!(four(wrap::<char>::cache_info()), (1, 1, Some(128), 1));
    assert!(Rc::ptr_eq(&loose(1), &loose(1.0)));
    assert_eq!(four(loose::<u8>::cache_info()), (1, 1, Some(128), 1));
    assert!(Rc::ptr_eq(
        &block_on(later(Rc::new(1))),
        &block_on(later(Rc::new(1)))
    ));
    assert_eq!(four(later::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn results_are_kept_as_in_the_process() {
    #[lru_cache(scope = thread)]
    fn parse(text: &str) -> Result<Rc<u32>, Rc<str>> {
        text.parse().map(Rc::new).map_err(|_| text.into())
    }
    assert!(parse("x").is_err() && parse("x").is_err());
    assert!(Rc::ptr_eq(&parse("7").unwrap(), &parse("7").unwrap()));
    assert_eq!(four(parse::cache_info()), (1, 3, Some(128), 1));
}
