//! A store on this machine: a file for each entry, in a folder that processes share, and a
//! page of counters beside them. How this fits the [`Backend`] trait belongs here; the files
//! are `shard.rs`, the counters `page.rs`.
//!
//! It has no bound of its own: what has expired is removed, and nothing else. What was
//! acknowledged outlives every process, but not the machine: after a start of that the store
//! is empty. No operation waits for other processes, but those on leases, and these for as
//! long as the deadline says; what the file system takes is not in their hands.

mod shard;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};
use std::time::Duration;

use self::shard::Shard;
use super::{Backend, Key, Name, Reading, Status, Token};
use crate::address::Timing;
use crate::clock;
use crate::error::Error;
use crate::folder;
use crate::page::Page;

/// How long opening waits for others who open the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often is looked after what nobody asks for.
const PAUSE: Duration = Duration::from_secs(5);

/// How many folders are swept at first: a process may be over soon.
const SWEPT: usize = 4;

struct Inner {
    page: Page,
    home: PathBuf,
}

/// A store that the processes of this machine share.
pub(crate) struct File {
    inner: Arc<Inner>,
    shown: String,
    timing: Timing,
}

impl File {
    /// Opens the store of a folder, which is made if need be.
    pub(crate) fn open(folder: &Path, shown: &str, timing: Timing) -> Result<Self, Error> {
        let folder = folder::make(folder)?;
        let held = folder::hold(&folder.join("lock"), PATIENCE)?;
        let page = Page::open(&folder, &held)?;
        let home = folder::make(&page.home(&folder))?;
        let inner = Arc::new(Inner { page, home });
        let theirs = Arc::downgrade(&inner);
        std::thread::Builder::new()
            .name("lruheap-file".into())
            .spawn(move || look_after(&theirs, &folder))
            .map_err(|error| Error::Other(format!("no thread to sweep with: {error}")))?;
        Ok(File {
            inner,
            shown: shown.to_owned(),
            timing,
        })
    }

    /// Where a key is.
    fn shard(&self, key: Key) -> Result<Shard, Error> {
        self.inner.page.check()?;
        Ok(Shard::of(&self.inner.home, key))
    }

    /// After an error: it may be that all of it was removed.
    fn blame<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.inner.page.look();
        }
        result
    }
}

/// Sweeps a folder now and then, and looks whether all of it is still there.
fn look_after(inner: &Weak<Inner>, folder: &Path) {
    if let Some(inner) = inner.upgrade() {
        for left in inner.page.leavings(folder) {
            let _ = std::fs::remove_dir_all(left);
        }
    }
    let shards = Shard::COUNT as u64;
    let mut next = usize::try_from(folder::random() % shards).unwrap_or_default();
    let mut most = SWEPT;
    while let Some(inner) = inner.upgrade() {
        inner.page.look();
        for _ in 0..most {
            Shard::new(&inner.home, next % Shard::COUNT).sweep();
            next += 1;
        }
        most = 1;
        drop(inner);
        std::thread::sleep(PAUSE);
    }
}

impl Backend for File {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        let entry = self.blame(self.shard(key)?.get(key))?;
        let page = &self.inner.page;
        Ok(Reading {
            entry,
            generations: generations
                .iter()
                .map(|name| Some(page.generation(*name)))
                .collect(),
            epoch: page.epoch(),
        })
    }

    fn set(
        &self,
        key: Key,
        value: &[u8],
        ttl: Duration,
        lease: Option<Token>,
    ) -> Result<(), Error> {
        let shard = self.shard(key)?;
        self.blame(shard.set(key, value, clock::deadline(ttl)))?;
        let Some(token) = lease else {
            return Ok(());
        };
        // The value is there; a lease that stays ends by itself.
        if let Err(error) = shard.release(key, token, self.timing.deadline) {
            tracing::debug!("a lease could not be given back: {error}");
        }
        Ok(())
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        self.blame(self.shard(key)?.remove(key))
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let page = &self.inner.page;
        page.check()?;
        Ok(names.iter().map(|name| page.generation(*name)).collect())
    }

    fn advance(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        let advance = |name: &Name| self.inner.page.advance(*name);
        let numbers = names.iter().map(advance).collect();
        self.inner.page.check()?;
        Ok(numbers)
    }

    fn watch(&self, name: Name) -> &'static AtomicU64 {
        self.inner.page.watch(name)
    }

    fn notify(&self, name: Name) -> Result<u64, Error> {
        self.inner.page.notify(name)
    }

    fn lease(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let end = clock::deadline(length);
        let patience = self.timing.deadline;
        self.blame(self.shard(key)?.lease(key, token, end, true, patience))
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        let end = clock::deadline(length);
        let patience = self.timing.deadline;
        self.blame(self.shard(key)?.lease(key, token, end, false, patience))
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        self.blame(self.shard(key)?.release(key, token, self.timing.deadline))
    }

    /// To count the entries would be to look at all of them, so it does not.
    fn status(&self) -> Result<Status, Error> {
        self.inner.page.look();
        self.inner.page.check()?;
        Ok(Status {
            backend: "file".into(),
            address: self.shown.clone(),
            is_up: true,
            policy: Some("none: what has expired is removed".into()),
            ..Status::default()
        })
    }
}
