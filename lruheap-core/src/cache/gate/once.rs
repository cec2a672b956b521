//! What lies where all threads can see it. Nothing here knows what it holds.
//!
//! A place for an `Arc` that is filled once and read without a lock, one pointer wide:
//! `OnceLock<Arc<T>>` is two words, and what hangs on every instance of a user's type
//! should be one. And a value that is known to be for all threads, where its type alone
//! does not say so.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

#[cfg(not(loom))]
use std::sync::atomic::{AtomicPtr, Ordering};

#[cfg(loom)]
use loom::sync::atomic::{AtomicPtr, Ordering};

/// A value that threads may share, whatever they know of its type: that was asked when
/// this was made. So a static can be of such a type before anyone has asked.
pub(crate) struct Shared<T>(T);

// SAFETY: `new` is the only way to make one, and asks for `T: Send + Sync`. Which types
// are `Send` and `Sync` does not depend on who looks.
#[allow(unsafe_code)]
unsafe impl<T> Send for Shared<T> {}
#[allow(unsafe_code)]
unsafe impl<T> Sync for Shared<T> {}

impl<T: Send + Sync> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Shared(value)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Empty, and then for ever the same `Arc`.
pub(crate) struct OnceArc<T> {
    /// Null, or what `Arc::into_raw` gave: this place owns that one reference.
    /// It changes once, from null, until `drop` has the place to itself.
    pointer: AtomicPtr<T>,
    /// `Send` and `Sync` where an `Arc<T>` is.
    owned: PhantomData<Arc<T>>,
}

impl<T> OnceArc<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        OnceArc {
            pointer: AtomicPtr::new(ptr::null_mut()),
            owned: PhantomData,
        }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        OnceArc {
            pointer: AtomicPtr::new(ptr::null_mut()),
            owned: PhantomData,
        }
    }

    #[inline]
    #[allow(unsafe_code)]
    pub(crate) fn get(&self) -> Option<&T> {
        let pointer = self.pointer.load(Ordering::Acquire);
        // SAFETY:
        // 1. A pointer that is not null came from `Arc::into_raw`, and the
        //    reference that it stands for is given back in `drop` only, which
        //    has the place to itself: the `T` lives at least as long as `&self`.
        // 2. The `Acquire` load reads from the `Release` store in `set`: all that
        //    was written to the `T` before is visible.
        // 3. Nobody has the `T` mutably: it was in an `Arc` when it came here,
        //    and this reference to it is among those that `Arc` counts.
        unsafe { pointer.as_ref() }
    }

    /// Another reference to what is here.
    #[allow(unsafe_code)]
    pub(crate) fn share(&self) -> Option<Arc<T>> {
        // Not what `get` gives: a `&T` knows nothing of the counts beside the `T`.
        let pointer = self.pointer.load(Ordering::Acquire).cast_const();
        if pointer.is_null() {
            return None;
        }
        // SAFETY:
        // 1. A pointer that is not null is what `Arc::into_raw` gave to `set`, and
        //    its reference is still counted (see `get`): the count is at least one.
        // 2. The count is raised before the new `Arc` is made, so that this place
        //    keeps its own reference.
        unsafe {
            Arc::increment_strong_count(pointer);
            Some(Arc::from_raw(pointer))
        }
    }

    /// Fills the place.
    ///
    /// # Errors
    ///
    /// `value`, where somebody was first.
    #[allow(unsafe_code)]
    pub(crate) fn set(&self, value: Arc<T>) -> Result<(), Arc<T>> {
        let pointer = Arc::into_raw(value).cast_mut();
        // `Release` publishes what was written to the `T`.
        let was = self.pointer.compare_exchange(
            ptr::null_mut(),
            pointer,
            Ordering::Release,
            Ordering::Relaxed,
        );
        match was {
            Ok(_) => Ok(()),
            // SAFETY: `pointer` came from `Arc::into_raw` just now, and since it
            // was not stored, its reference is still ours to give back.
            Err(_) => Err(unsafe { Arc::from_raw(pointer) }),
        }
    }

    /// What is here, taken out by whoever has the place to itself.
    #[allow(unsafe_code)]
    pub(crate) fn take(&mut self) -> Option<Arc<T>> {
        #[cfg(not(loom))]
        let pointer = std::mem::replace(self.pointer.get_mut(), ptr::null_mut());
        #[cfg(loom)]
        let pointer = self
            .pointer
            .with_mut(|pointer| std::mem::replace(pointer, ptr::null_mut()));
        // SAFETY:
        // 1. A pointer that is not null came from `Arc::into_raw` in `set`, whose
        //    reference was this place's.
        // 2. `&mut self`: nobody else has the place, and it is null from here on,
        //    so that the reference is given back once.
        (!pointer.is_null()).then(|| unsafe { Arc::from_raw(pointer) })
    }
}

impl<T> Drop for OnceArc<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_pointer_wide_and_so_is_an_option_of_nothing() {
        assert_eq!(size_of::<OnceArc<[u64; 9]>>(), size_of::<usize>());
    }

    #[test]
    fn the_first_value_stays_and_the_second_comes_back() {
        let place = OnceArc::new();
        assert!(place.get().is_none());
        assert!(place.set(Arc::new(1)).is_ok());
        assert_eq!(place.set(Arc::new(2)).map_err(|back| *back), Err(2));
        assert_eq!(place.get(), Some(&1));
    }

    #[test]
    fn every_reference_is_given_back() {
        let value = Arc::new(());
        let place = OnceArc::new();
        assert!(place.set(Arc::clone(&value)).is_ok());
        let shared = place.share();
        assert_eq!(Arc::strong_count(&value), 3);
        drop((place, shared));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::thread;

    /// A value whose writing loom watches.
    struct Written(UnsafeCell<u32>);

    fn written(value: u32) -> Arc<Written> {
        let cell = UnsafeCell::new(0);
        // SAFETY: nobody else has the cell yet.
        #[allow(unsafe_code)]
        cell.with_mut(|place| unsafe { *place = value });
        Arc::new(Written(cell))
    }

    fn read(value: &Written) -> u32 {
        // SAFETY: nobody writes after `written`; that this is so for all who
        // come by the place is what loom checks.
        #[allow(unsafe_code)]
        value.0.with(|place| unsafe { *place })
    }

    #[test]
    fn loom_all_who_find_a_value_see_it_written_and_find_the_same() {
        loom::model(|| {
            let place = loom::sync::Arc::new(OnceArc::new());
            let others: Vec<_> = [1, 2]
                .into_iter()
                .map(|value| {
                    let place = place.clone();
                    thread::spawn(move || {
                        let lost = place.set(written(value)).err();
                        let seen = place.get().map(read);
                        assert!(seen.is_some());
                        assert!(lost.is_none_or(|lost| Some(read(&lost)) != seen));
                        seen
                    })
                })
                .collect();
            let early = place.get().map(read);
            let seen: Vec<_> = others
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"))
                .collect();
            assert_eq!(seen[0], seen[1]);
            assert!(early.is_none_or(|early| Some(early) == seen[0]));
        });
    }

    #[test]
    fn loom_a_shared_reference_outlives_the_place() {
        loom::model(|| {
            let place = loom::sync::Arc::new(OnceArc::new());
            let other = {
                let place = place.clone();
                thread::spawn(move || drop(place.set(written(7))))
            };
            let shared = place.share();
            drop(place);
            other.join().expect("it does not panic");
            assert!(shared.is_none_or(|shared| read(&shared) == 7));
        });
    }
}
