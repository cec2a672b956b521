//! The threads that come to locks that lean: each has a number, and a place where it says
//! which lock it holds by being the one that this leans towards.
//!
//! A number is given out again when its thread is gone, with the place: who has it next
//! has heard of all that the one before did. So there are no more of them than threads at
//! a time. Nothing here knows what is locked.

use std::cell::Cell;
use std::marker::PhantomData;

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
    /// Nothing that has to be dropped: so it is mostly there as long as the thread is.
    static ME: Cell<Option<&'static Member>> = const { Cell::new(None) };
    static LEAVING: Leaving = const { Leaving(Cell::new(None)) };
}

#[cfg(loom)]
loom::thread_local! {
    static ME: Cell<Option<&'static Member>> = Cell::new(None);
    static LEAVING: Leaving = Leaving(Cell::new(None));
}

/// Gives the number back when the thread ends. It does not ask `ME` for it, which may be
/// gone first where thread-locals are kept in a list of the system's.
struct Leaving(Cell<Option<&'static Member>>);

impl Leaving {
    fn join(&self) -> Option<&'static Member> {
        // It may have one, and have forgotten it.
        let me = self.0.take().or_else(a_member)?;
        // From here on it is given back.
        self.0.set(Some(me));
        let _ = ME.try_with(|own| own.set(Some(me)));
        Some(me)
    }

    fn leave(&self) {
        let _ = ME.try_with(Cell::take);
        if let Some(me) = self.0.take() {
            // Who ends in the middle of something keeps its number: nobody else gets it.
            if me.holds.load(Ordering::Relaxed) == 0 {
                MEMBERS.lock().free.push(me);
            }
        }
    }
}

#[cfg(not(loom))]
impl Drop for Leaving {
    fn drop(&mut self) {
        self.leave();
    }
}

/// As if the thread ended here. A model does so itself: it is over before the last threads
/// are torn down, and knows no order of what is dropped then.
#[cfg(all(test, loom))]
pub(super) fn leave() {
    LEAVING.with(Leaving::leave);
}

/// This thread, if it has a number.
#[inline(always)]
pub(super) fn me() -> Option<&'static Member> {
    ME.try_with(Cell::get).ok().flatten()
}

/// This thread, with a new number if it has none; not while it is being torn down.
#[inline]
pub(super) fn me_from_now_on() -> Option<&'static Member> {
    me().or_else(join)
}

#[cold]
fn join() -> Option<&'static Member> {
    LEAVING.try_with(Leaving::join).ok().flatten()
}

/// One that is free, or a new one.
fn a_member() -> Option<&'static Member> {
    let mut new = None;
    let mut rooms = (Vec::new(), Vec::new());
    loop {
        let mut members = MEMBERS.lock();
        if let Some(member) = members.free.pop() {
            return Some(member);
        }
        let count = members.all.len();
        if count == MOST {
            return None;
        }
        if new.is_some() && members.have_room(&mut rooms) {
            let mut member: Box<Member> = new.take()?;
            member.number = u32::try_from(count + 1).ok()?;
            let member: &'static Member = Box::leak(member);
            members.all.push(member);
            return Some(member);
        }
        // Made without the lock: an allocator that calls a cached function may come here.
        drop(members);
        new = Some(Box::new(Member {
            number: 0,
            holds: AtomicUsize::new(0),
        }));
        rooms = (
            Vec::with_capacity(count * 2 + 8),
            Vec::with_capacity(count * 2 + 8),
        );
    }
}

impl Members {
    /// Whether there is room for one more, and for all of them to be free; made of what is
    /// lent if need be.
    fn have_room(
        &mut self,
        (all, free): &mut (Vec<&'static Member>, Vec<&'static Member>),
    ) -> bool {
        let count = self.all.len();
        if count < self.all.capacity() && count < self.free.capacity() {
            return true;
        }
        if all.capacity() <= count || free.capacity() <= count {
            return false;
        }
        all.append(&mut self.all);
        free.append(&mut self.free);
        std::mem::swap(all, &mut self.all);
        std::mem::swap(free, &mut self.free);
        true
    }
}

/// The one of this number, whoever it is.
pub(super) fn member(number: u32) -> Option<&'static Member> {
    let at = (number as usize).checked_sub(1)?;
    MEMBERS.lock().all.get(at).copied()
}

/// A thread that holds a lock as the one. It stays in that thread.
pub(super) struct Holding(&'static Member, PhantomData<*mut ()>);

impl Holding {
    /// Says that `me`, this thread, holds the lock at this address; not if it holds one
    /// already: whoever is in the middle of something has to do without.
    #[inline(always)]
    pub(super) fn say(me: &'static Member, lock: usize) -> Option<Self> {
        if me.holds.load(Ordering::Relaxed) != 0 {
            return None;
        }
        // `Release`: who finds it here in the place of another has to see that it is done
        // with that one, as who finds nothing does.
        me.holds.store(lock, Ordering::Release);
        Some(Holding(me, PhantomData))
    }
}

impl Drop for Holding {
    #[inline(always)]
    fn drop(&mut self) {
        // `Release`: what it did is done.
        self.0.holds.store(0, Ordering::Release);
    }
}
