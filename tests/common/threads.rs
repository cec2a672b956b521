//! Threads that do something at one time.

use std::sync::{Barrier, Condvar, Mutex};
use std::thread;

/// Counts those who come.
pub struct Crowd {
    here: Mutex<usize>,
    changed: Condvar,
}

impl Crowd {
    pub const fn new() -> Self {
        Crowd {
            here: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    pub fn come(&self) {
        *self.here.lock().unwrap() += 1;
        self.changed.notify_all();
    }

    /// Waits until `n` have come, and then lets them get on for a while.
    pub fn wait_for(&self, n: usize) {
        let here = self.here.lock().unwrap();
        drop(self.changed.wait_while(here, |here| *here < n));
        for _ in 0..100 {
            thread::yield_now();
        }
    }

    pub fn leave(&self) {
        *self.here.lock().unwrap() = 0;
    }
}

/// What `n` threads that start at once get.
pub fn together<R: Send>(n: usize, call: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let start = Barrier::new(n);
    thread::scope(|scope| {
        let (start, call) = (&start, &call);
        let caller = |i| {
            scope.spawn(move || {
                start.wait();
                call(i)
            })
        };
        let callers: Vec<_> = (0..n).map(caller).collect();
        callers.into_iter().map(|c| c.join().unwrap()).collect()
    })
}
