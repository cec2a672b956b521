//! Computations under way: so that others can find them and wait, and so that an
//! invalidation beats them: what was started before a key was removed, replaced or
//! cleared is not stored. Runs inside the gate; nothing here runs user code.

mod mark;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use mark::{Ended, Known, Plan};
use mark::{Mark, MarkState};

use super::payload::Pair;
use super::tags::Tag;
use super::wait::Wait;
use crate::leading::Leader;
use crate::store::Table;
use crate::time::Clock;

/// How long others leave a renewal to whoever began it.
const LONGEST_RENEWAL: Duration = Duration::from_secs(60);

/// The name of a computation in its cache's [`Flights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u32);

/// The computations of one cache that have begun and not ended.
pub(crate) struct Flights<K, V> {
    list: Option<Box<List<K, V>>>,
}

/// Mostly there is one at a time.
struct List<K, V> {
    first: Mark<K, V>,
    more: Vec<Mark<K, V>>,
    /// Which of `more` are free, and by their hashes which are not.
    free: Vec<u32>,
    index: Table,
    under_way: u32,
    begun: u64,
    /// How often something was stored, or removed by name, while computations were under
    /// way.
    changes: u64,
}

/// A computation that somebody else leads, to wait for.
pub(crate) struct Join<K, V> {
    pub(crate) wait: Arc<Wait<K, V>>,
    pub(crate) leader: Leader,
    /// How often those who wait had been told to look again.
    pub(crate) looks: u64,
    pub(crate) links: u32,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Flights { list: None }
    }
}

impl<K, V> List<K, V> {
    fn new() -> Self {
        List {
            first: Mark::free(),
            more: Vec::new(),
            free: Vec::new(),
            index: Table::new(),
            under_way: 0,
            begun: 0,
            changes: 0,
        }
    }

    #[inline(always)]
    fn begin(&mut self, plan: &Plan, key: Option<Known<K, V>>) -> Ticket {
        self.under_way += 1;
        self.begun += 1;
        let at = (self.begun, self.changes);
        if self.first.state == MarkState::Free {
            self.first.begin(plan, at, key);
            return Ticket(0);
        }
        let ticket = self.another(plan.hash);
        self.at_mut(ticket).begin(plan, at, key);
        ticket
    }

    /// A mark under this hash, beside the first.
    #[inline(never)]
    #[allow(clippy::cast_possible_truncation)]
    fn another(&mut self, hash: u32) -> Ticket {
        let at = self.free.pop().unwrap_or_else(|| {
            self.more.push(Mark::free());
            (self.more.len() - 1) as u32
        });
        self.index.insert(hash, at);
        Ticket(at + 1)
    }

    fn at(&self, ticket: Ticket) -> &Mark<K, V> {
        match ticket.0.checked_sub(1) {
            Some(at) => &self.more[at as usize],
            None => &self.first,
        }
    }

    fn at_mut(&mut self, ticket: Ticket) -> &mut Mark<K, V> {
        match ticket.0.checked_sub(1) {
            Some(at) => &mut self.more[at as usize],
            None => &mut self.first,
        }
    }

    #[inline]
    fn end(&mut self, ticket: Ticket) -> Ended<K, V> {
        let ended = self.at_mut(ticket).end();
        self.under_way -= 1;
        if let Some(at) = ticket.0.checked_sub(1) {
            self.free_another(at);
        }
        ended
    }

    #[inline(never)]
    fn free_another(&mut self, at: u32) {
        self.index.remove(self.more[at as usize].plan.hash, at);
        self.free.push(at);
        if self.free.len() == self.more.len() && self.more.capacity() > 64 {
            // The memory of a crowd goes back.
            (self.more, self.free) = (Vec::new(), Vec::new());
            self.index = Table::new();
        }
    }

    /// Whether there are others under the hash of this one.
    #[inline(never)]
    fn has_others(&self, hash: u32, ticket: Ticket) -> bool {
        self.under(hash).any(|other| other != ticket)
    }

    /// Those under a hash.
    fn under(&self, hash: u32) -> impl Iterator<Item = Ticket> + '_ {
        let first = self.first.state != MarkState::Free && self.first.plan.hash == hash;
        let more = self.index.candidates(hash).map(|at| Ticket(at + 1));
        first.then_some(Ticket(0)).into_iter().chain(more)
    }

    fn each_under(&mut self, hash: u32, act: impl Fn(&mut Mark<K, V>)) {
        if self.first.state != MarkState::Free && self.first.plan.hash == hash {
            act(&mut self.first);
        }
        for at in self.index.candidates(hash) {
            act(&mut self.more[at as usize]);
        }
    }
}

impl<K, V> Flights<K, V> {
    /// A computation begins.
    #[inline(always)]
    pub(crate) fn begin(&mut self, plan: &Plan, key: Option<Known<K, V>>) -> Ticket {
        let list = self.list.get_or_insert_with(|| Box::new(List::new()));
        list.begin(plan, key)
    }

    /// Ends a computation. Where that was the last and memory is dear, gives it back.
    #[inline]
    pub(crate) fn end(&mut self, ticket: Ticket, is_small: bool) -> Ended<K, V> {
        let Some(list) = &mut self.list else {
            unreachable!("a ticket is of a computation under way");
        };
        let ended = list.end(ticket);
        if is_small && list.under_way == 0 {
            self.list = None;
        }
        ended
    }

    /// The key of a computation that nobody waits for, nor for another under its hash,
    /// and that nothing was done to; and whether anything was stored since it began. Only
    /// if the key may be compared in here. For caches that are not small.
    #[inline(always)]
    pub(crate) fn quiet(&self, hash: u32, ticket: Ticket) -> Option<(&K, bool)> {
        let list = self.list.as_deref()?;
        let mark = list.at(ticket);
        let is_quiet = mark.state == MarkState::Valid
            && !mark.is_overtaken
            && mark.wait.is_none()
            && mark.tags.is_empty();
        if !is_quiet || (list.under_way > 1 && list.has_others(hash, ticket)) {
            return None;
        }
        match &mark.key {
            Some(Known::Inert(key)) => Some((key, mark.changes != list.changes)),
            _ => None,
        }
    }

    /// Ends a computation that is `quiet`; its result is about to be stored.
    #[inline(always)]
    pub(crate) fn end_quiet(&mut self, ticket: Ticket) -> Option<K> {
        let list = self.list.as_deref_mut()?;
        list.under_way -= 1;
        list.changes += 1;
        let mark = list.at_mut(ticket);
        mark.state = MarkState::Free;
        let key = mark.key.take();
        if let Some(at) = ticket.0.checked_sub(1) {
            list.free_another(at);
        }
        match key {
            Some(Known::Inert(key)) => Some(key),
            _ => None,
        }
    }

    /// What is under way, if anything is.
    #[inline]
    fn busy(&self) -> Option<&List<K, V>> {
        self.list.as_deref().filter(|list| list.under_way > 0)
    }

    #[inline]
    fn busy_mut(&mut self) -> Option<&mut List<K, V>> {
        self.list.as_deref_mut().filter(|list| list.under_way > 0)
    }

    /// The computation whose key is the wanted one, to join. A thread finds those of
    /// threads only: a task may need this very thread to go on.
    #[inline]
    pub(crate) fn find(
        &self,
        hash: u32,
        is_task: bool,
        is_it: impl Fn(&Known<K, V>) -> bool,
    ) -> Option<Ticket> {
        let list = self.busy()?;
        list.under(hash).find(|&ticket| {
            let mark = list.at(ticket);
            mark.may_be_joined(is_task) && mark.key.as_ref().is_some_and(&is_it)
        })
    }

    /// Waits for it.
    pub(crate) fn join(&mut self, ticket: Ticket) -> Option<Join<K, V>> {
        let mark = self.busy_mut()?.at_mut(ticket);
        let wait = mark.wait.get_or_insert_with(|| Arc::new(Wait::new()));
        Some(Join {
            looks: wait.looks(),
            wait: Arc::clone(wait),
            leader: mark.plan.leader,
            links: mark.plan.links,
        })
    }

    /// From here on it may be joined.
    pub(crate) fn open(&mut self, ticket: Ticket, key: Known<K, V>) {
        if let Some(list) = self.busy_mut() {
            let mark = list.at_mut(ticket);
            mark.key = Some(key);
            mark.plan.is_open = true;
        }
    }

    pub(crate) fn key(&self, ticket: Ticket) -> Option<&Known<K, V>> {
        self.busy()?.at(ticket).key.as_ref()
    }

    /// Nobody joins any more what is waited for there.
    pub(crate) fn close(&mut self, hash: u32, wait: &Arc<Wait<K, V>>) {
        let Some(list) = self.busy_mut() else { return };
        list.each_under(hash, |mark| {
            let is_it = mark.wait.as_ref().is_some_and(|own| Arc::ptr_eq(own, wait));
            mark.plan.is_open &= !is_it;
        });
    }

    /// Whether it may be joined, still.
    pub(crate) fn is_open(&self, ticket: Ticket) -> bool {
        self.busy().is_some_and(|list| list.at(ticket).plan.is_open)
    }

    /// The place where others wait: `wait`, if there is none yet.
    pub(crate) fn wait_at(&mut self, ticket: Ticket, wait: Arc<Wait<K, V>>) -> Arc<Wait<K, V>> {
        match self.busy_mut() {
            Some(list) => Arc::clone(list.at_mut(ticket).wait.get_or_insert(wait)),
            None => wait,
        }
    }

    /// The pairs that may be joined under this hash.
    pub(crate) fn pairs(&self, hash: u32, is_task: bool) -> impl Iterator<Item = &Arc<Pair<K, V>>> {
        let marks = self
            .busy()
            .into_iter()
            .flat_map(move |list| list.under(hash).map(|ticket| list.at(ticket)));
        marks
            .filter(move |mark| mark.may_be_joined(is_task))
            .filter_map(|mark| match &mark.key {
                Some(Known::Pair(pair)) => Some(pair),
                _ => None,
            })
    }

    /// Whether an entry with this hash is being replaced. What has been at it for too long
    /// may never end, and does not count.
    pub(crate) fn is_replacing(&self, hash: u32, clock: &Clock) -> bool {
        self.busy().is_some_and(|list| {
            list.under(hash).any(|ticket| {
                let Mark { state, plan, .. } = list.at(ticket);
                let is_late = || clock.has_passed(plan.began.saturating_add(LONGEST_RENEWAL));
                *state == MarkState::Valid && plan.replaces && !is_late()
            })
        })
    }

    /// Keeps the results for keys with this hash from being stored. That it
    /// may catch another key with the same hash costs that key a computation.
    pub(crate) fn invalidate(&mut self, hash: u32) {
        if let Some(list) = self.busy_mut() {
            list.changes += 1;
            list.each_under(hash, Mark::invalidate);
        }
    }

    fn marks(&mut self) -> impl Iterator<Item = &mut Mark<K, V>> {
        self.busy_mut()
            .into_iter()
            .flat_map(|list| std::iter::once(&mut list.first).chain(&mut list.more))
    }

    pub(crate) fn invalidate_all(&mut self) {
        self.marks().for_each(Mark::invalidate);
    }

    /// The result of a computation is about to be stored: what began before it is not to
    /// replace it.
    #[inline]
    pub(crate) fn overtake(&mut self, hash: u32, number: u64) {
        if let Some(list) = self.busy_mut() {
            list.changes += 1;
            list.each_under(hash, |mark| {
                if mark.number < number {
                    mark.overtake();
                }
            });
        }
    }

    /// Where others wait under this hash.
    #[inline]
    pub(crate) fn waits(&self, hash: u32) -> Vec<Arc<Wait<K, V>>> {
        let Some(list) = self.busy() else {
            return Vec::new();
        };
        list.under(hash)
            .filter_map(|ticket| list.at(ticket).wait.clone())
            .collect()
    }

    /// The result of `ticket` will have these tags.
    pub(crate) fn tag(&mut self, ticket: Ticket, tags: Vec<Tag>) {
        if let Some(list) = self.busy_mut() {
            list.at_mut(ticket).tags = tags;
        }
    }

    /// Keeps the results with this tag from being stored.
    pub(crate) fn invalidate_tag(&mut self, tag: &str) {
        self.marks()
            .filter(|mark| mark.tags.iter().any(|own| &**own == tag))
            .for_each(Mark::invalidate);
    }

    #[cfg(test)]
    pub(crate) fn under_way(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.under_way as usize)
    }
}
