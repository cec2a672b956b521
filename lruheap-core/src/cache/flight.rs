//! Computations under way, so that an invalidation beats them: what was
//! started before a key was removed, replaced or cleared is not stored.

use super::engine::{Engine, Rule};
use super::gate::Scope;
use super::payload::{Payload, Trash, Values};
use crate::key::Part;

/// The name of a computation in its cache's [`Flights`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u32);

/// The computations of one cache that have begun and not ended.
#[derive(Default)]
pub(crate) struct Flights {
    marks: Vec<Mark>,
    free: Vec<u32>,
}

struct Mark {
    hash: u32,
    state: MarkState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkState {
    Free,
    Valid,
    Invalidated,
}

impl Flights {
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn begin(&mut self, hash: u32) -> Ticket {
        let mark = Mark {
            hash,
            state: MarkState::Valid,
        };
        if let Some(at) = self.free.pop() {
            self.marks[at as usize] = mark;
            return Ticket(at);
        }
        self.marks.push(mark);
        Ticket((self.marks.len() - 1) as u32)
    }

    /// Ends a computation; says whether its result may still be stored.
    pub(crate) fn end(&mut self, ticket: Ticket) -> bool {
        let mark = &mut self.marks[ticket.0 as usize];
        let state = std::mem::replace(&mut mark.state, MarkState::Free);
        debug_assert!(state != MarkState::Free, "a computation ended twice");
        self.free.push(ticket.0);
        if self.free.len() == self.marks.len() {
            // Nothing is under way: a burst's memory goes back.
            self.marks.clear();
            self.free.clear();
            self.marks.shrink_to(64);
            self.free.shrink_to(64);
        }
        state == MarkState::Valid
    }

    /// Keeps the results for keys with this hash from being stored. That it
    /// may catch another key with the same hash costs that key a computation.
    pub(crate) fn invalidate(&mut self, hash: u32) {
        for mark in &mut self.marks {
            if mark.hash == hash && mark.state == MarkState::Valid {
                mark.state = MarkState::Invalidated;
            }
        }
    }

    pub(crate) fn invalidate_all(&mut self) {
        for mark in &mut self.marks {
            if mark.state == MarkState::Valid {
                mark.state = MarkState::Invalidated;
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.marks.len() - self.free.len()
    }
}

/// Where the engine of a cache is at home: a static, a handle, a thread.
pub trait Home {
    /// The keys of the cache.
    type Key;
    /// Its values.
    type Value;
    /// Who shares it.
    type Scope: Scope;

    /// The engine itself.
    #[doc(hidden)]
    fn engine(&self) -> &Engine<Self::Key, Self::Value, Self::Scope>;
}

impl<K, V, S: Scope> Home for &Engine<K, V, S> {
    type Key = K;
    type Value = V;
    type Scope = S;

    fn engine(&self) -> &Engine<K, V, S> {
        self
    }
}

/// What a call needs to remember of its key while the body runs.
pub(crate) struct Absent<K> {
    pub(crate) hash: u32,
    pub(crate) inert: bool,
    pub(crate) same: fn(&K, &K) -> bool,
    pub(crate) ticket: Ticket,
}

/// A computation under way. Dropped without a result (a panic, a cancelled
/// future), it leaves no trace.
pub(crate) struct Flight<H: Home> {
    home: H,
    key: Option<H::Key>,
    absent: Absent<H::Key>,
    replace: bool,
    landed: bool,
}

impl<H: Home> Flight<H> {
    /// Answers a call from the cache, or takes on its computation.
    #[inline]
    pub(crate) fn board(
        home: H,
        part: &impl Part<Owned = H::Key>,
        values: &impl Values<H::Value>,
    ) -> Result<H::Value, Self> {
        let mut trash = Trash::new();
        match home.engine().call(part, values, &mut trash) {
            Ok(held) => Ok(held.release(values)),
            Err(absent) => Err(Flight::take_off(home, part, absent, trash)),
        }
    }

    /// Takes on a computation whose result takes the place of a live entry.
    pub(crate) fn anew(home: H, part: &impl Part<Owned = H::Key>) -> Self {
        let absent = home.engine().begin(part);
        let mut flight = Flight::take_off(home, part, absent, Trash::new());
        flight.replace = true;
        flight
    }

    fn take_off(
        home: H,
        part: &impl Part<Owned = H::Key>,
        absent: Absent<H::Key>,
        trash: Trash<H::Key, H::Value>,
    ) -> Self {
        let mut flight = Flight {
            home,
            key: None,
            absent,
            replace: false,
            landed: false,
        };
        // From here on the ticket has an owner: the user's `Drop` and `Clone`
        // may panic, and the flight ends as any other.
        drop(trash);
        flight.key = Some(part.to_key());
        flight
    }

    /// Stores the result, unless it was invalidated meanwhile.
    pub(crate) fn land(mut self, value: H::Value, values: &impl Values<H::Value>) {
        let Some(key) = self.key.take() else { return };
        let payload = Payload::new(key, value, self.absent.inert && values.is_inert());
        let rule = Rule::Computed {
            ticket: self.absent.ticket,
            replace: self.replace,
        };
        // A panicking `Eq` leaves before the ticket is handed in, a panicking
        // `Drop` in the trash comes after.
        let trash = self.home.engine().put(&self.absent, payload, rule);
        self.landed = true;
        drop(trash);
    }
}

impl<H: Home> Drop for Flight<H> {
    fn drop(&mut self) {
        if !self.landed {
            self.home.engine().abandon(self.absent.ticket);
        }
    }
}
