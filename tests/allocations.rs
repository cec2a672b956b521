//! What a hit costs: no allocation, no clone of an argument. Counted for each
//! thread by an allocator of the test's own.

// What is tested is what pedants would write differently.
#![allow(
    clippy::option_option,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async
)]

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::borrow::Cow;
use std::cell::Cell;
use std::hash::Hash;
use std::path::Path;
use std::sync::Arc;

use common::{block_on, four};
use lruheap::{Cache, lru_cache};

/// What `run` returns, and how often it allocated.
fn allocations<R>(run: impl FnOnce() -> R) -> (R, u64) {
    let before = counting::allocations();
    let result = run();
    (result, counting::allocations() - before)
}

/// Calls until the thread has its log of hits, then a hundred times without an allocation.
fn assert_hits_are_free<R: PartialEq + std::fmt::Debug>(call: impl Fn() -> R) {
    let first = call();
    for _ in 0..500 {
        call();
    }
    for _ in 0..100 {
        let (result, allocated) = allocations(&call);
        assert_eq!((result, allocated), (call(), 0));
    }
    assert_eq!(call(), first);
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new(1)).1, 1);
    assert_eq!(allocations(|| [Box::new(1), Box::new(2)]).1, 2);
    assert_eq!(allocations(|| 1).1, 0);
}

#[test]
fn a_hit_on_borrowed_arguments_allocates_nothing() {
    #[lru_cache]
    fn text(text: &str) -> usize {
        text.len()
    }
    #[lru_cache]
    fn bytes(bytes: &[u8]) -> usize {
        bytes.len()
    }
    #[lru_cache]
    fn path(path: &Path) -> usize {
        path.as_os_str().len()
    }
    #[lru_cache]
    fn optional(text: Option<&str>) -> usize {
        text.map_or(0, str::len)
    }
    #[lru_cache]
    fn texts(texts: &[&str]) -> usize {
        texts.len()
    }
    assert_hits_are_free(|| text("four"));
    assert_hits_are_free(|| bytes(b"four"));
    assert_hits_are_free(|| path(Path::new("/tmp/four")));
    assert_hits_are_free(|| optional(Some("four")));
    assert_hits_are_free(|| optional(None));
    assert_hits_are_free(|| texts(&["one", "two"]));
    assert_eq!(four(text::cache_info()), (701, 1, Some(128), 1));
    assert_eq!(four(optional::cache_info()), (1402, 2, Some(128), 2));
}

#[test]
fn a_hit_on_borrowed_arguments_in_other_shapes_allocates_nothing() {
    #[lru_cache]
    fn strings(strings: &[String]) -> usize {
        strings.len()
    }
    #[lru_cache]
    fn pair(pair: (&str, u32), array: [&str; 2]) -> u32 {
        pair.1 + u32::try_from(array.len()).unwrap()
    }
    #[lru_cache]
    fn owned(text: &String, number: &u64, either: &Option<u8>) -> u64 {
        *number + u64::from(either.unwrap_or(0)) + text.len() as u64
    }
    #[lru_cache]
    fn cow(text: Cow<'_, str>) -> usize {
        text.len()
    }
    #[lru_cache]
    fn nested(rows: &[&[&str]], name: Option<Option<&str>>) -> usize {
        rows.len() + usize::from(name.is_some())
    }
    let names = ["one".to_owned(), "two".to_owned()];
    assert_hits_are_free(|| strings(&names));
    assert_hits_are_free(|| pair(("one", 1), ["a", "b"]));
    assert_hits_are_free(|| owned(&names[0], &7, &Some(1)));
    assert_hits_are_free(|| cow(Cow::Borrowed("text")));
    assert_hits_are_free(|| nested(&[&["a"], &["b", "c"]], Some(Some("d"))));
}

#[test]
fn generic_loose_local_and_async_hits_allocate_nothing() {
    #[lru_cache]
    fn generic<T: Hash + Eq + ToOwned<Owned: Hash + Eq + Send + Sync> + ?Sized + 'static>(
        value: &T,
    ) -> usize {
        size_of_val(value)
    }
    #[lru_cache(typed = false)]
    fn loose<T: lruheap::LooseKey>(_value: T, text: &str) -> usize {
        text.len()
    }
    #[lru_cache(scope = thread)]
    fn local(text: &str) -> usize {
        text.len()
    }
    #[lru_cache]
    async fn later(text: &str) -> usize {
        text.len()
    }
    assert_hits_are_free(|| generic("four"));
    assert_hits_are_free(|| generic(&7_u64));
    assert_hits_are_free(|| loose(1_u8, "four"));
    assert_hits_are_free(|| loose(1.0, "four"));
    assert_hits_are_free(|| local("four"));
    block_on(later("four"));
    let mut future = std::pin::pin!(later("four"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let (polled, allocated) = allocations(|| future.as_mut().poll(&mut context));
    assert_eq!((polled, allocated), (std::task::Poll::Ready(4), 0));
}

#[test]
fn a_hit_clones_the_value_and_nothing_else() {
    #[lru_cache]
    fn shared(text: &str) -> Arc<str> {
        text.into()
    }
    #[lru_cache]
    fn string(text: &str) -> String {
        text.to_owned()
    }
    #[lru_cache]
    fn fallible(text: &str) -> Result<u32, Box<dyn std::error::Error>> {
        Ok(text.parse()?)
    }
    assert_hits_are_free(|| shared("four"));
    assert_hits_are_free(|| fallible("4").unwrap());
    string("four");
    assert_eq!(allocations(|| string("four").len()), (4, 1));
}

#[test]
fn looking_without_touching_allocates_nothing() {
    #[lru_cache(ttl = 3600)]
    fn length(text: &str) -> usize {
        text.len()
    }
    length("four");
    assert_eq!(allocations(|| length::cache_peek("four")), (Some(4), 0));
    assert_eq!(allocations(|| length::cache_contains("four")), (true, 0));
    assert_eq!(
        allocations(|| length::cache_ttl("four").is_some()),
        (true, 0)
    );
    assert_eq!(allocations(|| length::cache_peek("five")), (None, 0));
    assert_eq!(allocations(|| length("four")), (4, 0));
    assert_eq!(allocations(length::cache_info).1, 0);
}

#[test]
fn the_cache_itself_looks_up_without_allocating() {
    let cache: Cache<String, u64> = Cache::builder().maxsize(10).build();
    cache.insert("one".to_owned(), 1);
    assert_eq!(allocations(|| cache.get("one")), (Some(1), 0));
    assert_eq!(allocations(|| cache.get("two")), (None, 0));
    assert_eq!(
        allocations(|| cache.get_or_insert_with("one", || 2)),
        (1, 0)
    );
    assert_eq!(allocations(|| cache.contains("one")), (true, 0));
}

#[test]
fn a_hit_clones_no_argument() {
    thread_local!(static CLONES: Cell<u64> = const { Cell::new(0) });
    #[derive(PartialEq, Eq, Hash)]
    struct Key(u32);
    impl Clone for Key {
        fn clone(&self) -> Self {
            CLONES.set(CLONES.get() + 1);
            Key(self.0)
        }
    }
    #[lru_cache]
    fn number(by_value: Key, by_reference: &Key, optional: Option<&Key>, list: &[Key]) -> u32 {
        by_value.0
            + by_reference.0
            + optional.map_or(0, |key| key.0)
            + list.iter().map(|key| key.0).sum::<u32>()
    }
    let call = || number(Key(1), &Key(2), Some(&Key(3)), &[Key(4), Key(5)]);
    assert_eq!(call(), 15);
    assert_eq!(CLONES.get(), 5, "each is owned once when stored");
    assert_eq!([call(), call()], [15, 15]);
    assert_eq!(CLONES.get(), 5);
}
