//! The threads that come to locks that lean: each has a number, and a place where it says
//! which lock it holds by being the one that this leans towards.
//!
//! A number is given out again when its thread is gone, with the place: who has it next
//! has heard of all that the one before did. So there are no more of them than threads at
//! a time. Nothing here knows what is locked.

use std::cell::Cell;

use super::shim::{AtomicUsize, Ordering};

#[cfg(loom)]
use crate::leading::modelled::Mutex;
#[cfg(not(loom))]
use parking_lot::Mutex;

/// A thread. Aligned so that what it writes is on no line of anybody else's, nor on one
/// that is fetched along with it.
#[repr(align(128))]
pub(super) struct Member {
    /// From 1 on.
    pub(super) number: u32,
    /// The address of the lock that it holds as the one, or 0; written by the thread alone.
    pub(super) holds: AtomicUsize,
}

#[derive(Default)]
struct Members {
    /// By their numbers, less 1. They stay for ever.
    all: Vec<&'static Member>,
    free: Vec<&'static Member>,
}

#[cfg(not(loom))]
static MEMBERS: Mutex<Members> = Mutex::new(Members {
    all: Vec::new(),
    free: Vec::new(),
});

#[cfg(loom)]
loom::lazy_static! {
    static ref MEMBERS: Mutex<Members> = Mutex::new(Members::default());
}

/// How many numbers there are at most: two bits of 32 are for others.
const MOST: usize = (1 << 30) - 1;

#[cfg(not(loom))]
thread_local! {
    /// Nothing that has to be dropped: so it is there as long as the thread is.
    static ME: Cell<Option<&'static Member>> = const { Cell::new(None) };
    static LEAVING: Leaving = const { Leaving };
}

#[cfg(loom)]
loom::thread_local! {
    static ME: Cell<Option<&'static Member>> = Cell::new(None);
    static LEAVING: Leaving = Leaving;
}

/// Gives the number back when the thread ends.
struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Ok(Some(me)) = ME.try_with(Cell::take) {
            MEMBERS.lock().free.push(me);
        }
    }
}

/// This thread, if it has a number.
#[inline(always)]
pub(super) fn me() -> Option<&'static Member> {
    #[cfg(not(loom))]
    return ME.get();
    #[cfg(loom)]
    ME.try_with(Cell::get).ok().flatten()
}

/// This thread, with a new number if it has none; not while it is being torn down.
#[inline]
pub(super) fn me_from_now_on() -> Option<&'static Member> {
    me().or_else(join)
}

#[cold]
fn join() -> Option<&'static Member> {
    // From here on the number is given back; not if that has been done already.
    LEAVING.try_with(|_| ()).ok()?;
    let mut members = MEMBERS.lock();
    let me = match members.free.pop() {
        Some(member) => member,
        None if members.all.len() == MOST => return None,
        None => {
            let member: &'static Member = Box::leak(Box::new(Member {
                number: u32::try_from(members.all.len() + 1).ok()?,
                holds: AtomicUsize::new(0),
            }));
            members.all.push(member);
            member
        }
    };
    drop(members);
    ME.with(|own| own.set(Some(me)));
    Some(me)
}

/// The one of this number, whoever it is.
pub(super) fn member(number: u32) -> Option<&'static Member> {
    let at = (number as usize).checked_sub(1)?;
    MEMBERS.lock().all.get(at).copied()
}

/// A thread that holds a lock as the one.
pub(super) struct Holding(&'static Member);

impl Holding {
    /// Says that `me`, this thread, holds the lock at this address; not if it holds one
    /// already: whoever is in the middle of something has to do without.
    #[inline(always)]
    pub(super) fn say(me: &'static Member, lock: usize) -> Option<Self> {
        if me.holds.load(Ordering::Relaxed) != 0 {
            return None;
        }
        me.holds.store(lock, Ordering::Relaxed);
        Some(Holding(me))
    }
}

impl Drop for Holding {
    #[inline(always)]
    fn drop(&mut self) {
        // `Release`: what it did is done.
        self.0.holds.store(0, Ordering::Release);
    }
}
