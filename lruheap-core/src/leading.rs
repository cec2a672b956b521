//! Who leads which computations, and who waits for whom: so that nobody waits for
//! what waits for them.
//!
//! A thread has the computations that it is in the middle of on a stack; those of
//! a task are there while it is polled. Whoever waits in the middle of some notes
//! that they wait for another, for as long as they do. Nothing is noted of those
//! who lead nothing: nobody can be waiting for them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

#[cfg(not(loom))]
use parking_lot::Mutex;

#[cfg(loom)]
use self::modelled::Mutex;
#[cfg(loom)]
use loom::{lazy_static, thread_local};

/// The name of a computation, among all of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leader(u64);

type Chain = SmallVec<[Leader; 4]>;

/// How many names a thread takes at once.
const BLOCK: u64 = 1 << 12;

static NEXT_BLOCK: AtomicU64 = AtomicU64::new(0);

/// What a thread is in the middle of: the outermost, and how many are in it, which are
/// in `INNER`. Mostly there is one, and it needs no memory that has to be given back.
/// Each is read and written by itself: what is written in halves and read as a whole has to
/// be waited for.
struct Led {
    /// `NOBODY` for none.
    outer: Cell<Leader>,
    inner: Cell<usize>,
}

impl Led {
    const fn nothing() -> Self {
        Led {
            outer: Cell::new(Leader::NOBODY),
            inner: Cell::new(0),
        }
    }
}

#[cfg(not(loom))]
thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static LED: Led = const { Led::nothing() };
    static INNER: RefCell<Vec<Leader>> = const { RefCell::new(Vec::new()) };
}

// The model checker knows no `const` here.
#[cfg(loom)]
thread_local! {
    static NEXT: Cell<u64> = Cell::new(0);
    static LED: Led = Led::nothing();
    static INNER: RefCell<Vec<Leader>> = RefCell::new(Vec::new());
}

impl Leader {
    /// No computation's: the names begin with 1.
    pub(crate) const NOBODY: Leader = Leader(0);

    /// A new one.
    #[inline]
    pub(crate) fn new() -> Self {
        let next = NEXT.try_with(|next| {
            let mut name = next.get();
            if name % BLOCK == 0 {
                // The first name of a block tells that there is none: it is left out.
                name = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed) + 1;
            }
            next.set(name + 1);
            name
        });
        // Without thread-locals, while a thread is torn down, it takes a block each.
        Leader(next.unwrap_or_else(|_| NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed) + 1))
    }

    /// From here on this thread is in the middle of it.
    #[inline]
    pub(crate) fn enter(self) {
        let _ = LED.try_with(|led| {
            if led.outer.get() == Leader::NOBODY {
                led.outer.set(self);
            } else {
                self.enter_inner(led);
            }
        });
    }

    #[inline(never)]
    fn enter_inner(self, led: &Led) {
        let entered = INNER.try_with(|inner| inner.borrow_mut().push(self));
        // While a thread is torn down it is in the middle of one at most.
        if entered.is_ok() {
            led.inner.set(led.inner.get() + 1);
        }
    }

    /// Not any more.
    #[inline]
    pub(crate) fn leave(self) {
        let _ = LED.try_with(|led| {
            if led.outer.get() == self && led.inner.get() == 0 {
                led.outer.set(Leader::NOBODY);
            } else {
                self.leave_inner(led);
            }
        });
    }

    #[inline(never)]
    fn leave_inner(self, led: &Led) {
        let _ = INNER.try_with(|inner| {
            let mut inner = inner.borrow_mut();
            if led.outer.get() == self {
                // Not in the order in which they were entered.
                led.outer.set(inner.remove(0));
            } else if let Some(at) = inner.iter().rposition(|other| *other == self) {
                inner.remove(at);
            }
            led.inner.set(inner.len());
        });
    }
}

/// What this thread is in the middle of.
fn led() -> Chain {
    let mut chain = Chain::new();
    let _ = LED.try_with(|led| {
        let outer = Some(led.outer.get());
        chain.extend(outer.filter(|outer| *outer != Leader::NOBODY));
        if led.inner.get() > 0 {
            let _ = INNER.try_with(|inner| chain.extend_from_slice(&inner.borrow()));
        }
    });
    chain
}

/// Whether this thread is in the middle of anything.
pub(crate) fn leads() -> bool {
    LED.try_with(|led| led.outer.get() != Leader::NOBODY)
        .unwrap_or(false)
}

/// What those wait for who lead something themselves.
#[cfg(not(loom))]
static EDGES: Mutex<Edges> = Mutex::new(Edges::new());

#[cfg(loom)]
lazy_static! {
    static ref EDGES: Mutex<Edges> = Mutex::new(Edges::new());
}

/// By a leader, the leaders that it waits for: as often as it does.
#[derive(Default)]
struct Edges(BTreeMap<Leader, SmallVec<[Leader; 1]>>);

impl Edges {
    const fn new() -> Self {
        Edges(BTreeMap::new())
    }

    fn add(&mut self, from: &[Leader], to: Leader) {
        for &leader in from {
            self.0.entry(leader).or_default().push(to);
        }
    }

    fn remove(&mut self, from: &[Leader], to: Leader) {
        for leader in from {
            if let Some(targets) = self.0.get_mut(leader) {
                if let Some(at) = targets.iter().position(|other| *other == to) {
                    targets.swap_remove(at);
                }
                if targets.is_empty() {
                    self.0.remove(leader);
                }
            }
        }
    }

    /// Whether `target` is one of `from`, or waits for one of them, however indirectly.
    fn close_circle(&self, from: &[Leader], target: Leader) -> bool {
        let mut reached: Chain = SmallVec::from_slice(&[target]);
        let mut next = 0;
        while let Some(leader) = reached.get(next) {
            if from.contains(leader) {
                return true;
            }
            for &to in self.0.get(leader).into_iter().flatten() {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
            next += 1;
        }
        false
    }
}

/// A wait that others can see.
pub(crate) struct Waits {
    /// What can't end before the wait has.
    from: Chain,
    to: Leader,
}

impl Waits {
    /// Whether something can't end before the wait has.
    pub(crate) fn are_in_something(&self) -> bool {
        !self.from.is_empty()
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        if !self.from.is_empty() {
            EDGES.lock().remove(&self.from, self.to);
        }
    }
}

/// Notes that whatever this thread is in the middle of waits for `target`; `None`
/// where that waits for one of these in turn.
pub(crate) fn wait_for(target: Leader) -> Option<Waits> {
    let from = led();
    if !from.is_empty() {
        let mut edges = EDGES.lock();
        if edges.close_circle(&from, target) {
            return None;
        }
        edges.add(&from, target);
    }
    Some(Waits { from, to: target })
}

/// The locks of the model checker, with the signatures of the others.
#[cfg(loom)]
pub(crate) mod modelled {
    use std::ops::{Deref, DerefMut};
    use std::time::Duration;

    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().expect("nothing panics in here")))
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Condvar(loom::sync::Condvar::new())
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let held = guard.0.take().expect("it is held");
            guard.0 = Some(self.0.wait(held).expect("nothing panics in here"));
        }

        /// No time passes in a model.
        pub(crate) fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _: Duration) {
            self.wait(guard);
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            self.0.as_ref().expect("it is held")
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect("it is held")
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn leaders(names: &[u64]) -> Vec<Leader> {
        names.iter().copied().map(Leader).collect()
    }

    #[test]
    fn a_circle_is_seen_however_long_it_is() {
        let mut edges = Edges::default();
        let closes =
            |edges: &Edges, from: &[u64], to| edges.close_circle(&leaders(from), Leader(to));
        assert!(closes(&edges, &[1], 1), "nobody waits for themselves");
        assert!(!closes(&edges, &[1], 2));
        edges.add(&leaders(&[2]), Leader(3));
        edges.add(&leaders(&[3, 4]), Leader(5));
        edges.add(&leaders(&[9]), Leader(1));
        assert!(closes(&edges, &[5], 2));
        assert!(closes(&edges, &[5], 4));
        assert!(closes(&edges, &[8, 5, 7], 2));
        assert!(!closes(&edges, &[6], 2));
        assert!(!closes(&edges, &[1], 2));
        edges.remove(&leaders(&[3, 4]), Leader(5));
        assert!(!closes(&edges, &[5], 2));
        edges.remove(&leaders(&[2]), Leader(3));
        edges.remove(&leaders(&[9]), Leader(1));
        assert!(edges.0.is_empty(), "nothing is left of a wait");
    }

    #[test]
    fn a_wait_is_noted_while_it_lasts_if_something_is_led() {
        let (mine, other) = (Leader::new(), Leader::new());
        let is_noted = || EDGES.lock().0.contains_key(&mine);
        mine.enter();
        let (first, second) = (wait_for(other), wait_for(other));
        assert!(is_noted());
        drop(first);
        assert!(is_noted());
        drop(second);
        assert!(!is_noted());
        mine.leave();
        let waits = wait_for(other).expect("no circle");
        assert!(
            waits.from.is_empty(),
            "nobody can wait for who leads nothing"
        );
    }

    #[test]
    fn what_is_entered_may_be_left_in_any_order() {
        let all = [Leader::new(), Leader::new(), Leader::new(), Leader::new()];
        for first in 0..4 {
            for second in 0..3 {
                for leader in all {
                    leader.enter();
                }
                let mut expected: Vec<Leader> = all.to_vec();
                for at in [first, second] {
                    expected.remove(at).leave();
                    assert_eq!(led().to_vec(), expected);
                }
                Leader::new().leave();
                assert_eq!(led().to_vec(), expected, "what was not entered is not left");
                expected.into_iter().rev().for_each(Leader::leave);
                assert!(!leads() && led().is_empty());
            }
        }
    }

    #[test]
    fn names_are_given_once() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| (0..3 * BLOCK).map(|_| Leader::new().0).collect::<Vec<_>>())
            })
            .collect();
        let mut names: Vec<u64> = Vec::new();
        for thread in threads {
            names.extend(thread.join().expect("it names"));
        }
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
