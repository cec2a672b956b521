//! The body of a call: how long a task's is kept, and which ones a thread is in the middle of.

use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::backend::Key;

/// The body of a task. It is dropped as soon as it has ended, and before what is given back
/// for others to run it.
pub(crate) struct Body<'b, F>(pub(crate) Pin<&'b mut Option<F>>);

impl<F: Future> Future for Body<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let body = self.0.as_mut().as_pin_mut();
        body.expect("a body is there until it has ended")
            .poll(context)
    }
}

impl<F> Drop for Body<'_, F> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

thread_local! {
    /// What this thread is computing, one within the other.
    static MIDDLE: RefCell<Vec<Key>> = const { RefCell::new(Vec::new()) };
}

/// A thread that is in the middle of a body.
pub(crate) struct Middle(Option<Key>);

impl Middle {
    /// In the middle of this until it is dropped.
    pub(crate) fn of(key: Option<Key>) -> Self {
        Middle(key.filter(|key| {
            let note = |middle: &RefCell<Vec<Key>>| middle.borrow_mut().push(*key);
            MIDDLE.try_with(note).is_ok()
        }))
    }

    /// Whether this thread is in the middle of the same.
    pub(crate) fn is_in(key: Key) -> bool {
        let is_in = MIDDLE.try_with(|middle| middle.borrow().contains(&key));
        is_in.unwrap_or(false)
    }
}

impl Drop for Middle {
    fn drop(&mut self) {
        if self.0.is_some() {
            let _ = MIDDLE.try_with(|middle| middle.borrow_mut().pop());
        }
    }
}

/// The output of a future that is never pending.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a thread blocks where a task would wait"),
    }
}
