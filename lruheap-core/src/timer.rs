//! Wakes tasks at a time, for those whose executors have no such thing: one thread,
//! there only while somebody asked to be woken and a moment longer.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::time::{Clock, Instant};
use crate::turns::wake;

/// How long the thread stays with nothing to do.
const LINGER: Duration = Duration::from_secs(5);

static STATE: Mutex<State> = Mutex::new(State {
    alarms: BTreeMap::new(),
    set: 0,
    is_running: false,
});

static CHANGED: Condvar = Condvar::new();

struct State {
    alarms: BTreeMap<(Instant, u64), Waker>,
    /// How many have been set so far.
    set: u64,
    is_running: bool,
}

/// A waker that is woken at its time, unless this is dropped before.
pub(crate) struct Alarm((Instant, u64));

impl Alarm {
    /// Sets one. Where a thread can't be had, it never wakes.
    pub(crate) fn set(at: Instant, waker: &Waker) -> Self {
        let waker = waker.clone();
        let mut state = STATE.lock();
        let name = (at, state.set);
        state.set += 1;
        let is_first = state.alarms.keys().next().is_none_or(|first| name < *first);
        state.alarms.insert(name, waker);
        if !state.is_running {
            let run = thread::Builder::new()
                .name("lruheap-timer".into())
                .spawn(run);
            state.is_running = run.is_ok();
        } else if is_first {
            CHANGED.notify_all();
        }
        Alarm(name)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let waker = STATE.lock().alarms.remove(&self.0);
        drop(waker);
    }
}

/// Passes after a while, whatever the executor. Where a thread can't be had for that, at once.
pub(crate) async fn pause(time: Duration) {
    let clock = Clock::default();
    let end = clock.now().saturating_add(time);
    let mut alarm = None;
    poll_fn(|cx| {
        if clock.now() >= end {
            return Poll::Ready(());
        }
        alarm = Some(Alarm::set(end, cx.waker()));
        if STATE.lock().is_running {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

/// Time has been moved.
#[cfg(feature = "testing")]
pub(crate) fn look_again() {
    let _state = STATE.lock();
    CHANGED.notify_all();
}

fn run() {
    let clock = Clock::default();
    let mut state = STATE.lock();
    loop {
        let now = clock.now();
        let mut due = Vec::new();
        while let Some(first) = state.alarms.first_entry() {
            if first.key().0 > now {
                break;
            }
            due.push(first.remove());
        }
        if !due.is_empty() {
            drop(state);
            due.into_iter().for_each(wake);
            state = STATE.lock();
            continue;
        }
        let next = state.alarms.keys().next().map(|(at, _)| at.since(now));
        let timed_out = CHANGED
            .wait_for(&mut state, next.unwrap_or(LINGER))
            .timed_out();
        if timed_out && state.alarms.is_empty() {
            state.is_running = false;
            return;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::Wake;

    struct Sends(Sender<u32>, u32);

    impl Wake for Sends {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(self.1);
        }
    }

    fn waker(sender: &Sender<u32>, number: u32) -> Waker {
        Waker::from(Arc::new(Sends(sender.clone(), number)))
    }

    fn next(woken: &Receiver<u32>) -> u32 {
        woken
            .recv_timeout(Duration::from_secs(60))
            .expect("a waker is woken")
    }

    #[test]
    fn alarms_wake_in_their_order_and_dropped_ones_do_not() {
        let (sender, woken) = channel();
        let now = Clock::default().now();
        let at = |milliseconds| now.saturating_add(Duration::from_millis(milliseconds));
        let late = Alarm::set(at(60), &waker(&sender, 3));
        let dropped = Alarm::set(at(20), &waker(&sender, 1));
        let early = Alarm::set(at(30), &waker(&sender, 2));
        drop(dropped);
        assert_eq!((next(&woken), next(&woken)), (2, 3));
        drop((late, early));
    }
}
