//! Keys: what is looked up through the function and through its cache is one
//! and the same, and no code of the user's runs under a lock to find it.

// The comparison is the point, and the functions are examples.
#![allow(clippy::derived_hash_with_manual_eq, clippy::unnecessary_wraps)]

mod common;

use std::marker::PhantomData;

use common::{four, watchdog};
use lruheap::lru_cache;

/// A key whose comparison asks the cache that compares it.
#[derive(Clone, Debug, Hash)]
struct Nosy(u32);

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        sum::cache_info();
        nested::cache_info();
        self.0 == other.0
    }
}

impl Eq for Nosy {}

#[lru_cache]
fn sum(items: &[Option<&Nosy>]) -> u32 {
    items.iter().flatten().map(|item| item.0).sum()
}

#[lru_cache]
fn nested(items: &[&[&Nosy]]) -> u32 {
    items.iter().copied().flatten().map(|item| item.0).sum()
}

#[test]
fn a_first_item_without_a_value_does_not_vouch_for_the_others() {
    let _watchdog = watchdog();
    for _ in 0..3 {
        assert_eq!(sum(&[None, Some(&Nosy(3))]), 3);
        assert_eq!(nested(&[&[], &[&Nosy(4)]]), 4);
    }
    assert_eq!(sum::cache_info().hits, 2);
    assert_eq!(nested::cache().entries().len(), 1);
}

#[test]
fn slices_of_references_are_found_by_their_owned_keys() {
    #[lru_cache]
    fn bytes(items: &[&u8]) -> usize {
        items.len()
    }
    #[lru_cache]
    fn numbers(items: [&i64; 2]) -> i64 {
        items[0] + items[1]
    }
    #[lru_cache]
    fn words(items: &[&str], last: Option<&[u8]>) -> usize {
        items.len() + last.map_or(0, <[u8]>::len)
    }

    bytes(&[&1, &2]);
    numbers([&3, &4]);
    words(&["a", "b"], Some(b"xy"));
    assert_eq!(bytes::cache().get(&(vec![1, 2],)), Some(2));
    assert_eq!(numbers::cache().get(&(vec![3, 4],)), Some(7));
    let key = (
        vec!["a".to_string(), "b".to_string()],
        Some(vec![b'x', b'y']),
    );
    assert_eq!(words::cache().get(&key), Some(4));

    bytes::cache().insert((vec![1, 2],), 99);
    assert_eq!(bytes(&[&1, &2]), 99);
    assert_eq!(bytes::cache_info().currsize, 1);
}

trait Named {
    const NAME: &'static str;
}

struct A;
struct B;

impl Named for A {
    const NAME: &'static str = "A";
}

impl Named for B {
    const NAME: &'static str = "B";
}

#[test]
fn an_instantiation_that_only_a_skipped_argument_names_has_its_own_entries() {
    #[lru_cache]
    fn unset<T: Named + 'static>(#[key(skip)] _of: PhantomData<T>, n: u32) -> String {
        format!("{}{n}", T::NAME)
    }
    #[lru_cache(typed = true)]
    fn typed<T: Named + 'static>(#[key(skip)] _of: PhantomData<T>, n: u32) -> String {
        format!("{}{n}", T::NAME)
    }
    assert_eq!(
        (unset(PhantomData::<A>, 1), unset(PhantomData::<B>, 1)),
        ("A1".into(), "B1".into())
    );
    assert_eq!(
        (typed(PhantomData::<A>, 1), typed(PhantomData::<B>, 1)),
        ("A1".into(), "B1".into())
    );
}

#[test]
fn closures_that_are_left_out_of_the_key_share_the_entries() {
    #[lru_cache]
    fn load<F: FnOnce(u32) -> u32>(id: u32, #[key(skip)] source: F) -> u32 {
        source(id)
    }
    let local = 10;
    assert_eq!(load(1, |id| id + local), 11);
    assert_eq!(load(1, |_| unreachable!("the entry is there")), 11);
    assert_eq!(
        four(load::<fn(u32) -> u32>::cache_info()),
        (1, 1, Some(128), 1)
    );
}

#[test]
fn a_const_parameter_is_part_of_a_loose_key() {
    #[lru_cache(typed = false)]
    fn plus<const N: u32>(n: u32) -> u32 {
        N + n
    }
    assert_eq!((plus::<1>(1), plus::<2>(1), plus::<1>(1)), (2, 3, 2));
    assert_eq!(four(plus::<7>::cache_info()), (1, 2, Some(128), 2));
}

#[test]
fn an_err_that_was_put_behind_an_alias_by_hand_does_not_block_its_key() {
    type Answer = Result<u32, String>;
    #[lru_cache]
    fn answer(n: u32) -> Answer {
        Ok(n)
    }
    answer::cache().insert((1,), Err("no".into()));
    assert!(!answer::cache_contains(1));
    assert_eq!(answer::cache_peek(1), None);
    assert_eq!((answer(1), answer(1)), (Ok(1), Ok(1)));
    assert_eq!(four(answer::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn a_refresh_whose_result_is_not_to_be_kept_drops_the_entry() {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static FOUND: AtomicBool = AtomicBool::new(true);
    #[lru_cache(cache_none = false)]
    fn find(n: u32) -> Option<u32> {
        FOUND.load(Relaxed).then_some(n)
    }
    assert_eq!(find(1), Some(1));
    FOUND.store(false, Relaxed);
    assert_eq!(find::cache_refresh(1), None);
    assert!(!find::cache_contains(1));
    assert_eq!(find(1), None);
    find::cache_insert(1, None);
    assert!(!find::cache_contains(1));
}

#[test]
fn a_refused_refresh_leaves_what_overtook_it() {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    static VALUE: AtomicU32 = AtomicU32::new(5);
    #[lru_cache(cache_if = |kept| *kept < 7)]
    fn overtaken(n: u32) -> u32 {
        overtaken::cache_insert(n, 1);
        VALUE.load(Relaxed)
    }
    assert_eq!(overtaken(2), 5);
    for value in [5, 7] {
        VALUE.store(value, Relaxed);
        assert_eq!(overtaken::cache_refresh(1), value);
        assert_eq!(overtaken::cache_peek(1), Some(1));
    }
}

#[test]
fn an_inserted_none_that_is_not_kept_takes_the_entry_along() {
    #[lru_cache(cache_none = false)]
    fn some(n: u32) -> Option<u32> {
        Some(n)
    }
    some(1);
    some::cache_insert(1, None);
    assert!(!some::cache_contains(1));
}

#[test]
fn what_would_expire_at_once_makes_nothing_go() {
    let cache: lruheap::Cache<u32, u32> = lruheap::Cache::builder().maxsize(2).build();
    cache.insert(1, 1);
    cache.insert(2, 2);
    cache.insert_with_ttl(3, 3, std::time::Duration::ZERO);
    assert_eq!(cache.entries(), [(1, 1), (2, 2)]);
    cache.insert_with_ttl(2, 3, std::time::Duration::ZERO);
    assert_eq!(cache.entries(), [(1, 1)]);
}
