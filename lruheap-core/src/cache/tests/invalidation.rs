//! What was begun before a removal, an insertion or a clearing is not stored.

use super::*;

#[test]
fn what_is_invalidated_while_it_is_computed_is_returned_and_not_stored() {
    type Invalidate = fn(&Cache<u32, u32>);
    let cases: [(Invalidate, &[(u32, u32)]); 7] = [
        (Cache::clear, &[]),
        (
            |cache| {
                _ = cache.remove(&1);
            },
            &[(2, 2)],
        ),
        (|cache| cache.insert(1, 50), &[(2, 2), (1, 50)]),
        (
            |cache| cache.insert_with_ttl(1, 50, Duration::ZERO),
            &[(2, 2)],
        ),
        // A computation of the same key within, which is stored first.
        (
            |cache| {
                _ = cache.get_or_insert_with(&1, || 60);
            },
            &[(2, 2), (1, 60)],
        ),
        // Removed, and computed once more.
        (
            |cache| {
                cache.remove(&1);
                cache.get_or_insert_with(&1, || 70);
            },
            &[(2, 2), (1, 70)],
        ),
        // Another key's removal is no business of this one.
        (
            |cache| {
                _ = cache.remove(&2);
            },
            &[(1, 40)],
        ),
    ];
    for (index, (invalidate, expected)) in cases.into_iter().enumerate() {
        let cache: Cache<u32, u32> = Cache::default();
        cache.insert(2, 2);
        let value = cache.get_or_insert_with(&1, || {
            assert_eq!(under_way(&cache), 1);
            invalidate(&cache);
            40
        });
        assert_eq!(value, 40, "case {index}");
        assert_eq!(cache.entries(), expected, "case {index}");
        assert_eq!(under_way(&cache), 0, "case {index}");
    }
}

/// Polls a future that waits for nothing but itself.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_future_stores_what_it_computed_unless_it_is_dropped_or_invalidated() {
    async fn pause() {
        let mut paused = false;
        poll_fn(|_| {
            if std::mem::replace(&mut paused, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
    let cache: Cache<u32, u32> = Cache::default();
    let compute = |value| {
        let cache = cache.clone();
        Box::pin(async move {
            let compute = || async move {
                pause().await;
                value
            };
            cache.get_or_insert_with_async(&1, compute).await
        })
    };
    let mut dropped = compute(1);
    assert_eq!(poll(dropped.as_mut()), Poll::Pending);
    assert_eq!(under_way(&cache), 1);
    drop(dropped);
    assert_eq!((under_way(&cache), cache.len()), (0, 0));

    let mut invalidated = compute(2);
    assert_eq!(poll(invalidated.as_mut()), Poll::Pending);
    cache.clear();
    assert_eq!(poll(invalidated.as_mut()), Poll::Ready(2));
    assert_eq!((under_way(&cache), cache.len()), (0, 0));

    let mut stored = compute(3);
    assert_eq!(poll(stored.as_mut()), Poll::Pending);
    assert_eq!(poll(stored.as_mut()), Poll::Ready(3));
    assert_eq!(poll(compute(4).as_mut()), Poll::Ready(3));

    let failing = cache.try_get_or_insert_with_async(&2, || async { Err("failed") });
    assert_eq!(poll(Box::pin(failing).as_mut()), Poll::Ready(Err("failed")));
    assert_eq!((under_way(&cache), cache.len()), (0, 1));
}
