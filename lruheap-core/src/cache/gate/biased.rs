//! A gate that leans towards those who only read: while nobody writes, a reader says in a
//! record of its own that it is there, and touches nothing that others write.
//!
//! The way in for readers is open while the gate's name is on its `front`. A reader says
//! that it reads, and only then looks whether the name is there; who wants the state for
//! itself takes the lock, takes the name off, and only then looks who reads, and waits
//! for them. Between the two steps each passes a fence (`fence`), so that one of them sees
//! the other. (Biased locking for readers: Dice and Kogan, "BRAVO", ATC 2019.)
//!
//! To take the name off is dear, so it is put up only where it is likely to pay: after a
//! number of hits in a row with nothing written in between. That number follows what came
//! of it the last time. Who misses all the time never gets there, and pays for a lock and
//! no more.
//!
//! Nothing here knows what is guarded, beyond that it counts hits and takes up the logs of
//! its readers; no code of the user's runs in here.

use std::ptr;
use std::sync::Arc;

use super::super::touches::{MOST_ENTRIES, Room};
use super::leaning::{AsOne, Leaning};
use super::readers::{self, Name, Record};
use super::shim::{AtomicBool, AtomicU64, ConstPtr, Guarded, MutPtr, Ordering, pause};
use super::watch::{self, Watch};
use super::{Gate, Logged, Reader, Visitor, fence};
use crate::store::Slot;

/// Lets one closure at a time at a `T`, or any number that only read.
pub struct Biased<T> {
    front: Front,
    pub(super) lock: Leaning<Watch>,
    state: Guarded<T>,
}

/// What readers look at: on a line that is written rarely.
#[repr(align(64))]
struct Front {
    /// The name of the gate while readers may come in without the lock. Written under it.
    name: AtomicU64,
    /// Whether the last that was done was a hit, so that the next may be one as well: a hint
    /// for the thread that the lock leans towards, and written by that.
    is_calm: AtomicBool,
}

// SAFETY: a `&T` is had by several threads at a time, in `read`, which asks for
// `T: Sync`, and a `&mut T` by one after the other, which asks for `T: Send`.
#[allow(unsafe_code)]
unsafe impl<T: Send + Sync> Sync for Biased<T> {}

impl<T: Logged> Gate<T> for Biased<T> {
    type Reader<'a>
        = Reading<'a, T>
    where
        Self: 'a;
    type Holder<'a>
        = Holder<'a, T>
    where
        Self: 'a;

    fn new(state: T, leans: bool) -> Self {
        Biased::behind(Leaning::new(Watch::new(leans)), state)
    }

    #[inline(always)]
    fn with_again<R>(&self, f: impl FnOnce(&mut T, bool) -> R) -> R {
        let mut watch = self.lock.lock();
        let is_same = watch.is_as_one();
        if self.name() != Name::NONE {
            let hits = self.revoke(&mut watch);
            watch.calm.learn(hits);
        }
        let (result, is_hit, is_write) = self.alone(&mut watch, |state| {
            let (hits, writes) = (state.hits(), state.writes());
            let result = f(state, is_same);
            (result, state.hits() != hits, state.writes() != writes)
        });
        if watch.calm.sees(is_hit, is_write) {
            self.let_in_if_few(&mut watch);
        }
        if is_same && self.front.is_calm.load(Ordering::Relaxed) != is_hit {
            self.front.is_calm.store(is_hit, Ordering::Relaxed);
        }
        result
    }

    fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut watch = self.lock.lock();
        let were_in = self.name() != Name::NONE;
        if were_in {
            self.revoke(&mut watch);
        }
        let result = self.alone(&mut watch, f);
        if were_in {
            self.let_in(&mut watch);
        }
        result
    }

    #[inline(always)]
    fn is_open(&self) -> bool {
        self.name() != Name::NONE
    }

    #[inline(always)]
    fn read(&self) -> Option<Reading<'_, T>> {
        let name = self.name();
        if name == Name::NONE {
            return None;
        }
        let record = self.own_record(name).or_else(|| self.join(name))?;
        self.enter(name, record)
    }

    #[inline(always)]
    fn read_at_once(&self) -> Option<Reading<'_, T>> {
        let name = self.name();
        if name == Name::NONE {
            return None;
        }
        self.enter(name, self.own_record(name)?)
    }

    #[inline(always)]
    fn hold_at_once(&self) -> Option<Holder<'_, T>> {
        // Who misses again and again is not to look twice.
        if !self.front.is_calm.load(Ordering::Relaxed) {
            return None;
        }
        let watch = self.lock.lock_as_one()?;
        // With the lock it stays as it is.
        (self.name() == Name::NONE).then(|| Holder {
            state: self.state.get_mut(),
            watch,
        })
    }
}

/// The lock in the hands of the one that it leans towards, with the name taken off. What it
/// is made of is dropped in this order.
pub struct Holder<'a, T> {
    state: MutPtr<T>,
    watch: AsOne<'a, Watch>,
}

impl<T: Logged> Visitor<T> for Holder<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn state(&self) -> &T {
        // SAFETY: as in `alone`: the lock is held as long as `watch` is there, and the name
        // was found off with it. Nobody has a mutable reference by this, which it would
        // borrow mutably.
        self.state.with(|state| unsafe { &*state })
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        // SAFETY: as above, and nobody has another reference by this.
        let hit = |state: *mut T| unsafe { &mut *state }.hit_at_once(slot);
        let state = &self.state;
        self.watch.calm.sees_at_once(|| state.with(hit))
    }
}

impl<T: Logged> Biased<T> {
    /// Says that this thread reads, whose record this is, and looks whether it may.
    #[inline(always)]
    fn enter<'a>(&'a self, name: Name, record: &'a Record) -> Option<Reading<'a, T>> {
        // Only an allocator that calls a cached function could bring a thread here twice:
        // it has to do without.
        if record.is_reading.load(Ordering::Relaxed) {
            return None;
        }
        let announced = Announced::new(record);
        fence::light(name.kind());
        // `Acquire`: what was written under the lock is seen.
        if self.front.name.load(Ordering::Acquire) != name.bits() {
            return None;
        }
        Some(Reading {
            state: self.state.get(),
            announced,
            log: Log {
                gate: self,
                room: Room::Left,
            },
        })
    }
}

/// A reader of this gate. What it is made of is dropped in this order.
pub struct Reading<'a, T: Logged> {
    state: ConstPtr<T>,
    announced: Announced<'a>,
    log: Log<'a, T>,
}

/// A thread that says that it reads.
struct Announced<'a>(&'a Record);

impl<'a> Announced<'a> {
    #[inline(always)]
    fn new(record: &'a Record) -> Self {
        record.is_reading.store(true, Ordering::Relaxed);
        Announced(record)
    }
}

impl Drop for Announced<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // `Release`: what it did is done.
        self.0.is_reading.store(false, Ordering::Release);
    }
}

/// Hands the log in when the thread has left, if it is full.
struct Log<'a, T: Logged> {
    gate: &'a Biased<T>,
    room: Room,
}

impl<T: Logged> Drop for Log<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.room == Room::Gone {
            self.gate.hand_in();
        }
    }
}

impl<T: Logged> Visitor<T> for Reading<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn state(&self) -> &T {
        // SAFETY: nobody writes to the state: who has it mutably, in `alone`, has taken
        // the name off and then found that nobody reads. This thread has said that it
        // reads and then found the name there; by the fences in between, the other would
        // have seen the one or this the other. It says so until `announced` is dropped.
        unsafe { self.state.deref() }
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    fn note_at_once(&mut self, slot: Slot) -> bool {
        // SAFETY: as in `note`.
        let touches = &self.announced.0.touches;
        touches.with_mut(|touches| unsafe { &mut *touches }.note_at_once(slot))
    }
}

impl<T: Logged> Reader<T> for Reading<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn note(&mut self, slot: Slot) {
        // SAFETY: the log is that of this thread, which is not in here twice; others take
        // it in `revoke` only, when it does not say that it reads, and here it does.
        let touches = &self.announced.0.touches;
        self.log.room = touches.with_mut(|touches| unsafe { &mut *touches }.note(slot));
    }
}

impl<T: Logged> Biased<T> {
    /// One with this lock, which nobody has seen before.
    pub(super) fn behind(lock: Leaning<Watch>, state: T) -> Self {
        Biased {
            front: Front {
                name: AtomicU64::new(Name::NONE.bits()),
                is_calm: AtomicBool::new(false),
            },
            lock,
            state: Guarded::new(state),
        }
    }

    /// The name if readers may come in, for all that this thread knows.
    #[inline]
    pub(super) fn name(&self) -> Name {
        Name::of_bits(self.front.name.load(Ordering::Relaxed))
    }

    /// `name` is, or was, that of this gate.
    #[allow(unsafe_code, clippy::unused_self)]
    #[inline]
    fn own_record(&self, name: Name) -> Option<&Record> {
        // SAFETY:
        // 1. The gate lives as long as `&self`, and the records that threads keep under
        //    its name are in `watch.records` until their threads are gone, or are given up
        //    by their threads when it has another.
        // 2. A reader has it as long as it borrows the gate, and stays in its thread.
        unsafe { readers::find(name) }
    }

    /// Makes this thread one of the readers; not while it is being torn down, or if the
    /// name has been taken off meanwhile.
    #[cold]
    fn join(&self, name: Name) -> Option<&Record> {
        // Made without the lock: an allocator that calls a cached function may come here.
        let new = Arc::new(Record::new(name));
        let mut room = Vec::new();
        let record = loop {
            let mut watch = self.lock.lock();
            if watch.name != name {
                return None;
            }
            match watch.record(&new, &mut room) {
                Some(record) => break record,
                None => {
                    let more = watch.records.len() * 2 + 4;
                    drop(watch);
                    room = Vec::with_capacity(more);
                }
            }
        };
        readers::keep(record).then(|| self.own_record(name))?
    }

    /// With the lock, and the name taken off: hands in the state.
    #[allow(unsafe_code)]
    #[inline]
    fn alone<R>(&self, _watch: &mut Watch, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY:
        // 1. The lock is held, as its contents in hand show: nobody else is in here.
        // 2. Nobody reads: the name is off, and if it was not, `revoke` has waited for
        //    those who had seen it. Only whoever has the lock puts it up again, in
        //    `let_in`, and does so after this.
        self.state.with_mut(|state| f(unsafe { &mut *state }))
    }

    /// The same where the logs of readers are not too long.
    #[cold]
    fn let_in_if_few(&self, watch: &mut Watch) {
        if self.alone(watch, |state| state.entries()) <= MOST_ENTRIES {
            self.let_in(watch);
        }
    }

    /// With the lock: readers may come in from here on.
    #[cold]
    pub(super) fn let_in(&self, watch: &mut Watch) {
        if watch.name == Name::NONE {
            let Some(name) = Name::new(fence::kind()) else {
                return;
            };
            watch.name = name;
        }
        // `Release`: they see what has been written.
        let name = watch.name.bits();
        self.front.name.store(name, Ordering::Release);
    }

    /// With the lock: sees to it that nobody reads, and takes up what they noted. Says how
    /// many hits they had.
    #[allow(unsafe_code)]
    #[cold]
    fn revoke(&self, watch: &mut Watch) -> u64 {
        self.front.name.store(Name::NONE.bits(), Ordering::Relaxed);
        let is_good_for_more = fence::heavy(watch.name.kind());
        let (mut hits, mut used) = (0, Vec::new());
        // Those of threads that are gone first, and that of this thread last: nothing is
        // known of the order among the others. One that is gone meanwhile comes twice, and
        // then has nothing to hand in.
        let own = self.own_record(watch.name).map(ptr::from_ref);
        let is_own = |record: &&Arc<Record>| own == Some(Arc::as_ptr(record));
        let gone = watch.records.iter().filter(|record| record.is_orphan());
        let others = watch.records.iter().filter(|record| !is_own(record));
        for record in gone
            .chain(others)
            .chain(watch.records.iter().filter(is_own))
        {
            let mut turn = 0;
            // `Acquire`: what they did is done.
            while record.is_reading.load(Ordering::Acquire) {
                pause(turn);
                turn += 1;
            }
            // SAFETY: the lock is held, the name was taken off above, before the fence,
            // and now the thread does not read.
            hits += u64::from(unsafe { watch::hand_in(record, &mut used) });
        }
        watch.records.retain(|record| !record.is_orphan());
        if !is_good_for_more {
            // The next name has fences of the other kind.
            // SAFETY: nobody reads, and this name is not put up again.
            unsafe { watch.forget() };
        }
        self.alone(watch, |state| state.take_up(hits, &used));
        hits
    }

    /// The log of this thread is full.
    #[cold]
    fn hand_in(&self) {
        self.visit(|_| ());
    }
}

impl<T> Drop for Biased<T> {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: who reads borrows the gate, and nobody does any more.
        unsafe { self.lock.get_mut().forget() };
    }
}
