//! Nothing is kept: every process for itself, as without `shared`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Backend, Key, Name, Reading, Status, Token};
use crate::cells::Cells;
use crate::error::Error;

/// A store that forgets at once.
#[derive(Default)]
pub(crate) struct Null {
    cells: Cells,
    generation: AtomicU64,
}

impl Backend for Null {
    fn get(&self, _: Key, generations: &[Name]) -> Result<Reading, Error> {
        Ok(Reading {
            entry: None,
            generations: vec![Some(self.generation.load(Ordering::Acquire)); generations.len()],
            epoch: 0,
        })
    }

    fn set(&self, _: Key, _: &[u8], _: Duration, _: Option<Token>) -> Result<(), Error> {
        Ok(())
    }

    fn remove(&self, _: Key) -> Result<(), Error> {
        Ok(())
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        Ok(vec![self.generation.load(Ordering::Acquire); names.len()])
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let number = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        Ok(vec![number; names.len()])
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.cells.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        Ok(self.cells.change(name))
    }

    fn lease(&self, _: Key, _: Token, _: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    fn renew(&self, _: Key, _: Token, _: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    fn release(&self, _: Key, _: Token) -> Result<(), Error> {
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        Ok(Status {
            backend: "null".into(),
            address: "null:".into(),
            is_up: true,
            entries: Some(0),
            used: Some(0),
            ..Status::default()
        })
    }

    fn is_immediate(&self) -> bool {
        true
    }
}
