//! Computations under way, so that an invalidation beats them: what was
//! started before a key was removed, replaced or cleared is not stored.

/// The name of a computation in its cache's [`Flights`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket(u32);

/// The computations of one cache that have begun and not ended.
///
/// Mostly there is one at a time, and it lies in here: a small cache owns no
/// memory for it.
#[derive(Default)]
pub(crate) struct Flights {
    first: Mark,
    more: Option<Box<More>>,
}

/// Those that began while the first was under way.
#[derive(Default)]
struct More {
    marks: Vec<Mark>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    hash: u32,
    state: MarkState,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum MarkState {
    #[default]
    Free,
    Valid,
    Invalidated,
}

impl Mark {
    fn end(&mut self) -> bool {
        let state = std::mem::take(&mut self.state);
        debug_assert!(state != MarkState::Free, "a computation ended twice");
        state == MarkState::Valid
    }

    fn invalidate(&mut self) {
        if self.state == MarkState::Valid {
            self.state = MarkState::Invalidated;
        }
    }
}

impl More {
    #[allow(clippy::cast_possible_truncation)]
    fn begin(&mut self, mark: Mark) -> u32 {
        if let Some(at) = self.free.pop() {
            self.marks[at as usize] = mark;
            return at;
        }
        self.marks.push(mark);
        (self.marks.len() - 1) as u32
    }

    fn end(&mut self, at: u32) -> bool {
        let valid = self.marks[at as usize].end();
        self.free.push(at);
        if self.free.len() == self.marks.len() {
            // Nothing is under way: a burst's memory goes back.
            self.marks.clear();
            self.free.clear();
            self.marks.shrink_to(64);
            self.free.shrink_to(64);
        }
        valid
    }
}

impl Flights {
    pub(crate) fn begin(&mut self, hash: u32) -> Ticket {
        let mark = Mark {
            hash,
            state: MarkState::Valid,
        };
        if self.first.state == MarkState::Free {
            self.first = mark;
            return Ticket(0);
        }
        Ticket(self.more.get_or_insert_default().begin(mark) + 1)
    }

    /// Ends a computation; says whether its result may still be stored.
    pub(crate) fn end(&mut self, ticket: Ticket) -> bool {
        match (ticket.0.checked_sub(1), &mut self.more) {
            (Some(at), Some(more)) => more.end(at),
            (Some(_), None) => unreachable!("a ticket beyond the first is of those in `more`"),
            (None, _) => self.first.end(),
        }
    }

    fn marks(&mut self) -> impl Iterator<Item = &mut Mark> {
        let more = self.more.iter_mut().flat_map(|more| &mut more.marks);
        std::iter::once(&mut self.first).chain(more)
    }

    /// Keeps the results for keys with this hash from being stored. That it
    /// may catch another key with the same hash costs that key a computation.
    pub(crate) fn invalidate(&mut self, hash: u32) {
        self.marks()
            .filter(|mark| mark.hash == hash)
            .for_each(Mark::invalidate);
    }

    pub(crate) fn invalidate_all(&mut self) {
        self.marks().for_each(Mark::invalidate);
    }

    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        let more = self.more.iter().flat_map(|more| &more.marks);
        let marks = std::iter::once(&self.first).chain(more);
        marks.filter(|mark| mark.state != MarkState::Free).count()
    }
}

/// What a call needs to remember of its key while the body runs.
pub(crate) struct Absent<K> {
    pub(crate) hash: u32,
    pub(crate) inert: bool,
    pub(crate) same: fn(&K, &K) -> bool,
    pub(crate) ticket: Ticket,
}
