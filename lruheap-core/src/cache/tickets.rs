//! Computations under way, so that an invalidation beats them: what was
//! started before a key was removed, replaced or cleared is not stored.

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

/// What a call needs to remember of its key while the body runs.
pub(crate) struct Absent<K> {
    pub(crate) hash: u32,
    pub(crate) inert: bool,
    pub(crate) same: fn(&K, &K) -> bool,
    pub(crate) ticket: Ticket,
}
