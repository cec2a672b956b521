//! Several things that each have their turn, though the user's `Drop` may panic in
//! one of them: a second panic while the first unwinds would end the process.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// Takes turns. The first panic goes on when this is dropped, unless there is one
/// under way.
#[derive(Default)]
pub(crate) struct Turns(Option<Box<dyn Any + Send>>);

impl Turns {
    pub(crate) fn take(&mut self, turn: impl FnOnce()) {
        // Whatever panics here has left what it belongs to in order.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(turn)) {
            self.0.get_or_insert(panic);
        }
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        if let Some(panic) = self.0.take().filter(|_| !std::thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

/// Drops each of these.
pub(crate) fn drop_each<T>(items: impl IntoIterator<Item = T>) {
    if !mem::needs_drop::<T>() {
        return;
    }
    let mut turns = Turns::default();
    for item in items {
        turns.take(|| drop(item));
    }
}

/// Wakes a task. A panic in there goes no further: it is the executor's, and whoever
/// wakes has others to wake and a result to return.
pub(crate) fn wake(waker: Waker) {
    let woken = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    // What a panic brings may panic in turn when it is dropped.
    if let Err(panic) = woken {
        mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_dropped_and_the_first_panic_goes_on() {
        struct Panics<'c>(&'c std::cell::Cell<u32>);

        impl Drop for Panics<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
                panic!("number {}", self.0.get());
            }
        }

        let dropped = std::cell::Cell::new(0);
        let items = [Panics(&dropped), Panics(&dropped), Panics(&dropped)];
        let panic = catch_unwind(AssertUnwindSafe(|| drop_each(items))).expect_err("they panic");
        assert_eq!(
            panic.downcast_ref::<String>().map(String::as_str),
            Some("number 1")
        );
        assert_eq!(dropped.get(), 3);
    }
}
