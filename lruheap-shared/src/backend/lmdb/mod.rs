//! A store on this machine: an LMDB environment in a folder that processes share, and a page
//! of counters beside it. How this fits the [`Backend`] trait belongs here; the environment
//! is `room.rs`, the thread that writes to it `writer.rs`, the counters are `page.rs`.
//!
//! Reading takes no lock (but once in the life of a thread, for its place among the readers),
//! and never waits. What was acknowledged outlives every process, however that ends, but not
//! the machine: after a start of that the store is empty.
//!
//! # What it is not for
//!
//! * A child that was forked without `exec`, after the store was opened: LMDB allows no such
//!   thing, and the child has no thread that writes.
//! * Folders of other machines (NFS): neither locks nor memory are shared there.
//! * Containers that share a folder and number their processes each for itself: LMDB takes
//!   two of the same number for one. A store of files does there.
//! * Files that something else than LMDB has changed inside: what is damaged at the front, or
//!   too short, is made anew, and a value that is damaged is none; but LMDB follows what stands
//!   between, and a process may end by that.
//!
//! A process that is stopped in the half microsecond of a read keeps the room of all that is
//! replaced from then on, until it goes on or ends. Whoever's folder is removed while it runs
//! gets errors from then on, and trusts nothing in its memory: it has to be started again.

mod files;
mod room;
mod sweep;
mod writer;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use parking_lot::Mutex;

use self::room::{Room, told};
use self::writer::{Work, Writer};
use super::{Backend, Key, Name, Reading, Status, Token};
use crate::address::Timing;
use crate::clock;
use crate::error::Error;
use crate::folder;
use crate::page::Page;

/// How long opening waits for others who open the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// The environments that this process has opened. They stay open for good: LMDB wants no path
/// twice, and each thread that has read gives its place back when it ends, by itself, in memory
/// that closing would take away.
static OPENED: Mutex<Vec<(PathBuf, Arc<Inner>)>> = Mutex::new(Vec::new());

struct Inner {
    room: Arc<Room>,
    page: Arc<Page>,
    writer: Writer,
    size: u64,
    /// Locked for as long as this process uses the environment.
    _user: File,
}

/// A store that the processes of this machine share.
pub(crate) struct Lmdb {
    inner: Arc<Inner>,
    shown: String,
    timing: Timing,
}

impl Lmdb {
    /// Opens the store of a folder, which is made if need be. Where other processes use it
    /// already, it has the size that they know; in this process, likewise.
    pub(crate) fn open(
        folder: &Path,
        size: u64,
        shown: &str,
        timing: Timing,
    ) -> Result<Self, Error> {
        let folder = folder::make(folder)?;
        let mut opened = OPENED.lock();
        let open = opened
            .iter()
            .find(|(path, inner)| *path == folder && inner.is_alive());
        let inner = match open {
            Some((_, inner)) => Arc::clone(inner),
            None => {
                let inner = Arc::new(Inner::open(&folder, size)?);
                opened.push((folder, Arc::clone(&inner)));
                inner
            }
        };
        Ok(Lmdb {
            inner,
            shown: shown.to_owned(),
            timing,
        })
    }

    fn ask(&self, work: Work) -> Result<bool, Error> {
        self.inner.writer.ask(work, self.timing.deadline)
    }
}

impl Inner {
    fn open(folder: &Path, size: u64) -> Result<Self, Error> {
        let held = folder::hold(&folder.join("lock"), PATIENCE)?;
        let page = Page::open(folder, &held)?;
        let home = folder::make(&page.home(folder))?;
        let (user, is_alone) = folder::join(&home.join("users"), &held)?;
        if is_alone || page.size() == 0 {
            // LMDB opens a file as large as it is.
            let size = size.next_multiple_of(1 << 16);
            if std::fs::metadata(home.join("data.mdb")).is_ok_and(|data| data.len() > size) {
                files::clear(&home)?;
            }
            page.set_size(size, &held);
        }
        let size = page.size();
        let (room, page) = (Arc::new(Room::open(&home, size)?), Arc::new(page));
        let writer = Writer::start(Arc::clone(&room), Arc::clone(&page), folder.to_owned())?;
        Ok(Inner {
            room,
            page,
            writer,
            size,
            _user: user,
        })
    }

    fn is_alive(&self) -> bool {
        self.page.look();
        self.page.is_alive()
    }
}

impl Backend for Lmdb {
    fn get(&self, key: Key, generations: &[Name]) -> Result<Reading, Error> {
        let page = &self.inner.page;
        page.check()?;
        let found = self.inner.room.get(key).map_err(told)?;
        let entry = found.and_then(|(deadline, value)| {
            let left = deadline
                .checked_sub(clock::now_ms())
                .filter(|left| *left > 0)?;
            Some((value, Duration::from_millis(left)))
        });
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
        let most = usize::try_from(self.inner.size / 4).unwrap_or(usize::MAX);
        if value.len() > most {
            return Err(Error::TooLarge {
                len: value.len(),
                most,
            });
        }
        let record = room::record(key, clock::deadline(ttl), value);
        self.ask(Work::Set(key, record, lease)).map(drop)
    }

    fn remove(&self, key: Key) -> Result<(), Error> {
        self.ask(Work::Remove(key)).map(drop)
    }

    fn generation(&self, names: &[Name]) -> Result<Vec<u64>, Error> {
        self.inner.page.check()?;
        Ok(names
            .iter()
            .map(|name| self.inner.page.generation(*name))
            .collect())
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
        self.ask(Work::Lease(key, token, clock::deadline(length)))
    }

    fn renew(&self, key: Key, token: Token, length: Duration) -> Result<bool, Error> {
        self.ask(Work::Renew(key, token, clock::deadline(length)))
    }

    fn release(&self, key: Key, token: Token) -> Result<(), Error> {
        self.ask(Work::Release(key, token)).map(drop)
    }

    fn status(&self) -> Result<Status, Error> {
        self.inner.page.check()?;
        let (entries, used) = self.inner.room.count().map_err(told)?;
        Ok(Status {
            backend: "lmdb".into(),
            address: self.shown.clone(),
            is_up: true,
            error: None,
            entries: Some(entries),
            used: Some(used),
            limit: Some(self.inner.size),
            policy: Some("oldest written first".into()),
        })
    }

    /// Reading is; what writes is not, and waits for the thread that does.
    fn is_immediate(&self) -> bool {
        true
    }
}
