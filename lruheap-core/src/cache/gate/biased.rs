//! A gate that leans towards those who only read: while nobody writes, a reader says in a
//! record of its own that it is there, and touches nothing that others write.
//!
//! The way in for readers is open while `bias` is set. A reader says that it reads, and
//! only then looks at `bias`; who wants the state for itself takes the lock, clears
//! `bias`, and only then looks who reads, and waits for them. Between the two steps each
//! passes a fence (`fence`), so that one of them sees the other. (Biased locking for
//! readers: Dice and Kogan, "BRAVO", ATC 2019.)
//!
//! To clear `bias` is dear, so it is set only where it is likely to pay: after a number of
//! hits in a row with nothing written in between. That number follows what came of it the
//! last time. Who misses all the time never gets there, and pays for a lock and no more.
//!
//! Nothing here knows what is guarded, beyond that it counts hits and takes up the logs of
//! its readers; no code of the user's runs in here.

use std::sync::Arc;

use super::super::touches::{Room, Touches};
use super::readers::{self, Name, Record};
use super::shim::{AtomicBool, AtomicU64, Guarded, Mutex, Ordering, pause};
use super::{Gate, Logged, fence};

/// How many hits in a row open the way in for readers: to begin with, and at most.
const CALM: u32 = 1 << 7;
const MOST_CALM: u32 = 1 << 16;

/// How many hits without a lock are worth closing the way in once.
const WORTH: u64 = 1 << 10;

/// Lets one closure at a time at a `T`, or any number that only read.
pub struct Biased<T> {
    front: Front,
    lock: Mutex<Watch>,
    state: Guarded<T>,
}

/// What readers look at: on a line that is written rarely.
#[repr(align(64))]
struct Front {
    /// Whether readers may come in without the lock. Written under it.
    bias: AtomicBool,
    /// The name of the gate, given at the first bias.
    name: AtomicU64,
}

/// What belongs to whoever has the lock.
struct Watch {
    /// Those who read, or did.
    records: Vec<Arc<Record>>,
    /// Hits since something was written.
    calm: u32,
    /// How many of them set the bias.
    wanted: u32,
}

// SAFETY: a `&T` is had by several threads at a time, in `read`, which asks for
// `T: Sync`, and a `&mut T` by one after the other, which asks for `T: Send`.
#[allow(unsafe_code)]
unsafe impl<T: Send + Sync> Sync for Biased<T> {}

impl<T: Logged> Gate<T> for Biased<T> {
    fn new(state: T) -> Self {
        Biased {
            front: Front {
                bias: AtomicBool::new(false),
                name: AtomicU64::new(Name::NONE.bits()),
            },
            lock: Mutex::new(Watch {
                records: Vec::new(),
                calm: 0,
                wanted: CALM,
            }),
            state: Guarded::new(state),
        }
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut watch = self.lock.lock();
        if self.is_biased() {
            let hits = self.revoke(&mut watch);
            watch.learn(hits);
        }
        let (result, is_hit) = self.alone(&mut watch, |state| {
            let before = state.hits();
            let result = f(state);
            (result, state.hits() != before)
        });
        if !is_hit {
            watch.calm = 0;
        } else {
            watch.calm += 1;
            if watch.calm == watch.wanted {
                self.begin();
            }
        }
        result
    }

    fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut watch = self.lock.lock();
        let was_biased = self.is_biased();
        if was_biased {
            self.revoke(&mut watch);
        }
        let result = self.alone(&mut watch, f);
        if was_biased {
            self.begin();
        }
        result
    }

    #[inline]
    fn read<R>(&self, f: impl FnOnce(&T, &mut Touches) -> Option<(R, Room)>) -> Option<R> {
        if !self.is_biased() {
            return None;
        }
        let record = self.own_record().or_else(|| self.join())?;
        let (result, room) = self.read_as(record, f)?;
        if room == Room::Gone {
            self.hand_in();
        }
        Some(result)
    }
}

impl<T: Logged> Biased<T> {
    /// Whether readers may come in, for all that this thread knows.
    #[inline]
    fn is_biased(&self) -> bool {
        self.front.bias.load(Ordering::Relaxed)
    }

    #[allow(unsafe_code)]
    #[inline]
    fn own_record(&self) -> Option<&Record> {
        let name = Name::of_bits(self.front.name.load(Ordering::Relaxed));
        // SAFETY:
        // 1. The gate lives as long as `&self`, and the records that threads keep under
        //    its name are in `watch.records` until their threads are gone.
        // 2. What is handed in to `read` cannot keep the reference, nor send it away.
        unsafe { readers::find(name) }
    }

    /// Makes this thread one of the readers; not while it is being torn down.
    #[cold]
    fn join(&self) -> Option<&Record> {
        let mut watch = self.lock.lock();
        let name = Name::of_bits(self.front.name.load(Ordering::Relaxed));
        let orphan = watch.records.iter().find(|record| record.adopt());
        let record = orphan.map(Arc::clone).unwrap_or_else(|| {
            let record = Arc::new(Record::new(name, 0));
            watch.records.push(Arc::clone(&record));
            record
        });
        drop(watch);
        readers::keep(record).then(|| self.own_record())?
    }

    #[allow(unsafe_code)]
    #[inline]
    fn read_as<R>(
        &self,
        record: &Record,
        f: impl FnOnce(&T, &mut Touches) -> Option<R>,
    ) -> Option<R> {
        // Only an allocator that calls a cached function could bring a thread here
        // twice. It has nothing to say in here.
        if record.is_reading.load(Ordering::Relaxed) {
            return None;
        }
        record.is_reading.store(true, Ordering::Relaxed);
        let _leaving = Leaving(record);
        fence::light();
        // `Acquire`: what was written under the lock is seen.
        if !self.front.bias.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY:
        // 1. Nobody writes to the state: who has it mutably, in `alone`, has cleared the
        //    bias and then found that nobody reads. This thread has said that it reads
        //    and then found the bias set; by the fences in between, the other would
        //    have seen the one or this the other.
        // 2. The log is that of this thread, which is not in here twice; others take it
        //    in `revoke` only, when it does not say that it reads.
        self.state.with(|state| {
            record
                .touches
                .with_mut(|touches| f(unsafe { &*state }, unsafe { &mut *touches }))
        })
    }

    /// With the lock and without a bias: hands in the state.
    #[allow(unsafe_code)]
    #[inline]
    fn alone<R>(&self, _watch: &mut Watch, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY:
        // 1. The lock is held, as its contents in hand show: nobody else is in here.
        // 2. Nobody reads: the bias is clear, and if it was not, `revoke` has waited for
        //    those who had seen it set. Only whoever has the lock sets it again, in
        //    `begin`, and does so after this.
        self.state.with_mut(|state| f(unsafe { &mut *state }))
    }

    /// Readers may come in from here on.
    fn begin(&self) {
        if self.front.name.load(Ordering::Relaxed) == Name::NONE.bits() {
            fence::prepare();
            let Some(name) = Name::new() else { return };
            self.front.name.store(name.bits(), Ordering::Relaxed);
        }
        // `Release`: they see what has been written, the name among it.
        self.front.bias.store(true, Ordering::Release);
    }

    /// With the lock: sees to it that nobody reads, and takes up what they noted. Says how
    /// many hits they had.
    #[cold]
    fn revoke(&self, watch: &mut Watch) -> u64 {
        self.front.bias.store(false, Ordering::Relaxed);
        fence::heavy();
        let (mut hits, mut used) = (0, Vec::new());
        for record in &watch.records {
            let mut turn = 0;
            // `Acquire`: what they did is done.
            while record.is_reading.load(Ordering::Acquire) {
                pause(turn);
                turn += 1;
            }
            hits += u64::from(hand_in(record, &mut used));
        }
        watch.records.retain(|record| !record.is_orphan());
        self.alone(watch, |state| state.take_up(hits, &used));
        hits
    }

    /// The log of this thread is full.
    #[cold]
    fn hand_in(&self) {
        self.visit(|_| ());
    }
}

/// Takes up the log of a thread that does not read.
#[allow(unsafe_code)]
fn hand_in(record: &Record, used: &mut Vec<crate::store::Slot>) -> u32 {
    // SAFETY: called by `revoke` with the lock held, after the bias was cleared and the
    // thread was found not to read: it will not have its log before the bias is set again.
    record
        .touches
        .with_mut(|touches| unsafe { &mut *touches }.hand_in(used))
}

impl Watch {
    /// Readers had so many hits without the lock: sooner or later the next time.
    fn learn(&mut self, hits: u64) {
        if hits < WORTH {
            self.wanted = (self.wanted * 2).min(MOST_CALM);
        } else if hits >= WORTH * 4 {
            self.wanted = (self.wanted / 2).max(CALM);
        }
    }
}

impl<T> Drop for Biased<T> {
    fn drop(&mut self) {
        let name = Name::of_bits(self.front.name.load(Ordering::Relaxed));
        if name != Name::NONE {
            // Threads may keep their records a while yet: the logs need not be there.
            for record in self.lock.get_mut().records.drain(..) {
                close(&record);
            }
            name.give_back();
        }
    }
}

/// Gives back the log of a gate that is going.
#[allow(unsafe_code)]
fn close(record: &Record) {
    // SAFETY: called while the gate is dropped: no thread can be reading there, or will.
    record
        .touches
        .with_mut(|touches| unsafe { &mut *touches }.close());
}

/// A reader that is about to leave.
struct Leaving<'a>(&'a Record);

impl Drop for Leaving<'_> {
    #[inline]
    fn drop(&mut self) {
        // `Release`: what it did is done.
        self.0.is_reading.store(false, Ordering::Release);
    }
}
