//! Readers of a biased gate: for each thread and gate a record in lines of its own, where
//! the thread says that it is reading, and keeps the log of what it read. A thread finds
//! its records by the names of their gates, in a table that nobody else sees.
//!
//! A name has a place in those tables, which is given out again when the gate is gone,
//! and a number that is not. So the tables stay as short as there are gates with readers
//! at a time, and no record is taken for that of another gate.

use std::cell::RefCell;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::touches::Touches;
use super::fence::Kind;
use super::shim::{AtomicBool, Guarded, Ordering};

/// The name of a gate that has, or had, readers, and how they pass the fence: the place
/// below, a bit for the fence, the number above. 0 is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name(u64);

const PLACE: u64 = (1 << 31) - 1;
const UNEQUAL: u64 = 1 << 31;
const NUMBER: u32 = 32;

/// How many names there are at a time: each thread that reads has a table as long. The
/// gates that get none do without.
const PLACES: usize = 1 << 10;

/// The names that are in use.
static NAMES: Mutex<Names> = Mutex::new(Names {
    number: 0,
    taken: [0; PLACES / 64],
});

struct Names {
    number: u32,
    /// A bit for each place.
    taken: [u64; PLACES / 64],
}

impl Names {
    fn take_place(&mut self) -> Option<u64> {
        let (word, bits) = (0..)
            .zip(&mut self.taken)
            .find(|(_, bits)| **bits != u64::MAX)?;
        let bit = bits.trailing_ones();
        *bits |= 1 << bit;
        Some(word * 64 + u64::from(bit))
    }
}

impl Name {
    pub(super) const NONE: Name = Name(0);

    /// A new one; `None` where there have been too many.
    pub(super) fn new(kind: Kind) -> Option<Self> {
        let mut names = NAMES.lock();
        let number = names.number.checked_add(1)?;
        let place = names.take_place()?;
        names.number = number;
        let fence = match kind {
            Kind::Unequal => UNEQUAL,
            Kind::Real => 0,
        };
        Some(Name(u64::from(number) << NUMBER | fence | place))
    }

    #[inline]
    pub(super) fn of_bits(bits: u64) -> Self {
        Name(bits)
    }

    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(super) fn kind(self) -> Kind {
        if self.0 & UNEQUAL == 0 {
            Kind::Real
        } else {
            Kind::Unequal
        }
    }

    /// Its gate is gone, or has another.
    pub(super) fn give_back(self) {
        if self != Name::NONE {
            let place = self.place();
            NAMES.lock().taken[place / 64] &= !(1 << (place % 64));
        }
    }

    #[allow(clippy::cast_possible_truncation)]
    #[inline]
    pub(super) fn place(self) -> usize {
        (self.0 & PLACE) as usize
    }
}

/// What one thread does at one gate. Aligned so that what it writes is on no line of
/// anybody else's, nor on one that is fetched along with it.
#[repr(align(128))]
pub(super) struct Record {
    name: Name,
    /// Whether its thread is at what the gate guards; written by that alone.
    pub(super) is_reading: AtomicBool,
    /// Whether its thread is gone: another may have it.
    is_orphan: AtomicBool,
    /// Its thread has it while it is reading, and who keeps others from reading has it
    /// while it is not.
    pub(super) touches: Guarded<Touches>,
}

// SAFETY: all there is to it besides atomics is `touches`, plain data that may be sent
// from thread to thread. It is in a `Guarded`, which cannot be opened without unsafe code
// that says why nobody else has it.
#[allow(unsafe_code)]
unsafe impl Sync for Record {}

impl Record {
    pub(super) fn new(name: Name) -> Self {
        Record {
            name,
            is_reading: AtomicBool::new(false),
            is_orphan: AtomicBool::new(false),
            touches: Guarded::new(Touches::default()),
        }
    }

    /// Fills places in a table.
    fn nobodys() -> Arc<Self> {
        Arc::new(Record {
            name: Name::NONE,
            is_reading: AtomicBool::new(false),
            is_orphan: AtomicBool::new(false),
            touches: Guarded::new(Touches::default()),
        })
    }

    /// Takes a record over whose thread is gone, with all that is in it.
    pub(super) fn adopt(&self) -> bool {
        // What its thread wrote in it is for this one to go on with.
        self.is_orphan.swap(false, Ordering::Acquire)
    }

    pub(super) fn is_orphan(&self) -> bool {
        self.is_orphan.load(Ordering::Acquire)
    }

    /// Whether its log has memory; asked while nobody reads.
    #[cfg(all(test, not(loom)))]
    #[allow(unsafe_code)]
    pub(super) fn log_is_there(&self) -> bool {
        // SAFETY: the test has this to itself at the time, as it says.
        self.touches
            .with_mut(|touches| unsafe { &*touches }.has_memory())
    }
}

/// The records of a thread, each at the place of its gate.
struct Own(RefCell<Vec<Arc<Record>>>);

impl Own {
    /// Whether it could be done: not in the middle of itself, to which only an allocator
    /// that calls a cached function could bring a thread.
    fn put(&self, record: Arc<Record>) -> bool {
        let Ok(mut records) = self.0.try_borrow_mut() else {
            record.is_orphan.store(true, Ordering::Release);
            return false;
        };
        // Such an allocator finds nothing while it makes room.
        table::set(&[]);
        let place = record.name.place();
        if records.len() <= place {
            records.resize(place + 1, Record::nobodys());
        }
        // That of a gate that is gone.
        let old = std::mem::replace(&mut records[place], record);
        table::set(&records);
        drop(records);
        drop(old);
        true
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        table::set(&[]);
        let records = self.0.get_mut().iter();
        for record in records.filter(|record| record.name != Name::NONE) {
            record.is_orphan.store(true, Ordering::Release);
        }
    }
}

#[cfg(not(loom))]
thread_local! {
    static OWN: Own = const { Own(RefCell::new(Vec::new())) };
}

#[cfg(loom)]
loom::thread_local! {
    static OWN: Own = Own(RefCell::new(Vec::new()));
}

/// Makes a record that of this thread at the gate of its name; not while the thread is
/// being torn down.
pub(super) fn keep(record: Arc<Record>) -> bool {
    let mut record = Some(record);
    let kept = OWN.try_with(|own| record.take().map(|record| own.put(record)));
    if let Some(record) = record {
        record.is_orphan.store(true, Ordering::Release);
    }
    kept.ok().flatten() == Some(true)
}

pub(super) use table::find;

/// The same table, for whoever is in a hurry: without a look at whether the thread is
/// being torn down, and without a count of who looks.
#[cfg(not(loom))]
mod table {
    use std::cell::Cell;
    use std::ptr;

    use super::{Arc, Name, Record};

    type Table = *const [Arc<Record>];

    const EMPTY: Table = ptr::slice_from_raw_parts(ptr::NonNull::dangling().as_ptr(), 0);

    thread_local! {
        /// Nothing that has to be dropped: so it is there as long as the thread is.
        static TABLE: Cell<Table> = const { Cell::new(EMPTY) };
    }

    pub(super) fn set(records: &[Arc<Record>]) {
        TABLE.set(records);
    }

    /// This thread's record at the gate of this name.
    ///
    /// # Safety
    ///
    /// 1. The gate of this name lives as long as `'a` and holds on to the records that
    ///    threads keep there.
    /// 2. `'a` ends before this thread does.
    #[allow(unsafe_code)]
    #[inline]
    pub(in super::super) unsafe fn find<'a>(name: Name) -> Option<&'a Record> {
        // SAFETY:
        // 1. The slice is that of the vector in `OWN`, or empty: it is empty while what is
        //    in that is moved or dropped, and all in this thread, which is in here.
        // 2. The record outlives the vector's own reference to it: with this name, it is
        //    among those that the gate holds on to, by 1 of the caller.
        let records = unsafe { &*TABLE.get() };
        let record = records.get(name.place())?;
        let record: *const Record = Arc::as_ptr(record);
        let record = unsafe { &*record };
        (record.name == name).then_some(record)
    }
}

#[cfg(loom)]
mod table {
    use super::{Arc, Name, OWN, Record};

    pub(super) fn set(_records: &[Arc<Record>]) {}

    /// This thread's record at the gate of this name.
    ///
    /// # Safety
    ///
    /// As of the other.
    #[allow(unsafe_code)]
    pub(in super::super) unsafe fn find<'a>(name: Name) -> Option<&'a Record> {
        let found = OWN.try_with(|own| {
            let records = own.0.borrow();
            let record = records.get(name.place())?;
            (record.name == name).then(|| Arc::as_ptr(record))
        });
        // SAFETY: as in the other: the gate holds on to it.
        found.ok().flatten().map(|record| unsafe { &*record })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn there_are_places_for_so_many_names_and_for_no_more() {
        let mut names = Names {
            number: 0,
            taken: [0; PLACES / 64],
        };
        for place in 0..PLACES as u64 {
            assert_eq!(names.take_place(), Some(place));
        }
        assert_eq!(names.take_place(), None);
        names.taken[3] &= !(1 << 5);
        assert_eq!(names.take_place(), Some(3 * 64 + 5));
    }
}
