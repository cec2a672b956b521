//! `#[cache_invalidate(f(expr…), g, Type::m)]`: a function after which something that
//! others keep is out of date.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use common::{block_on, poll_once};
use lruheap::{CacheHost, InstanceCaches, cache_invalidate, lru_cache};

#[test]
fn a_write_removes_just_its_entry() {
    static PRICE: AtomicU64 = AtomicU64::new(10);

    #[lru_cache]
    fn price(id: u64) -> u64 {
        id * PRICE.load(Ordering::Relaxed)
    }

    #[cache_invalidate(price(id))]
    fn set_price(id: u64, to: u64) {
        assert!(price::cache_contains(id), "it goes when this has returned");
        PRICE.store(to, Ordering::Relaxed);
    }

    assert_eq!((price(1), price(2)), (10, 20));
    set_price(1, 50);
    assert_eq!((price(1), price(2)), (50, 20));
    assert_eq!(price::cache_info().invalidations, 1);
}

#[test]
fn an_error_leaves_what_is_kept_unless_always() {
    #[lru_cache]
    fn course(id: u64) -> u64 {
        id
    }

    type Outcome = Result<u64, String>;

    fn check(id: u64) -> Outcome {
        if id > 9 {
            Err("no such course".into())
        } else {
            Ok(id)
        }
    }

    #[cache_invalidate(course(id))]
    fn update(id: u64) -> Outcome {
        let id = check(id)?;
        if id == 0 {
            return Ok(0);
        }
        Ok(id)
    }

    #[cache_invalidate(always, course(id))]
    fn update_always(id: u64) -> Outcome {
        assert!(id != 12);
        check(id)
    }

    for id in [0, 1, 10, 11, 12] {
        course(id);
    }
    assert!(update(0).is_ok() && update(1).is_ok() && update(10).is_err());
    let kept = |id| course::cache_contains(id);
    assert_eq!([kept(0), kept(1), kept(10)], [false, false, true]);
    assert!(update_always(11).is_err());
    assert!(catch_unwind(|| update_always(12)).is_err());
    assert_eq!([kept(10), kept(11), kept(12)], [true, false, false]);
}

#[test]
fn a_panic_leaves_what_is_kept() {
    #[lru_cache]
    fn kept(id: u64) -> u64 {
        id
    }

    #[cache_invalidate(kept)]
    fn fails(id: u64) {
        assert!(id == 0);
    }

    kept(1);
    assert!(catch_unwind(|| fails(1)).is_err());
    assert!(kept::cache_contains(1));
    fails(0);
    assert!(!kept::cache_contains(1));
}

mod shop {
    use lruheap::lru_cache;

    #[lru_cache]
    pub(crate) fn stock(name: &str, size: u8) -> usize {
        name.len() + usize::from(size)
    }

    #[lru_cache]
    pub(crate) fn label<
        T: std::fmt::Display + std::hash::Hash + Eq + Clone + Send + Sync + 'static,
    >(
        of: T,
    ) -> String {
        of.to_string()
    }
}

#[test]
fn several_functions_by_any_path_and_borrowed_arguments() {
    #[cache_invalidate(shop::stock(&name.clone(), 1), shop::label::<u64>(7), shop::label::<u8>)]
    fn rename(name: String) -> String {
        name + "!"
    }

    shop::stock("a", 1);
    shop::stock("a", 2);
    let _ = (shop::label(7_u64), shop::label(8_u64), shop::label(7_u8));
    assert_eq!(rename("a".into()), "a!");
    let kept = |size| shop::stock::cache_contains("a", size);
    assert_eq!([kept(1), kept(2)], [false, true]);
    assert_eq!(shop::label::<u64>::cache_info().currsize, 1);
    assert_eq!(shop::label::<u8>::cache_info().currsize, 0);
}

#[test]
fn arguments_are_those_of_the_call() {
    #[lru_cache]
    fn square(n: u64) -> u64 {
        n * n
    }

    #[cache_invalidate(square(n))]
    fn grow(mut n: u64) -> u64 {
        n += 1;
        n
    }

    let _ = (square(2), square(3));
    assert_eq!(grow(2), 3);
    assert!(!square::cache_contains(2) && square::cache_contains(3));
}

#[derive(CacheHost, Default)]
struct Store {
    factor: u64,
    caches: InstanceCaches,
}

#[lru_cache]
fn outside(n: u64) -> u64 {
    n
}

#[lru_cache]
impl Store {
    #[lru_cache]
    fn total(&self, n: u64) -> u64 {
        self.factor * n
    }

    #[lru_cache]
    fn shared(n: u64) -> u64 {
        n
    }

    #[cache_invalidate(total, self::outside(n), Self::shared(n))]
    fn set(&mut self, n: u64) -> Result<u64, u64> {
        self.factor = n;
        if n > 9 { Err(n) } else { Ok(n) }
    }
}

#[cache_invalidate(Store::total, Store::shared)]
fn reset() {}

#[test]
fn methods_of_all_instances_and_what_is_beside_the_instance() {
    let (mut a, b) = (Store::default(), Store::default());
    let fill = |store: &Store| {
        (
            store.total(1),
            Store::shared(3),
            Store::shared(4),
            outside(3),
        )
    };
    let kept = || {
        (
            Store::shared_cache().cache_info().currsize,
            outside::cache_contains(3),
        )
    };
    let _ = (fill(&a), fill(&b));
    assert_eq!(a.set(3), Ok(3));
    assert_eq!((a.total(1), b.total_cache().cache_info().currsize), (3, 1));
    assert_eq!(kept(), (1, false));
    fill(&a);
    assert_eq!(a.set(10), Err(10));
    assert_eq!(
        a.total(1),
        10,
        "what hangs on the instance goes in any case"
    );
    let _ = (fill(&a), Store::shared(10), outside(10));
    reset();
    assert_eq!(Store::total_caches().cache_info().currsize, 0);
    assert_eq!(Store::shared_caches().cache_info().currsize, 0);
}

#[test]
fn async_functions_when_they_have_run() {
    #[lru_cache]
    fn page(id: u64) -> u64 {
        id
    }

    #[cache_invalidate(page(id))]
    async fn edit(id: u64) -> Result<u64, String> {
        std::future::ready(()).await;
        let id: u64 = format!("{id}").parse().map_err(|_| "never")?;
        if id == 2 {
            Err("locked".into())
        } else {
            Ok(id)
        }
    }

    #[cache_invalidate(page(id))]
    async fn never(id: u64) {
        let _ = id;
        std::future::pending::<()>().await;
    }

    for id in [1, 2, 3] {
        page(id);
    }
    let not_yet = edit(1);
    assert!(page::cache_contains(1), "it has not run yet");
    assert_eq!(
        (block_on(not_yet), block_on(edit(2)).is_err()),
        (Ok(1), true)
    );
    assert_eq!([1, 2, 3].map(page::cache_contains), [false, true, true]);

    let mut cancelled = Box::pin(never(3));
    assert!(poll_once(&mut cancelled).is_pending());
    drop(cancelled);
    assert!(page::cache_contains(3), "it never returned");
}

#[test]
fn all_kinds_of_results() {
    #[lru_cache]
    fn kept(id: u64) -> u64 {
        id
    }

    #[cache_invalidate(kept(1))]
    fn boxed(x: u8) -> Box<dyn std::fmt::Debug> {
        Box::new(x)
    }

    #[cache_invalidate(kept(2))]
    fn iterator(x: u8) -> impl Iterator<Item = u8> {
        std::iter::repeat_n(x, 2)
    }

    #[cache_invalidate(kept(3))]
    fn borrowed<'a>(text: &'a str, _: &str) -> &'a str {
        &text[1..]
    }

    #[allow(unsafe_code)]
    #[cache_invalidate(kept(4))]
    unsafe fn generic<T: Default>(_: T) -> T {
        T::default()
    }

    for id in 1..5 {
        kept(id);
    }
    assert_eq!(format!("{:?}", boxed(1)), "1");
    assert_eq!(iterator(7).collect::<Vec<_>>(), [7, 7]);
    assert_eq!(borrowed("abc", ""), "bc");
    // SAFETY: nothing is asked for.
    #[allow(unsafe_code)]
    let zero = unsafe { generic(3) };
    assert_eq!((zero, kept::cache_info().currsize), (0, 0));
}

#[test]
fn a_computation_under_way_is_not_stored() {
    #[lru_cache]
    fn slow(id: u64) -> u64 {
        if id == 1 {
            write(id);
        }
        id
    }

    #[cache_invalidate(slow(id))]
    fn write(id: u64) {
        let _ = id;
    }

    assert_eq!(slow(1), 1);
    assert!(!slow::cache_contains(1));
    let again = catch_unwind(AssertUnwindSafe(|| slow(2)));
    assert_eq!(again.ok(), Some(2));
    assert!(slow::cache_contains(2));
}

#[test]
fn what_a_parameter_does_at_its_end_has_happened() {
    static STORED: AtomicU64 = AtomicU64::new(0);

    struct Transaction(u64);

    impl Drop for Transaction {
        fn drop(&mut self) {
            assert!(stored::cache_contains(1), "nothing is dropped before");
            STORED.store(self.0, Ordering::SeqCst);
        }
    }

    #[lru_cache]
    fn stored(id: u64) -> u64 {
        id * STORED.load(Ordering::SeqCst)
    }

    #[cache_invalidate(stored(id))]
    fn commit(id: u64, mut transaction: Transaction, _unused: Transaction) {
        transaction.0 += id;
    }

    #[cache_invalidate(stored(id))]
    async fn commit_soon(id: u64, transaction: Transaction) {
        std::future::ready(()).await;
    }

    stored(1);
    commit(1, Transaction(6), Transaction(7));
    assert_eq!(stored(1), 7);
    block_on(commit_soon(1, Transaction(8)));
    assert_eq!(stored(1), 8);
}

#[test]
fn results_that_borrow_and_futures_that_move() {
    #[lru_cache]
    fn kept(id: u64) -> u64 {
        id
    }

    #[cache_invalidate(kept(1))]
    fn first(values: &mut Vec<u64>) -> &mut u64 {
        &mut values[0]
    }

    #[cache_invalidate(kept)]
    async fn receive(values: std::sync::mpsc::Receiver<u64>) -> u64 {
        std::future::ready(()).await;
        values.recv().unwrap_or_default()
    }

    fn is_send<T: Send>(value: T) -> T {
        value
    }

    kept(1);
    let mut values = vec![1];
    *first(&mut values) = 3;
    assert_eq!((values[0], kept::cache_contains(1)), (3, false));
    let (send, values) = std::sync::mpsc::channel();
    send.send(4).expect("it is received");
    assert_eq!(block_on(is_send(receive(values))), 4);
}
