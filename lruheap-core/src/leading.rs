//! Who leads which computations, and who waits for whom: so that nobody waits for
//! what waits for them.
//!
//! A thread has the computations that it is in the middle of on a stack; those of
//! a task are there while it is polled. Whoever waits in the middle of some notes
//! that they wait for another, for as long as they do. Nothing is noted of those
//! who lead nothing: nobody can be waiting for them.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

#[cfg(loom)]
use loom::thread_local;

/// The name of a computation, among all of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leader(u64);

type Chain = SmallVec<[Leader; 4]>;

/// How many names a thread takes at once.
const BLOCK: u64 = 1 << 12;

static NEXT_BLOCK: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static NEXT: Cell<u64> = Cell::new(0);
    static LED: RefCell<Vec<Leader>> = RefCell::new(Vec::new());
}

impl Leader {
    /// A new one.
    #[inline]
    pub(crate) fn new() -> Self {
        let next = NEXT.try_with(|next| {
            let mut name = next.get();
            if name % BLOCK == 0 {
                name = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
            }
            next.set(name + 1);
            name
        });
        // Without thread-locals, while a thread is torn down, it takes a block each.
        Leader(next.unwrap_or_else(|_| NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed)))
    }

    /// From here on this thread is in the middle of it.
    #[inline]
    pub(crate) fn enter(self) {
        let _ = LED.try_with(|led| led.borrow_mut().push(self));
    }

    /// Not any more.
    #[inline]
    pub(crate) fn leave(self) {
        let _ = LED.try_with(|led| {
            let mut led = led.borrow_mut();
            if led.last() == Some(&self) {
                led.pop();
            } else if let Some(at) = led.iter().rposition(|other| *other == self) {
                led.remove(at);
            }
        });
    }
}

/// Whether this thread is in the middle of anything.
pub(crate) fn leads() -> bool {
    LED.try_with(|led| !led.borrow().is_empty())
        .unwrap_or(false)
}

/// What those wait for who lead something themselves.
static EDGES: Mutex<Vec<Edge>> = Mutex::new(Vec::new());

struct Edge {
    name: u64,
    /// What can't end before the wait has.
    from: Chain,
    to: Leader,
}

/// A wait that others can see.
pub(crate) struct Waits(Option<u64>);

impl Drop for Waits {
    fn drop(&mut self) {
        if let Some(name) = self.0 {
            let mut edges = EDGES.lock();
            if let Some(at) = edges.iter().position(|edge| edge.name == name) {
                edges.swap_remove(at);
            }
            if edges.is_empty() && edges.capacity() > 64 {
                *edges = Vec::new();
            }
        }
    }
}

/// Notes that whatever this thread is in the middle of waits for `target`; `None`
/// where that waits for one of these in turn.
pub(crate) fn wait_for(target: Leader) -> Option<Waits> {
    let from: Chain = LED
        .try_with(|led| led.borrow().iter().copied().collect())
        .unwrap_or_default();
    if from.is_empty() {
        return Some(Waits(None));
    }
    let mut edges = EDGES.lock();
    if is_circle(&edges, &from, target) {
        return None;
    }
    let name = Leader::new().0;
    edges.push(Edge {
        name,
        from,
        to: target,
    });
    Some(Waits(Some(name)))
}

/// Whether `target` is one of `from`, or waits for one of them, however indirectly.
fn is_circle(edges: &[Edge], from: &[Leader], target: Leader) -> bool {
    let mut reached: Chain = SmallVec::from_slice(&[target]);
    let mut next = 0;
    while let Some(&leader) = reached.get(next) {
        if from.contains(&leader) {
            return true;
        }
        for edge in edges.iter().filter(|edge| edge.from.contains(&leader)) {
            if !reached.contains(&edge.to) {
                reached.push(edge.to);
            }
        }
        next += 1;
    }
    false
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn edge(from: &[u64], to: u64) -> Edge {
        Edge {
            name: 0,
            from: from.iter().copied().map(Leader).collect(),
            to: Leader(to),
        }
    }

    fn closes(edges: &[Edge], from: &[u64], to: u64) -> bool {
        let from: Vec<Leader> = from.iter().copied().map(Leader).collect();
        is_circle(edges, &from, Leader(to))
    }

    #[test]
    fn a_circle_is_seen_however_long_it_is() {
        assert!(closes(&[], &[1], 1), "nobody waits for themselves");
        assert!(!closes(&[], &[1], 2));
        let edges = [edge(&[2], 3), edge(&[3, 4], 5), edge(&[9], 1)];
        assert!(closes(&edges, &[5], 2));
        assert!(closes(&edges, &[5], 4));
        assert!(closes(&edges, &[8, 5, 7], 2));
        assert!(!closes(&edges, &[6], 2));
        assert!(!closes(&edges, &[1], 2));
    }

    #[test]
    fn a_wait_is_forgotten_when_it_ends() {
        let (mine, other) = (Leader::new(), Leader::new());
        mine.enter();
        let waits = wait_for(other).expect("no circle");
        let name = waits.0.expect("noted, because something is led");
        let is_noted = || EDGES.lock().iter().any(|edge| edge.name == name);
        assert!(is_noted());
        drop(waits);
        assert!(!is_noted());
        mine.leave();
        let waits = wait_for(other).expect("no circle");
        assert!(waits.0.is_none(), "nobody can wait for who leads nothing");
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
