//! What the test files share: the four figures of Python, a watchdog against
//! hangs, and an executor for futures. Tasks that are polled by hand, threads that
//! start together and turns at the clock have modules of their own.

#![allow(dead_code, unreachable_pub)] // each file uses its own part of this

pub mod clock;
pub mod tasks;
pub mod threads;

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::io::{Write, stderr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use lruheap::CacheInfo;

/// Hits, misses, maxsize, currsize.
pub fn four(info: CacheInfo) -> (u64, u64, Option<usize>, usize) {
    (info.hits, info.misses, info.maxsize, info.currsize)
}

/// A user's key, all of one hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Clashing(pub u64);

impl Hash for Clashing {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// Aborts the process if it is not dropped within a minute.
#[must_use]
pub struct Watchdog {
    _alive: Sender<()>,
}

/// Starts a [`Watchdog`]; hold it until the end of the test.
pub fn watchdog() -> Watchdog {
    let (alive, owner) = channel();
    let test = thread::current().name().unwrap_or("a test").to_owned();
    thread::spawn(move || {
        if owner.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            // What `eprintln!` writes is captured, and goes with the process.
            let _ = writeln!(stderr(), "{test} hangs");
            std::process::abort();
        }
    });
    Watchdog { _alive: alive }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Polls a future once, with nobody to wake.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A future that is pending once, and asks to be polled again.
#[derive(Default)]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
