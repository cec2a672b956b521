//! Values near their end and past it: recomputed early, served while one caller renews
//! them, and in the place of an error.

use std::cell::OnceCell;
use std::pin::Pin;

use super::*;

mod in_the_place_of_an_error;
mod near_the_end;
mod past_the_end;
mod rules;
mod windows;

type Numbers = Cache<u32, u32>;

const SECOND: u64 = 1_000_000_000;

/// A cache with one entry, 1 → 1, that took so long to compute.
fn computed<K: Numbered + Hash + Eq>(
    builder: CacheBuilder,
    time: &Time,
    cost: u64,
) -> Cache<K, u32> {
    let cache: Cache<K, u32> = builder.build();
    let value = cache.get_or_insert_with(&K::of(1), || {
        time.advance(cost);
        1
    });
    assert_eq!(value, 1);
    cache
}

/// Whether a call runs its body, which fails: the entry stays as it is.
fn runs<K: Numbered + Hash + Eq>(cache: &Cache<K, u32>) -> bool {
    let has_run = Cell::new(false);
    let body = || {
        has_run.set(true);
        Err(())
    };
    let _ = cache.try_get_or_insert_with(&K::of(1), body);
    has_run.get()
}

/// What a cache keeps, whether it is shown or not.
fn held<K, V>(cache: &Cache<K, V>) -> usize {
    cache.engine.inspect(|state| state.store.len())
}

type Calling<'a, V> = Pin<Box<dyn Future<Output = V> + 'a>>;

fn poll<V>(calling: &mut Calling<'_, V>) -> Poll<V> {
    calling
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// A call whose body waits until it is told what to return.
fn call<'a>(
    cache: &'a Numbers,
    told: &'a OnceCell<Result<u32, ()>>,
) -> Calling<'a, Result<u32, ()>> {
    let body = move || {
        poll_fn(move |_| {
            told.get()
                .map_or(Poll::Pending, |result| Poll::Ready(*result))
        })
    };
    Box::pin(cache.try_get_or_insert_with_async(&1, body))
}

/// A call that is not to run its body.
fn answered(cache: &Numbers) -> Result<u32, ()> {
    cache.try_get_or_insert_with(&1, || unreachable!("another computes, or nobody has to"))
}

/// What a call finds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finds {
    /// A value that is still good.
    Hit,
    /// One that others get while this call computes.
    Stale,
    /// None that anyone gets without computing.
    Nothing,
}

/// Makes a call that fails, in the middle of which there is another. Says what the first
/// finds, and what it returns in the place of the error.
fn failing<K: Numbered + Hash + Eq>(cache: &Cache<K, u32>) -> (Finds, Option<u32>) {
    let mut finds = Finds::Hit;
    let result = cache.try_get_or_insert_with(&K::of(1), || {
        finds = Finds::Stale;
        let _ = cache.try_get_or_insert_with(&K::of(1), || {
            finds = Finds::Nothing;
            Err(())
        });
        Err(())
    });
    (finds, result.ok())
}
