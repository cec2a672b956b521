//! A mutex that leans towards one thread: while no other comes, that one gets it without
//! an atomic operation that others could see and without a store that they share.
//!
//! The thread says which lock it holds in a place of its own (`threads`), and only then
//! looks whether the lock still leans towards it. Any other takes the lock beneath, takes
//! the leaning back, and only then looks whether the one holds it, and waits for that.
//! Between the two steps each passes a fence (`fence`), so that one of them sees the
//! other. (Biased locking: Dice, Moir and Scherer, "Quickly reacquirable locks", 2003.)
//!
//! To take it back is dear: so it leans after many visits in a row by one thread, and
//! after twice as many each time that it had to be taken back. Nothing here knows what is
//! guarded; no code of the user's runs while it is held.

#[cfg(all(test, not(loom)))]
mod tests;

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;

use super::fence::{self, Kind};
use super::shim::{AtomicU32, Guarded, MutPtr, Mutex, MutexGuard, Ordering, pause};
use super::threads::{self, Holding};
use super::{Gate, Logged, Nobody, Visitor};
use crate::store::Slot;

/// After 2 to the power of this many visits in a row it leans: to begin with, and at most.
const ALIKE: u8 = 7;
const MOST_ALIKE: u8 = 15;

/// The parts of a word: who was there last, above; whether it leans towards that; and
/// whether the fences of such a one have to be real.
const NUMBER: u32 = 2;
const LEANS: u32 = 1;
const IS_REAL: u32 = 2;

/// Lets one thread at a time at a `T`.
pub struct Leaning<T> {
    head: Head,
    value: Guarded<T>,
}

/// Eight bytes: there is one for each instance of a user's type.
struct Head {
    /// Whom it leans towards, or who was there last. Written with the lock.
    word: AtomicU32,
    /// How often in a row that one was there. This and the next belong to who has the lock.
    alike: Guarded<u16>,
    wanted: Guarded<u8>,
    lock: Mutex<()>,
}

// SAFETY: a `&mut T` is had by one thread after the other, which asks for `T: Send`. What
// else there is belongs to who has the lock, or is atomic.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Leaning<T> {}

/// The `T`, to oneself until this is dropped. What it is made of is dropped in this order.
pub(super) struct LeaningGuard<'a, T> {
    value: MutPtr<T>,
    held: Held<'a>,
}

impl<T> LeaningGuard<'_, T> {
    /// Whether the lock leans towards this thread: so nobody else has had it since it did.
    #[inline(always)]
    pub(super) fn is_as_one(&self) -> bool {
        matches!(self.held, Held::AsOne(_))
    }
}

/// The same in the hands of the one that it leans towards.
pub struct AsOne<'a, T> {
    value: MutPtr<T>,
    _held: Holding,
    _of: PhantomData<&'a Leaning<T>>,
}

enum Held<'a> {
    AsOne(#[allow(dead_code)] Holding),
    Locked(#[allow(dead_code)] Locked<'a>),
}

/// The lock beneath, which nobody leans on.
struct Locked<'a> {
    head: &'a Head,
    _guard: MutexGuard<'a, ()>,
}

impl<T> Leaning<T> {
    pub(super) fn new(value: T) -> Self {
        Leaning::after(ALIKE, value)
    }

    /// One that leans after 2 to the power of so many visits.
    pub(super) fn after(wanted: u8, value: T) -> Self {
        Leaning {
            head: Head {
                word: AtomicU32::new(0),
                alike: Guarded::new(0),
                wanted: Guarded::new(wanted),
                lock: Mutex::new(()),
            },
            value: Guarded::new(value),
        }
    }

    #[inline(always)]
    pub(super) fn lock(&self) -> LeaningGuard<'_, T> {
        let held = match self.head.hold_as_one() {
            Some(holding) => Held::AsOne(holding),
            None => Held::Locked(self.head.lock()),
        };
        LeaningGuard {
            value: self.value.get_mut(),
            held,
        }
    }

    /// The same for the one that it leans towards, and for nobody else.
    #[inline(always)]
    pub(super) fn lock_as_one(&self) -> Option<AsOne<'_, T>> {
        let holding = self.head.hold_as_one()?;
        Some(AsOne {
            value: self.value.get_mut(),
            _held: holding,
            _of: PhantomData,
        })
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.value.of_owner()
    }
}

impl<T> Deref for LeaningGuard<'_, T> {
    type Target = T;

    #[allow(unsafe_code)]
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: nobody else has the value while this guard is there:
        // 1. With the lock beneath, no other has that, and none holds it as the one: it
        //    does not lean, and if it did, `take_back` has waited for whom it leant
        //    towards. Only who has the lock makes it lean, when leaving.
        // 2. As the one, this thread has said so and then found that it leans towards it;
        //    by the fences in between, who takes that back has seen it, and waits. And it
        //    is not in here twice: it says so once at a time.
        // 3. Of this guard there may be more such references, and no mutable one, which
        //    would borrow it mutably: so none is made on the way either.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for LeaningGuard<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and nobody has another reference by this guard.
        self.value.with(|value| unsafe { &mut *value })
    }
}

impl<T> Deref for AsOne<'_, T> {
    type Target = T;

    #[allow(unsafe_code)]
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: as of `LeaningGuard`, by 2 and 3.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for AsOne<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and nobody has another reference by this.
        self.value.with(|value| unsafe { &mut *value })
    }
}

impl<T: Logged> Visitor<T> for AsOne<'_, T> {
    #[inline(always)]
    fn state(&self) -> &T {
        self
    }

    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        self.hit_at_once(slot)
    }
}

fn kind(word: u32) -> Kind {
    if word & IS_REAL == 0 {
        Kind::Unequal
    } else {
        Kind::Real
    }
}

impl Head {
    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Gets it as the one that it leans towards.
    #[inline(always)]
    fn hold_as_one(&self) -> Option<Holding> {
        let me = threads::me()?;
        let word = self.word.load(Ordering::Relaxed);
        if word >> NUMBER != me.number || word & LEANS == 0 {
            return None;
        }
        let holding = Holding::say(me, self.address())?;
        fence::light(kind(word));
        // `Acquire`: what was written before it leant this way is seen.
        (self.word.load(Ordering::Acquire) == word).then_some(holding)
    }

    #[inline]
    fn lock(&self) -> Locked<'_> {
        let guard = self.lock.lock();
        let word = self.word.load(Ordering::Relaxed);
        if word & LEANS != 0 {
            self.take_back(word);
        }
        Locked {
            head: self,
            _guard: guard,
        }
    }

    /// With the lock: it leans no more, and whom it leant towards does not hold it.
    #[cold]
    fn take_back(&self, word: u32) {
        self.word.store(0, Ordering::Relaxed);
        fence::heavy(kind(word));
        if let Some(one) = threads::member(word >> NUMBER) {
            let mut turn = 0;
            // `Acquire`: what it did is done.
            while one.holds.load(Ordering::Acquire) == self.address() {
                pause(turn);
                turn += 1;
            }
        }
        // SAFETY: the lock is held.
        #[allow(unsafe_code)]
        self.wanted.with_mut(|wanted| {
            let wanted = unsafe { &mut *wanted };
            *wanted = (*wanted + 1).min(MOST_ALIKE);
        });
    }

    /// With the lock, which is about to be left: leans towards this thread if it has been
    /// here often enough.
    #[inline]
    fn note(&self) {
        let Some(me) = threads::me_from_now_on() else {
            return;
        };
        let (last, word) = (me.number << NUMBER, self.word.load(Ordering::Relaxed));
        // SAFETY: the lock is held.
        #[allow(unsafe_code)]
        let is_enough = self.alike.with_mut(|alike| {
            let alike = unsafe { &mut *alike };
            *alike = if word == last { *alike + 1 } else { 1 };
            let is_enough = self
                .wanted
                .with_mut(|wanted| *alike >> unsafe { *wanted } != 0);
            if is_enough {
                *alike = 0;
            }
            is_enough
        });
        if is_enough {
            self.lean(last);
        } else if word != last {
            self.word.store(last, Ordering::Relaxed);
        }
    }

    #[cold]
    fn lean(&self, last: u32) {
        let is_real = match fence::kind() {
            Kind::Unequal => 0,
            Kind::Real => IS_REAL,
        };
        // `Release`: who has the number next sees what has been written.
        self.word.store(last | LEANS | is_real, Ordering::Release);
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        self.head.note();
    }
}

impl<T: Logged> Gate<T> for Leaning<T> {
    type Reader<'a>
        = Nobody
    where
        Self: 'a;
    type Holder<'a>
        = AsOne<'a, T>
    where
        Self: 'a;

    fn new(state: T, _leans: bool) -> Self {
        Leaning::new(state)
    }

    #[inline(always)]
    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R {
        let mut guard = self.lock();
        let is_same = guard.is_as_one();
        f(&mut guard, is_same)
    }

    #[inline(always)]
    fn is_open(&self) -> bool {
        false
    }

    #[inline(always)]
    fn read(&self) -> Option<Nobody> {
        None
    }

    #[inline(always)]
    fn read_at_once(&self) -> Option<Nobody> {
        None
    }

    #[inline(always)]
    fn hold_at_once(&self) -> Option<AsOne<'_, T>> {
        self.lock_as_one()
    }
}
