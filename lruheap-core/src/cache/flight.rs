//! A computation in the hands of whoever runs it: it lands with a result, or is
//! dropped without one and leaves no trace.

use super::engine::Engine;
use super::gate::Scope;
use super::payload::{Payload, Trash, Values};
use super::settings::Rule;
use super::tickets::Absent;
use crate::key::Part;

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
        // The user's closure may panic: the flight is still in the air then.
        let ttl = values.lifetime(&value);
        let Some(key) = self.key.take() else { return };
        let payload = Payload::new(key, value, self.absent.inert && values.is_inert());
        let rule = Rule::Computed {
            ticket: self.absent.ticket,
            replace: self.replace,
            ttl,
        };
        // A panicking `Eq` leaves before the ticket is handed in, a panicking
        // `Drop` in the trash comes after.
        let trash = self.home.engine().put(&self.absent, payload, rule);
        self.landed = true;
        drop(trash);
    }

    /// Ends with a result that is not to be kept. What it was to replace goes.
    pub(crate) fn refuse(mut self) {
        let Some(key) = self.key.take().filter(|_| self.replace) else {
            return;
        };
        // As in `land`: a panicking `Eq` leaves before the ticket is handed in.
        let trash = self.home.engine().drop_at(&self.absent, &key);
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
