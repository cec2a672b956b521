//! Up to which of the changes that were made elsewhere a cache has caught up. Whoever changes
//! something adds to a number that all can see, when the change has been made; here stands
//! the number up to which what is cached was dropped.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering};

/// The number while nobody knows what was changed elsewhere.
pub const BLIND: u64 = u64::MAX;

/// A number up to which all is known.
///
/// A cache is believed while this [`is`](Self::is) the number that is watched. If it is not, the
/// number is read, then what is cached is dropped and what is being computed kept from being
/// stored, and only then is this brought [`up to`](Self::up_to) it.
#[derive(Debug)]
pub struct Seen(AtomicU64);

impl Seen {
    /// Nothing so far.
    #[cfg(not(loom))]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Seen(AtomicU64::new(0))
    }

    /// Nothing so far.
    #[cfg(loom)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Seen(AtomicU64::new(0))
    }

    /// Whether all is known up to this number.
    #[inline]
    pub fn is(&self, number: u64) -> bool {
        self.0.load(Ordering::Acquire) == number
    }

    /// All is known up to this number, which was read before what is cached was dropped.
    pub fn up_to(&self, number: u64) {
        if number != BLIND {
            self.0.fetch_max(number, Ordering::AcqRel);
        }
    }

    /// The change from `before` to `now` was one's own, and is no reason to drop anything: if
    /// it was the only one, and all was known before.
    pub fn step(&self, before: u64, now: u64) {
        if before < BLIND - 1 && now == before + 1 {
            let _ = self
                .0
                .compare_exchange(before, now, Ordering::AcqRel, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_blind_is_never_known() {
        let seen = Seen::new();
        seen.up_to(3);
        seen.up_to(BLIND);
        assert!(seen.is(3) && !seen.is(BLIND));
        seen.step(BLIND, 0);
        seen.step(BLIND - 1, BLIND);
        assert!(seen.is(3));
    }

    #[test]
    fn it_never_goes_back_and_steps_over_nothing() {
        let seen = Seen::new();
        seen.up_to(5);
        seen.up_to(4);
        assert!(seen.is(5));
        seen.step(4, 5);
        seen.step(6, 7);
        seen.step(5, 7);
        assert!(seen.is(5));
        seen.step(5, 6);
        assert!(seen.is(6));
    }
}

#[cfg(all(test, loom))]
mod models {
    use loom::sync::atomic::AtomicBool;
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::*;

    /// A value elsewhere, and a cache of it here.
    struct World {
        value: AtomicU64,
        watched: AtomicU64,
        has_returned: AtomicBool,
        seen: Seen,
        /// How often all was dropped, and what is there.
        cache: Mutex<(u64, Option<u64>)>,
    }

    impl World {
        fn new() -> Arc<Self> {
            Arc::new(World {
                value: AtomicU64::new(0),
                watched: AtomicU64::new(0),
                has_returned: AtomicBool::new(false),
                seen: Seen::new(),
                cache: Mutex::new((0, Some(0))),
            })
        }

        /// In another process.
        fn change(&self) {
            self.value.store(1, Ordering::Release);
            self.watched.fetch_add(1, Ordering::AcqRel);
            self.has_returned.store(true, Ordering::Release);
        }

        /// The same here: the entry is dropped by hand.
        fn change_here(&self) {
            self.value.store(1, Ordering::Release);
            let before = self.watched.fetch_add(1, Ordering::AcqRel);
            self.seen.step(before, self.watched.load(Ordering::Acquire));
            let mut cache = self.cache.lock().expect("nobody panics");
            *cache = (cache.0 + 1, None);
            drop(cache);
            self.has_returned.store(true, Ordering::Release);
        }

        fn read(&self) -> u64 {
            let number = self.watched.load(Ordering::Acquire);
            if !self.seen.is(number) {
                let mut cache = self.cache.lock().expect("nobody panics");
                *cache = (cache.0 + 1, None);
                drop(cache);
                self.seen.up_to(number);
            }
            let (drops, cached) = *self.cache.lock().expect("nobody panics");
            if let Some(value) = cached {
                return value;
            }
            let value = self.value.load(Ordering::Acquire);
            let mut cache = self.cache.lock().expect("nobody panics");
            if cache.0 == drops {
                cache.1 = Some(value);
            }
            value
        }

        /// Whoever has heard that the change has been made sees it.
        fn read_and_check(&self) {
            let is_new = self.has_returned.load(Ordering::Acquire);
            let value = self.read();
            assert!(!is_new || value == 1, "an old value, after the change");
        }
    }

    fn check(change: fn(&World)) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let world = World::new();
            let changer = Arc::clone(&world);
            let changer = thread::spawn(move || change(&changer));
            let reader = Arc::clone(&world);
            let reader = thread::spawn(move || {
                reader.read_and_check();
            });
            changer.join().expect("it changes");
            world.read_and_check();
            reader.join().expect("it reads");
            world.read_and_check();
        });
    }

    #[test]
    fn loom_no_old_value_is_believed_once_a_change_elsewhere_has_returned() {
        check(World::change);
    }

    #[test]
    fn loom_no_old_value_is_believed_once_a_change_of_its_own_has_returned() {
        check(World::change_here);
    }
}
