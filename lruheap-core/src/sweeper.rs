//! A thread that drops what has expired in caches that lie idle.
//!
//! Writes take expired entries along as they come, and expired values never reach
//! a caller; but what nobody touches any more keeps its memory until then. Where
//! that matters, [`start`] the sweeper: one thread for the process, asleep until
//! the next deadline of any cache.
//!
//! It serves the caches of memoized functions and methods, but for those that
//! belong to a thread (`scope = thread`, `Rc` receivers). Of caches that were built
//! by hand nobody keeps a list: call [`Cache::purge`](crate::Cache::purge).
//!
//! ```
//! lruheap_core::sweeper::start();
//! assert!(lruheap_core::sweeper::is_running());
//! lruheap_core::sweeper::stop();
//! assert!(!lruheap_core::sweeper::is_running());
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use crate::alarm::{self, Watch};
use crate::registry;
use crate::time::Instant;

/// The sweeper, while it is to run.
static SWEEPER: Mutex<Option<(Watch, JoinHandle<()>)>> = Mutex::new(None);

/// Starts the sweeper; does nothing if there is one.
///
/// Values are dropped on its thread, which is called `lruheap-sweeper`. A panic in a
/// value's `Drop` is reported by the panic hook, and the sweeper goes on.
///
/// # Panics
///
/// If the system gives no thread.
pub fn start() {
    let mut sweeper = SWEEPER.lock();
    if sweeper.is_some() {
        return;
    }
    let watch = alarm::begin();
    let builder = thread::Builder::new().name("lruheap-sweeper".into());
    let thread = builder.spawn(move || alarm::keep(watch, sweep));
    *sweeper = Some((watch, thread.expect("the system gives a thread")));
}

/// Stops the sweeper, and returns when its thread has gone; does nothing if there is
/// none.
///
/// Called by a value's `Drop` on the sweeper's own thread, it returns at once, and the
/// thread goes when it has dropped the rest.
pub fn stop() {
    // Not locked while it is waited for: what it drops may ask for the sweeper.
    let Some((watch, thread)) = SWEEPER.lock().take() else {
        return;
    };
    alarm::end(watch);
    if thread.thread().id() != thread::current().id() {
        let ended = thread.join();
        debug_assert!(ended.is_ok(), "what may panic is caught");
    }
}

/// Whether the sweeper runs.
pub fn is_running() -> bool {
    SWEEPER.lock().is_some()
}

/// Drops what has expired everywhere, and finds the next deadline.
fn sweep() -> Option<Instant> {
    let mut next = None;
    registry::visit(|listed| {
        // The user's `Drop` may panic, also where what was looked at dies meanwhile;
        // the other caches have their turn all the same.
        let of_it = catch_unwind(AssertUnwindSafe(|| {
            listed.purge();
            listed.next_deadline()
        }));
        // After a panic it is looked at again at once: what panicked has gone.
        let of_it = of_it.unwrap_or(Some(Instant::FIRST));
        next = of_it.into_iter().chain(next).min();
    });
    next
}
