//! Async functions: any executor, cancellation without a trace, `Send` futures.

#![allow(clippy::unused_async, clippy::items_after_statements)] // functions inside tests

mod common;

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use common::{YieldNow, block_on, four, poll_once, watchdog};
use lruheap::{cache, lru_cache};

#[test]
fn the_body_runs_once_for_each_key() {
    let _watchdog = watchdog();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn length(text: &str) -> usize {
        RUNS.fetch_add(1, Relaxed);
        YieldNow::default().await;
        text.len()
    }
    for text in ["four", "five", "four", "three"] {
        assert_eq!(block_on(length(text)), text.len());
    }
    assert_eq!(RUNS.load(Relaxed), 3);
    assert_eq!(four(length::cache_info()), (1, 3, Some(128), 3));
}

#[test]
fn only_uncached_and_refresh_are_async() {
    let _watchdog = watchdog();
    #[lru_cache]
    async fn double(n: u32) -> u32 {
        YieldNow::default().await;
        n * 2
    }
    assert_eq!(block_on(double::uncached(1)), 2);
    assert_eq!(four(double::cache_info()), (0, 0, Some(128), 0));
    double::cache_insert(1, 20);
    assert_eq!(block_on(double(1)), 20);
    assert_eq!(block_on(double::cache_refresh(1)), 2);
    assert_eq!(double::cache_peek(1), Some(2));
    assert!(double::cache_contains(1) && double::cache_ttl(1).is_some());
    assert_eq!(double::cache_remove(1), Some(2));
    assert_eq!(double::cache_info().currsize, 0);
}

#[test]
fn a_future_that_is_never_polled_is_no_call() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn run(n: u32) -> u32 {
        RUNS.fetch_add(1, Relaxed);
        n
    }
    drop(run(1));
    drop(run::cache_refresh(1));
    assert_eq!(RUNS.load(Relaxed), 0);
    assert_eq!(four(run::cache_info()), (0, 0, Some(128), 0));
}

#[test]
fn a_cancelled_future_leaves_no_trace() {
    let _watchdog = watchdog();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache(maxsize = 2)]
    async fn run(_n: u32) -> u32 {
        let run = RUNS.fetch_add(1, Relaxed);
        YieldNow::default().await;
        run
    }
    let mut cancelled = Box::pin(run(1));
    assert_eq!(poll_once(&mut cancelled), Poll::Pending);
    drop(cancelled);
    assert!(!run::cache_contains(1));
    assert_eq!(four(run::cache_info()), (0, 1, Some(2), 0));
    assert_eq!([block_on(run(1)), block_on(run(1))], [1, 1]);
    assert_eq!(four(run::cache_info()), (1, 2, Some(2), 1));

    let mut refresh = Box::pin(run::cache_refresh(1));
    assert_eq!(poll_once(&mut refresh), Poll::Pending);
    drop(refresh);
    assert_eq!(run::cache_peek(1), Some(1));
}

#[test]
fn the_entry_is_stored_when_the_future_ends() {
    #[lru_cache]
    async fn double(n: u32) -> u32 {
        YieldNow::default().await;
        n * 2
    }
    let mut future = pin!(double(4));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(future.as_mut().poll(&mut context), Poll::Pending);
    assert!(!double::cache_contains(4));
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(8));
    assert_eq!(double::cache_peek(4), Some(8));
}

#[test]
fn futures_are_send_when_the_body_s_is() {
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    #[lru_cache]
    async fn text(text: &str, optional: Option<&str>, list: &[&str]) -> String {
        YieldNow::default().await;
        format!("{text} {} {}", optional.unwrap_or("-"), list.len())
    }
    #[lru_cache]
    async fn fallible(n: u32) -> std::io::Result<u32> {
        YieldNow::default().await;
        Ok(n)
    }
    #[lru_cache]
    async fn generic<T: std::hash::Hash + Eq + Clone + Send + Sync + 'static>(value: T) -> T {
        YieldNow::default().await;
        value
    }
    #[lru_cache(typed = false)]
    async fn loose<T: lruheap::LooseKey + Send>(_value: T) -> u32 {
        YieldNow::default().await;
        1
    }
    /// A result that threads may share, an error that they may not.
    #[lru_cache]
    async fn local_error(n: u32) -> Result<u32, Rc<str>> {
        Ok(n)
    }
    #[lru_cache]
    async fn skipped(n: u32, #[key(skip)] _sender: std::sync::mpsc::Sender<u32>) -> u32 {
        YieldNow::default().await;
        n
    }
    /// What the expressions of keys and tags need is gone before the body is awaited.
    #[lru_cache(tags(Rc::new(n).to_string(), *Rc::<str>::from("all")))]
    async fn computed(#[key(Rc::new(n).to_string())] n: u32) -> u32 {
        YieldNow::default().await;
        n
    }
    let _watchdog = watchdog();
    assert_eq!(block_on(send(computed(7))), 7);
    assert_eq!(block_on(send(computed::cache_refresh(7))), 7);
    assert_eq!(block_on(send(text("a", None, &["b"]))), "a - 1");
    assert_eq!(block_on(send(text::uncached("a", Some("c"), &[]))), "a c 0");
    assert_eq!(block_on(send(text::cache_refresh("a", None, &[]))), "a - 0");
    assert_eq!(block_on(send(fallible(3))).unwrap(), 3);
    assert_eq!(block_on(send(generic('x'))), 'x');
    assert_eq!(block_on(send(loose(1.5))), 1);
    assert_eq!(block_on(send(local_error(1))), Ok(1));
    assert_eq!(block_on(send(skipped(5, std::sync::mpsc::channel().0))), 5);
    let elsewhere = std::thread::spawn(|| block_on(text("a", None, &["b"])));
    assert_eq!(elsewhere.join().unwrap(), "a - 1");
    assert_eq!(text::cache_info().hits, 1);
}

#[test]
fn a_body_that_is_not_send_may_be_async_too() {
    let _watchdog = watchdog();
    #[lru_cache]
    async fn local(n: u32) -> u32 {
        let cell = Rc::new(Cell::new(n));
        YieldNow::default().await;
        cell.replace(0) + 1
    }
    assert_eq!([block_on(local(1)), block_on(local(1))], [2, 2]);
    assert_eq!(four(local::cache_info()), (1, 1, Some(128), 1));
}

#[test]
fn recursion_through_boxes() {
    let _watchdog = watchdog();
    #[cache]
    async fn fibonacci(n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        Box::pin(fibonacci(n - 1)).await + Box::pin(fibonacci(n - 2)).await
    }
    assert_eq!(block_on(fibonacci(50)), 12_586_269_025);
    assert_eq!(four(fibonacci::cache_info()), (48, 51, None, 51));
}

#[test]
fn errors_and_panics_are_not_kept() {
    let _watchdog = watchdog();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[lru_cache]
    async fn third_time(_n: u32) -> Result<u32, String> {
        YieldNow::default().await;
        match RUNS.fetch_add(1, Relaxed) {
            0 => Err("the first run".to_owned()),
            1 => panic!("the second run"),
            run => Ok(run),
        }
    }
    assert_eq!(block_on(third_time(1)), Err("the first run".to_owned()));
    assert!(std::panic::catch_unwind(|| block_on(third_time(1))).is_err());
    assert_eq!(four(third_time::cache_info()), (0, 2, Some(128), 0));
    assert_eq!(
        [block_on(third_time(1)), block_on(third_time(1))],
        [Ok(2), Ok(2)]
    );
    assert_eq!(four(third_time::cache_info()), (1, 3, Some(128), 1));
}

#[test]
fn patterns_and_mutable_arguments() {
    let _watchdog = watchdog();
    #[lru_cache]
    async fn sum((a, b): (u32, u32), mut list: Vec<u32>, _: &str) -> u32 {
        list.push(a);
        YieldNow::default().await;
        list.iter().sum::<u32>() + b
    }
    assert_eq!(
        [
            block_on(sum((1, 2), vec![3], "x")),
            block_on(sum((1, 2), vec![3], "x"))
        ],
        [6, 6]
    );
    assert_eq!(four(sum::cache_info()), (1, 1, Some(128), 1));
}
