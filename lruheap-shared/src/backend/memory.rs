//! A store in the memory of this process, for tests: what the others do, at once.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Backend, Key, Name, Reading, Status, Token};
use crate::cells::Cells;
use crate::error::Error;

/// A store for one process.
#[derive(Default)]
pub(crate) struct Memory {
    cells: Cells,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Key, (Vec<u8>, Instant)>,
    generations: HashMap<Name, u64>,
    leases: HashMap<Key, (Token, Instant)>,
    last: u64,
}

impl State {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn holder(&self, key: Key) -> Option<Token> {
        let (token, end) = self.leases.get(&key)?;
        (*end > Instant::now()).then_some(*token)
    }
}

impl Backend for Memory {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        let mut state = self.state.lock();
        let now = Instant::now();
        if state.entries.get(&key).is_some_and(|(_, end)| *end <= now) {
            state.entries.remove(&key);
        }
        let entry = state.entries.get(&key);
        Ok(Reading {
            entry: entry.map(|(value, end)| (value.clone(), *end - now)),
            generations: generations
                .iter()
                .map(|name| state.generations.get(name).copied())
                .collect(),
            epoch: 0,
        })
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        let mut state = self.state.lock();
        let now = Instant::now();
        let end = now
            .checked_add(ttl)
            .unwrap_or(now + Duration::from_secs(1 << 30));
        state.entries.insert(key, (value.to_vec(), end));
        if lease.is_some() && state.holder(key) == lease {
            state.leases.remove(&key);
        }
        Ok(())
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        self.state.lock().entries.remove(&key);
        Ok(())
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let mut state = self.state.lock();
        let mut generations = Vec::with_capacity(names.len());
        for name in names {
            let next = state.next();
            generations.push(*state.generations.entry(*name).or_insert(next));
        }
        Ok(generations)
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let mut state = self.state.lock();
        let mut generations = Vec::with_capacity(names.len());
        for name in names {
            let next = state.next();
            state.generations.insert(*name, next);
            generations.push(next);
        }
        Ok(generations)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.cells.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        Ok(self.cells.change(name))
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if state.holder(key).is_some_and(|holder| holder != token) {
            return Ok(false);
        }
        state.leases.insert(key, (token, Instant::now() + length));
        Ok(true)
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let mut state = self.state.lock();
        if state.holder(key) != Some(token) {
            return Ok(false);
        }
        state.leases.insert(key, (token, Instant::now() + length));
        Ok(true)
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        let mut state = self.state.lock();
        if state.holder(key) == Some(token) {
            state.leases.remove(&key);
        }
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        let state = self.state.lock();
        let used: usize = state.entries.values().map(|(value, _)| value.len()).sum();
        Ok(Status {
            backend: "memory".into(),
            address: "memory:".into(),
            is_up: true,
            entries: Some(state.entries.len() as u64),
            used: Some(used as u64),
            ..Status::default()
        })
    }

    fn is_immediate(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_a_backend_promises() {
        super::super::contract::holds(&Memory::default(), Duration::ZERO);
    }
}
