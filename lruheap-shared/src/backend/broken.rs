//! The store that could not be opened: what it is asked, it refuses, and says why. So every
//! process is for itself, and nobody takes that for sharing.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::{Backend, Key, Name, Reading, Status, Token};
use crate::cells::Cells;
use crate::error::Error;

/// A store that is none.
pub(crate) struct Broken {
    cells: Cells,
    why: Error,
}

impl Broken {
    /// For this reason.
    pub(crate) fn new(why: Error) -> Self {
        Broken {
            cells: Cells::default(),
            why,
        }
    }

    fn refuse<T>(&self) -> Result<T, Error> {
        Err(self.why.clone())
    }
}

impl Backend for Broken {
    fn get(&self, _: Key, _: &[Name]) -> Result<Reading, Error> {
        self.refuse()
    }

    fn set(&self, _: Key, _: &[u8], _: Duration, _: Option<Token>) -> Result<(), Error> {
        self.refuse()
    }

    fn remove(&self, _: Key) -> Result<(), Error> {
        self.refuse()
    }

    fn generation(&self, _: &[Name]) -> Result<Vec<u64>, Error> {
        self.refuse()
    }

    /// Nothing was ever stored that could be out of date.
    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        Ok(vec![0; names.len()])
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.cells.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        Ok(self.cells.change(name))
    }

    fn lease(&self, _: Key, _: Token, _: Duration) -> Result<bool, Error> {
        self.refuse()
    }

    fn renew(&self, _: Key, _: Token, _: Duration) -> Result<bool, Error> {
        self.refuse()
    }

    fn release(&self, _: Key, _: Token) -> Result<(), Error> {
        Ok(())
    }

    fn status(&self) -> Result<Status, Error> {
        self.refuse()
    }

    fn is_immediate(&self) -> bool {
        true
    }
}
