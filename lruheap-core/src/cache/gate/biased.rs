//! A gate that leans: towards those who only read, while nobody writes; and towards one
//! thread, while no other comes. Who it leans towards gets in without the lock, by saying
//! in a record of their own that they are in, and touches nothing that others write.
//!
//! Such a way in is open while a name is on the `front` of the gate: one that all readers
//! know it by, or one that a single thread knows. Who comes by it says that they are in,
//! and only then looks whether the name is there. Anybody else takes the lock, takes the
//! name off, and only then looks who is in, and waits for them. Between the two steps each
//! passes a fence (`fence`), so that one of them sees the other. (Biased locking for
//! readers: Dice and Kogan, "BRAVO", ATC 2019.)
//!
//! To take a name off is dear, so it is put up only where it is likely to pay (`habits`).
//! Who misses all the time beside others never gets there, and pays for a lock and no more.
//!
//! Nothing here knows what is guarded, beyond that it counts hits and takes up the logs of
//! its readers; no code of the user's runs in here.

use std::sync::Arc;

use super::super::touches::Room;
use super::habits::{Habits, Lean};
use super::readers::{self, Name, Record};
use super::shim::{AtomicU64, ConstPtr, Guarded, Mutex, MutexGuard, Ordering, pause};
use super::{Gate, Logged, Reader, fence};
use crate::store::Slot;

/// Lets one closure at a time at a `T`, or any number that only read.
pub struct Biased<T> {
    front: Front,
    lock: Mutex<Watch>,
    inside: Guarded<Inside<T>>,
}

/// What all look at who come: on a line that is written rarely.
#[repr(align(64))]
struct Front {
    /// The name by which some may come in without the lock. Written under it.
    name: AtomicU64,
}

/// What belongs to whoever has the lock.
struct Watch {
    /// The name that readers know the gate by, given when they were first let in.
    name: Name,
    /// Those who read, or did.
    records: Vec<Arc<Record>>,
    /// The thread that had the gate to itself last.
    one: Option<Arc<Record>>,
}

/// What belongs to whoever is alone with the state.
struct Inside<T> {
    state: T,
    habits: Habits,
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

    fn new(state: T, leans: bool) -> Self {
        Biased {
            front: Front {
                name: AtomicU64::new(Name::NONE.bits()),
            },
            lock: Mutex::new(Watch {
                name: Name::NONE,
                records: Vec::new(),
                one: None,
            }),
            inside: Guarded::new(Inside {
                state,
                habits: Habits::new(leans),
            }),
        }
    }

    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let entered = self.enter();
        let is_one = matches!(entered, Entered::AsOne(_));
        let (result, lean) = self.alone(&entered, |inside| {
            let before = inside.state.hits();
            let result = f(&mut inside.state);
            let is_hit = inside.state.hits() != before;
            let lean = if is_one {
                inside.habits.visited_by_one(is_hit)
            } else {
                inside.habits.visited(readers::this_thread(), is_hit)
            };
            (result, lean)
        });
        if lean != Lean::Stay {
            self.lean(lean, entered);
        }
        result
    }

    fn visit<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.visit_inside(|inside| f(&mut inside.state))
    }

    #[inline(always)]
    fn read(&self) -> Option<Reading<'_, T>> {
        let name = self.name();
        if name.is_for_few() {
            return None;
        }
        let record = self.own_record(name).or_else(|| self.join(name))?;
        let announced = self.announce(record, name)?;
        Some(Reading {
            inside: self.inside.get(),
            announced,
            log: Log {
                gate: self,
                room: Room::Left,
            },
        })
    }
}

/// A thread that is in by its name.
struct Announced<'a>(&'a Record);

impl<'a> Announced<'a> {
    #[inline(always)]
    fn new(record: &'a Record) -> Self {
        record.is_in.store(true, Ordering::Relaxed);
        Announced(record)
    }
}

impl Drop for Announced<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // `Release`: what it did is done.
        self.0.is_in.store(false, Ordering::Release);
    }
}

/// A thread that is alone with the state, until this is dropped.
enum Entered<'a> {
    /// The gate leans towards it.
    AsOne(Announced<'a>),
    /// It has the lock, and no name is on the front.
    Locked(MutexGuard<'a, Watch>),
}

/// A reader of this gate. What it is made of is dropped in this order.
pub struct Reading<'a, T: Logged> {
    inside: ConstPtr<Inside<T>>,
    announced: Announced<'a>,
    log: Log<'a, T>,
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

impl<T: Logged> Reader<T> for Reading<'_, T> {
    #[allow(unsafe_code)]
    #[inline(always)]
    fn state(&self) -> &T {
        // SAFETY: nobody writes inside: who has it mutably, in `alone`, has taken the name
        // off and then found that nobody is in, or knows another name, which was put up
        // after that. This thread has said that it is in and then found the readers' name
        // there; by the fences in between, the other would have seen the one or this the
        // other. It says so until `announced` is dropped.
        unsafe { &self.inside.deref().state }
    }

    #[allow(unsafe_code)]
    #[inline(always)]
    fn note(&mut self, slot: Slot) {
        // SAFETY: the log is that of this thread, which is not in here twice; others take
        // it in `close` only, when it does not say that it is in, and here it does.
        let touches = &self.announced.0.touches;
        self.log.room = touches.with_mut(|touches| unsafe { &mut *touches }.note(slot));
    }
}

impl<T> Biased<T> {
    /// The name by which some may come in, for all that this thread knows.
    #[inline(always)]
    fn name(&self) -> Name {
        Name::of_bits(self.front.name.load(Ordering::Relaxed))
    }

    /// What this thread is to say that it is in, if it knows this name, which is, or was,
    /// one of this gate's.
    #[allow(unsafe_code)]
    #[inline(always)]
    fn own_record(&self, name: Name) -> Option<&Record> {
        // SAFETY: this thread keeps the record until it puts another in its place, which
        // it does in `readers::keep`: not before it has looked whether the name is there
        // (`announce`). If it is, `watch` holds on to the record: to give it up, the name
        // has to be taken off, and this thread has to be waited for.
        unsafe { readers::find(name) }
    }

    /// Says that this thread is in, if it is by this name.
    #[inline(always)]
    fn announce<'a>(&self, record: &'a Record, name: Name) -> Option<Announced<'a>> {
        // Only an allocator that calls a cached function could bring a thread here twice:
        // it has to do without.
        if record.is_in.load(Ordering::Relaxed) {
            return None;
        }
        let announced = Announced::new(record);
        fence::light(name.kind());
        // `Acquire`: what was written before the name was put up is seen.
        let is_there = self.front.name.load(Ordering::Acquire) == name.bits();
        is_there.then_some(announced)
    }

    /// Comes in as the one that the gate was left to.
    #[inline(always)]
    fn come_as_one(&self) -> Option<Announced<'_>> {
        let name = self.name();
        if !name.is_for_one() {
            return None;
        }
        self.announce(self.own_record(name)?, name)
    }

    /// Hands in what is inside.
    #[allow(unsafe_code)]
    #[inline(always)]
    fn alone<R>(&self, _entered: &Entered<'_>, f: impl FnOnce(&mut Inside<T>) -> R) -> R {
        // SAFETY: nobody else is in here:
        // 1. With the lock: no other has it, and nobody is in by a name: none is on the
        //    front, and if one was, `close` has waited for those who had seen it. Only
        //    whoever has the lock puts one up again, and does so after this.
        // 2. As the one: no other thread knows the name, and this one is not in here twice
        //    (`announce`). Who takes the name off waits for this thread.
        self.inside.with_mut(|inside| f(unsafe { &mut *inside }))
    }
}

impl<T: Logged> Biased<T> {
    /// Waits until this thread is alone.
    #[inline(always)]
    fn enter(&self) -> Entered<'_> {
        if let Some(announced) = self.come_as_one() {
            return Entered::AsOne(announced);
        }
        let watch = self.lock.lock();
        let name = self.name();
        if name != Name::NONE {
            return self.close_for_long(watch, name);
        }
        Entered::Locked(watch)
    }

    fn visit_inside<R>(&self, f: impl FnOnce(&mut Inside<T>) -> R) -> R {
        if let Some(announced) = self.come_as_one() {
            return self.alone(&Entered::AsOne(announced), f);
        }
        let mut watch = self.lock.lock();
        let name = self.name();
        let is_as_before = name == Name::NONE || self.close(&mut watch, name).1;
        let entered = Entered::Locked(watch);
        let result = self.alone(&entered, f);
        if is_as_before {
            // `Release`: they see what has been written.
            self.front.name.store(name.bits(), Ordering::Release);
        } else if !name.is_for_one() {
            self.lean(Lean::ToReaders, entered);
        }
        result
    }

    #[cold]
    fn close_for_long<'a>(&self, mut watch: MutexGuard<'a, Watch>, name: Name) -> Entered<'a> {
        let (hits, _) = self.close(&mut watch, name);
        let entered = Entered::Locked(watch);
        self.alone(&entered, |inside| {
            if name.is_for_one() {
                inside.habits.one_is_out();
            } else {
                inside.habits.readers_are_out(hits);
            }
        });
        entered
    }

    /// With the lock: takes the name off, waits for those who are in by it, and takes up
    /// what they noted. Says how many hits they had, and whether the name may be put up
    /// again.
    #[cold]
    fn close(&self, watch: &mut MutexGuard<'_, Watch>, name: Name) -> (u64, bool) {
        self.front.name.store(Name::NONE.bits(), Ordering::Relaxed);
        let is_good_for_more = fence::heavy(name.kind());
        let (mut hits, mut used) = (0, Vec::new());
        let by_name = if name.is_for_one() {
            watch.one.as_slice()
        } else {
            &watch.records[..]
        };
        for record in by_name {
            let mut turn = 0;
            // `Acquire`: what they did is done.
            while record.is_in.load(Ordering::Acquire) {
                pause(turn);
                turn += 1;
            }
            hits += u64::from(hand_in(record, &mut used));
        }
        watch.records.retain(|record| !record.is_orphan());
        if !is_good_for_more {
            // The next names have fences of the other kind.
            watch.forget();
        }
        // SAFETY: as in `alone`: the lock is held, and nobody is in.
        #[allow(unsafe_code)]
        self.inside
            .with_mut(|inside| unsafe { &mut *inside }.state.take_up(hits, &used));
        (hits, is_good_for_more)
    }

    /// Opens a way in after a visit.
    #[cold]
    fn lean(&self, lean: Lean, entered: Entered<'_>) {
        let mut watch = match entered {
            Entered::Locked(watch) => watch,
            Entered::AsOne(announced) => {
                let name = announced.0.name;
                drop(announced);
                let watch = self.lock.lock();
                if self.name() != name {
                    // Another was quicker.
                    return;
                }
                // This thread alone could be in by that name, and it is not.
                self.front.name.store(Name::NONE.bits(), Ordering::Relaxed);
                watch
            }
        };
        let name = match lean {
            Lean::Stay => None,
            Lean::ToReaders => watch.name_for_readers(),
            Lean::ToOne => watch.name_for_one(),
        };
        if let Some(name) = name {
            // `Release`: they see what has been written.
            self.front.name.store(name.bits(), Ordering::Release);
        }
    }

    /// Makes this thread one of the readers; not while it is being torn down, or if the
    /// name has been given up meanwhile.
    #[cold]
    fn join(&self, name: Name) -> Option<&Record> {
        let mut watch = self.lock.lock();
        if watch.name != name {
            return None;
        }
        let orphan = watch.records.iter().find(|record| record.adopt());
        let record = orphan.map(Arc::clone).unwrap_or_else(|| {
            let record = Arc::new(Record::new(name));
            watch.records.push(Arc::clone(&record));
            record
        });
        drop(watch);
        readers::keep(record).then(|| self.own_record(name))?
    }

    /// The log of this thread is full.
    #[cold]
    fn hand_in(&self) {
        self.visit(|_| ());
    }
}

/// What tests look at.
#[cfg(all(test, not(loom)))]
impl<T: Logged> Biased<T> {
    /// Whether readers may come in.
    pub(super) fn is_open(&self) -> bool {
        !self.name().is_for_few()
    }

    pub(super) fn is_for_one(&self) -> bool {
        self.name().is_for_one()
    }

    /// What kind its fences are of, if there is a way in.
    pub(super) fn kind(&self) -> Option<fence::Kind> {
        (self.name() != Name::NONE).then(|| self.name().kind())
    }

    pub(super) fn habits<R>(&self, look: impl FnOnce(&mut Habits) -> R) -> R {
        self.visit_inside(|inside| look(&mut inside.habits))
    }

    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.lock.lock().records.clone()
    }
}

/// Takes up the log of a thread that is not in.
#[allow(unsafe_code)]
fn hand_in(record: &Record, used: &mut Vec<Slot>) -> u32 {
    // SAFETY: called by `close` with the lock held, after the name was taken off and the
    // thread was found not to be in: it will not have its log before the name is up again.
    record
        .touches
        .with_mut(|touches| unsafe { &mut *touches }.hand_in(used))
}

impl Watch {
    fn name_for_readers(&mut self) -> Option<Name> {
        if self.name == Name::NONE {
            self.name = Name::new(fence::kind(), false)?;
        }
        Some(self.name)
    }

    /// A name that this thread alone knows; not while it is being torn down.
    fn name_for_one(&mut self) -> Option<Name> {
        if let Some(one) = self.one.take() {
            if readers::has(&one) {
                return Some(self.one.insert(one).name);
            }
            one.name.give_back();
        }
        let name = Name::new(fence::kind(), true)?;
        let record = Arc::new(Record::new(name));
        if !readers::keep(Arc::clone(&record)) {
            name.give_back();
            return None;
        }
        self.one = Some(record);
        Some(name)
    }

    /// Gives up the names, which are off, and the records under them.
    fn forget(&mut self) {
        // Threads may keep their records a while yet: the logs need not be there.
        for record in self.records.drain(..) {
            close(&record);
        }
        std::mem::replace(&mut self.name, Name::NONE).give_back();
        if let Some(one) = self.one.take() {
            one.name.give_back();
        }
    }
}

impl<T> Drop for Biased<T> {
    fn drop(&mut self) {
        self.lock.get_mut().forget();
    }
}

/// Gives back the log of a name that is going.
#[allow(unsafe_code)]
fn close(record: &Record) {
    // SAFETY: called by `forget` only:
    // 1. While the gate is dropped: no thread can be reading there, or will.
    // 2. When it has been found that nobody is in. This name is not put up again, so that
    //    nobody will be who says so in this record.
    record
        .touches
        .with_mut(|touches| unsafe { &mut *touches }.close());
}
