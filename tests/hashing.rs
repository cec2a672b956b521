//! How often keys are hashed, and what happens when hashes are equal.

mod common;

use std::borrow::Borrow;
use std::cell::Cell;
use std::hash::{Hash, Hasher};

use common::four;
use lruheap::{Cache, lru_cache};

thread_local! {
    static HASHES: Cell<u64> = const { Cell::new(0) };
}

/// How often `run` hashed a [`Counted`].
fn hashes<R>(run: impl FnOnce() -> R) -> u64 {
    let before = HASHES.get();
    run();
    HASHES.get() - before
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted(u32);

impl Hash for Counted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        HASHES.set(HASHES.get() + 1);
        self.0.hash(state);
    }
}

#[test]
fn a_key_is_hashed_once_by_a_hit_and_once_by_a_miss() {
    #[lru_cache]
    fn by_value(key: Counted) -> u32 {
        key.0
    }
    #[lru_cache]
    fn by_reference(key: &Counted) -> u32 {
        key.0
    }
    #[lru_cache(scope = thread)]
    fn in_thread(key: &Counted) -> u32 {
        key.0
    }
    for expected in [(0, 1), (1, 1), (2, 1)] {
        assert_eq!(hashes(|| by_value(Counted(1))), 1);
        assert_eq!(hashes(|| by_reference(&Counted(1))), 1);
        assert_eq!(hashes(|| in_thread(&Counted(1))), 1);
        let info = by_value::cache_info();
        assert_eq!((info.hits, info.misses), expected);
    }
}

#[test]
fn each_of_several_arguments_is_hashed_once() {
    #[lru_cache]
    fn sum(a: &Counted, b: Option<&Counted>, c: (Counted, u8), d: &[Counted]) -> u32 {
        a.0 + b.map_or(0, |b| b.0) + c.0.0 + u32::from(c.1) + d.iter().map(|d| d.0).sum::<u32>()
    }
    let call = || {
        sum(
            &Counted(1),
            Some(&Counted(2)),
            (Counted(3), 4),
            &[Counted(5), Counted(6)],
        )
    };
    assert_eq!(call(), 21);
    assert_eq!(hashes(call), 5);
    sum::cache_clear();
    assert_eq!(hashes(call), 5);
    assert_eq!(four(sum::cache_info()), (0, 1, Some(128), 1));
}

#[test]
fn generic_and_skipped_arguments_are_hashed_once_and_never() {
    #[lru_cache]
    fn generic<T: Hash + Eq + Clone + Send + Sync + 'static>(
        _key: T,
        #[key(skip)] _no: &Counted,
    ) -> u32 {
        1
    }
    #[lru_cache]
    fn opaque(_key: impl Hash + Eq + Clone + Send + Sync + 'static) -> u32 {
        1
    }
    #[lru_cache]
    fn in_its_place(#[key(key.0)] key: &Counted) -> u32 {
        key.0
    }
    #[lru_cache]
    fn computed(#[key(Counted(n / 2))] n: u32) -> u32 {
        n
    }
    for _ in 0..3 {
        assert_eq!(hashes(|| generic(Counted(1), &Counted(2))), 1);
        assert_eq!(hashes(|| opaque(Counted(1))), 1);
        assert_eq!(hashes(|| in_its_place(&Counted(1))), 0);
        assert_eq!(hashes(|| computed(4)), 1);
    }
}

#[test]
fn growth_hashes_nothing() {
    #[lru_cache(maxsize = None)]
    fn number(key: Counted) -> u32 {
        key.0
    }
    for n in 0..10_000 {
        assert_eq!(hashes(|| number(Counted(n))), 1);
    }
    for n in 0..10_000 {
        assert_eq!(hashes(|| number(Counted(n))), 1);
    }
    assert_eq!(four(number::cache_info()), (10_000, 10_000, None, 10_000));
}

#[test]
fn eviction_hashes_nothing() {
    #[lru_cache(maxsize = 10)]
    fn number(key: Counted) -> u32 {
        key.0
    }
    for n in 0..1000 {
        assert_eq!(hashes(|| number(Counted(n))), 1);
    }
    assert_eq!(number::cache_info().evictions, 990);
    assert_eq!(hashes(|| number::cache_resize(2)), 0);
    assert_eq!(number::cache_info().currsize, 2);
}

#[test]
fn controls_hash_the_key_once_or_not_at_all() {
    #[lru_cache]
    fn number(key: &Counted) -> u32 {
        key.0
    }
    let key = &Counted(1);
    assert_eq!(hashes(|| number::cache_insert(key, 1)), 1);
    assert_eq!(hashes(|| number::cache_insert(key, 2)), 1);
    assert_eq!(hashes(|| number::cache_peek(key)), 1);
    assert_eq!(hashes(|| number::cache_contains(key)), 1);
    assert_eq!(hashes(|| number::cache_ttl(key)), 1);
    assert_eq!(hashes(|| number::cache_refresh(key)), 1);
    assert_eq!(hashes(|| number::cache_remove(key)), 1);
    assert_eq!(hashes(|| number::cache_remove(key)), 1);
    assert_eq!(hashes(|| number::uncached(key)), 0);
    number(key);
    assert_eq!(hashes(number::cache_info), 0);
    assert_eq!(hashes(number::cache_purge), 0);
    assert_eq!(hashes(number::cache_parameters), 0);
    assert_eq!(hashes(number::cache_clear), 0);
}

#[test]
fn the_cache_itself_hashes_once_for_each_operation() {
    let cache: Cache<Counted, u32> = Cache::builder().maxsize(2).build();
    for n in 0..100 {
        assert_eq!(hashes(|| cache.insert(Counted(n), n)), 1);
    }
    let key = &Counted(99);
    assert_eq!(hashes(|| cache.get(key)), 1);
    assert_eq!(hashes(|| cache.get_or_insert_with(key, || 1)), 1);
    assert_eq!(hashes(|| cache.get_or_insert_with(&Counted(100), || 1)), 1);
    assert_eq!(
        hashes(|| cache.try_get_or_insert_with(&Counted(101), || Ok::<_, ()>(1))),
        1
    );
    assert_eq!(hashes(|| cache.remove(&Counted(101))), 1);
    assert_eq!(hashes(|| cache.entries()), 0);
    assert_eq!(hashes(|| cache.least_recent()), 0);
    assert_eq!(hashes(|| cache.clear()), 0);
}

/// A number whose hash says nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Constant(i32);

impl Hash for Constant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0.hash(state);
    }
}

impl Borrow<i32> for Constant {
    fn borrow(&self) -> &i32 {
        unreachable!("the key is looked up as what it is")
    }
}

#[test]
fn keys_with_one_hash_never_share_a_value() {
    #[lru_cache(maxsize = 64)]
    fn square(n: Constant) -> i32 {
        n.0 * n.0 + n.0
    }
    assert_eq!([square(Constant(-1)), square(Constant(-2))], [0, 2]);
    assert_eq!([square(Constant(-1)), square(Constant(-2))], [0, 2]);
    assert_eq!(four(square::cache_info()), (2, 2, Some(64), 2));
    for _ in 0..2 {
        for n in 0..64 {
            assert_eq!(square(Constant(n)), n * n + n);
        }
    }
    assert_eq!(square::cache_remove(Constant(7)), Some(56));
    assert_eq!(square::cache_peek(Constant(7)), None);
    assert_eq!(square::cache_peek(Constant(6)), Some(42));
    assert_eq!(square::cache_peek(Constant(8)), Some(72));
    assert_eq!(four(square::cache_info()), (66, 66, Some(64), 63));
}

#[test]
fn minus_one_and_minus_two_differ() {
    #[lru_cache]
    fn negate(n: i64) -> i64 {
        -n
    }
    assert_eq!([negate(-1), negate(-2), negate(-1)], [1, 2, 1]);
    assert_eq!(four(negate::cache_info()), (1, 2, Some(128), 2));
}
