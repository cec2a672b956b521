//! The LMDB environment: what stands in it, and what is done to it within one transaction.
//! Threads, queues and waiting belong in `writer.rs`; what has expired is removed by
//! `sweep.rs`; generations are `page.rs`.
//!
//! ```text
//! entries   key, 16 bytes        → deadline, number, checksum, value
//! order     number, big endian   → key, deadline            the oldest written first
//! leases    key, 16 bytes        → token, deadline
//! ```
//!
//! Numbers are of 8 bytes, big endian; deadlines are by `clock.rs`.

use std::path::Path;

use heed::types::Bytes;
use heed::{Database, Env, EnvFlags, EnvOpenOptions, MdbError, PutFlags, RwTxn, WithTls};

use super::super::{Key, Token};
use super::files;
use crate::error::Error;
use crate::folder::checksum;

type Db = Database<Bytes, Bytes>;

/// What stands before the value in an entry.
const HEAD: usize = 24;

/// Threads that read at a time, of all processes.
pub(super) const READERS: u32 = 4096;

/// Of 100 pages, those that are in use at most: the rest is for what a transaction writes
/// anew before the old is free.
const FILLED: u64 = 70;

/// How many entries go for a small one, if need be: each changes a page or two, and those are
/// written anew as well.
const EVICTED: u64 = 8;

/// The environment of a folder.
pub(super) struct Room {
    pub(super) env: Env<WithTls>,
    pub(super) entries: Db,
    pub(super) order: Db,
    pub(super) leases: Db,
    /// The most pages that are to be in use.
    most: u64,
    page: u64,
}

/// An error of the store, in the words of this crate.
pub(super) fn told(error: heed::Error) -> Error {
    match error {
        heed::Error::Io(error) => error.into(),
        heed::Error::Mdb(MdbError::MapFull) => Error::Full(MdbError::MapFull.to_string()),
        heed::Error::Mdb(error) => Error::Unreachable(error.to_string()),
        other => Error::Other(other.to_string()),
    }
}

fn is_useless(error: &heed::Error) -> bool {
    use MdbError::{Corrupted, Incompatible, Invalid, PageNotFound, VersionMismatch};
    let heed::Error::Mdb(error) = error else {
        return false;
    };
    matches!(
        error,
        Corrupted | Incompatible | Invalid | PageNotFound | VersionMismatch
    )
}

/// A number of 8 bytes.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Two of them.
pub(super) fn pair(first: u64, second: u64) -> [u8; 16] {
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

/// A value as it stands under its key; its number is set when it is written.
pub(super) fn record(key: Key, deadline: u64, value: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + value.len());
    record.extend_from_slice(&pair(deadline, 0));
    record.extend_from_slice(&checksum(key, deadline, value).to_be_bytes());
    record.extend_from_slice(value);
    record
}

impl Room {
    /// Opens the environment of a folder, which nobody else opens meanwhile; what is of no use
    /// there is made anew.
    pub(super) fn open(home: &Path, size: u64) -> Result<Self, Error> {
        files::make_lock(home)?;
        match Room::try_open(home, size) {
            Err(error) if is_useless(&error) => {
                tracing::warn!("the shared store is damaged ({error}), and made anew");
                files::clear(home)?;
                files::make_lock(home)?;
                Room::try_open(home, size).map_err(told)
            }
            room => room.map_err(told),
        }
    }

    #[allow(unsafe_code)]
    fn try_open(home: &Path, size: u64) -> heed::Result<Self> {
        // Where the system tells one run of the machine from the next, nothing outlives it.
        let sync = if crate::clock::boot() == 0 {
            EnvFlags::NO_META_SYNC
        } else {
            EnvFlags::NO_SYNC
        };
        let mut options = EnvOpenOptions::new();
        options
            .map_size(usize::try_from(size).unwrap_or(usize::MAX))
            .max_readers(READERS)
            .max_dbs(4);
        // SAFETY:
        // 1. The flags drop no lock and no check: only when data goes to the disk. What a
        //    machine that failed has left there is not opened again, for the folder is that
        //    of a page of this run of the machine (see `page.rs`).
        // 2. Nobody changes the files but LMDB: they stand in a folder for their user alone,
        //    on a file system of this machine; what is removed here is removed before.
        // 3. The environment is opened once in this process: `heed` refuses a second time.
        let env = unsafe { options.flags(sync | EnvFlags::NO_READ_AHEAD).open(home) }?;
        let info = env.info();
        let txn = env.read_txn()?;
        let Some(unnamed) = env.open_database::<Bytes, Bytes>(&txn, None)? else {
            return Err(heed::Error::Mdb(MdbError::Problem));
        };
        let page = u64::from(unnamed.stat(&txn)?.page_size);
        drop(txn);
        if env.real_disk_size()? < (info.last_page_number as u64 + 1) * page {
            return Err(heed::Error::Mdb(MdbError::Corrupted));
        }
        let mut txn = env.write_txn()?;
        let mut db = |name| env.create_database::<Bytes, Bytes>(&mut txn, Some(name));
        let (entries, order, leases) = (db("entries")?, db("order")?, db("leases")?);
        txn.commit()?;
        Ok(Room {
            entries,
            order,
            leases,
            most: info.map_size as u64 / page * FILLED / 100,
            page,
            env,
        })
    }

    /// The entry of a key: its deadline and its value. One that is damaged is none.
    pub(super) fn get(&self, key: Key) -> heed::Result<Option<(u64, Vec<u8>)>> {
        let txn = match self.env.read_txn() {
            // Those who died without saying so still have their places.
            Err(heed::Error::Mdb(MdbError::ReadersFull)) if self.forget_readers()? > 0 => {
                self.env.read_txn()?
            }
            txn => txn?,
        };
        let record = self.entries.get(&txn, &key.0.to_be_bytes())?;
        Ok(record.and_then(|record| {
            let (deadline, value) = (number(record, 0)?, record.get(HEAD..)?);
            let is_whole = number(record, 16)? == checksum(key, deadline, value);
            is_whole.then(|| (deadline, value.to_vec()))
        }))
    }

    /// How many requests belong in one transaction, and how many bytes of values.
    pub(super) fn batch(&self) -> (usize, usize) {
        let fits = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        (fits(self.most / 16), fits(self.most * self.page / 64))
    }

    /// How many entries there are, and the bytes that are in use.
    pub(super) fn count(&self) -> heed::Result<(u64, u64)> {
        let txn = self.env.read_txn()?;
        Ok((self.entries.len(&txn)?, self.used(&txn)? * self.page))
    }

    /// Frees the places of readers that died; says how many.
    pub(super) fn forget_readers(&self) -> heed::Result<usize> {
        self.env.clear_stale_readers()
    }

    /// A transaction: all of it or nothing.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut RwTxn<'_>) -> heed::Result<T>,
    ) -> heed::Result<T> {
        let mut txn = self.env.write_txn()?;
        let result = work(&mut txn)?;
        txn.commit()?;
        Ok(result)
    }

    /// The pages that are in use.
    fn used(&self, txn: &heed::RoTxn<'_>) -> heed::Result<u64> {
        let mut used = 0;
        for db in [&self.entries, &self.order, &self.leases] {
            let stat = db.stat(txn)?;
            used += stat.branch_pages + stat.leaf_pages + stat.overflow_pages;
        }
        Ok(used as u64)
    }

    /// Puts a value under a key, in place of what has been there longest.
    pub(super) fn set(&self, txn: &mut RwTxn<'_>, key: Key, record: &mut [u8]) -> heed::Result<()> {
        self.remove(txn, key)?;
        let more = record.len() as u64 / self.page + 2;
        for _ in 0..EVICTED + more {
            if self.used(txn)? + more <= self.most || !self.evict(txn)? {
                break;
            }
        }
        let last = self.order.last(txn)?;
        let next = last
            .and_then(|(last, _)| number(last, 0))
            .map_or(0, |last| last + 1);
        let Some(deadline) = number(record, 0) else {
            return Ok(());
        };
        record[8..16].copy_from_slice(&next.to_be_bytes());
        let mut place = [0; 24];
        place[..16].copy_from_slice(&key.0.to_be_bytes());
        place[16..].copy_from_slice(&deadline.to_be_bytes());
        self.entries.put(txn, &key.0.to_be_bytes(), record)?;
        self.order
            .put_with_flags(txn, PutFlags::APPEND, &next.to_be_bytes(), &place)
    }

    /// Removes what is under a key.
    pub(super) fn remove(&self, txn: &mut RwTxn<'_>, key: Key) -> heed::Result<()> {
        let key = key.0.to_be_bytes();
        let Some(place) = self
            .entries
            .get(txn, &key)?
            .and_then(|record| number(record, 8))
        else {
            return Ok(());
        };
        self.order.delete(txn, &place.to_be_bytes())?;
        self.entries.delete(txn, &key).map(drop)
    }

    /// Removes the entry that was written first. Says whether there was one.
    fn evict(&self, txn: &mut RwTxn<'_>) -> heed::Result<bool> {
        let Some((place, what)) = self.order.first(txn)? else {
            return Ok(false);
        };
        let place = place.to_vec();
        let key = what.get(..16).map(<[u8]>::to_vec);
        self.order.delete(txn, &place)?;
        if let Some(key) = key {
            self.entries.delete(txn, &key)?;
        }
        Ok(true)
    }

    /// Makes room by taking out what was written first, `percent` of all. In several
    /// transactions: each writes anew what it changes, and a page that one sets free is used
    /// again by the next but one.
    pub(super) fn make_room(&self, percent: u64) -> heed::Result<()> {
        if percent >= 100 {
            for _ in 0..2 {
                self.write(|txn| {
                    self.entries.clear(txn)?;
                    self.order.clear(txn)
                })?;
            }
            return Ok(());
        }
        let (entries, _) = self.count()?;
        let each = EVICTED.max(self.most / 32);
        for _ in 0..(entries * percent / 100).div_ceil(each).max(2) {
            self.write(|txn| {
                for _ in 0..each {
                    self.evict(txn)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Whose a lease is.
    fn holder(&self, txn: &RwTxn<'_>, key: Key, now: u64) -> heed::Result<Option<Token>> {
        let lease = self.leases.get(txn, &key.0.to_be_bytes())?;
        let token = lease.and_then(|lease| Some((number(lease, 0)?, number(lease, 8)?)));
        Ok(token
            .filter(|(_, deadline)| *deadline > now)
            .map(|(token, _)| Token(token)))
    }

    /// Takes a lease until `deadline`, if it is `token`'s or, where that is said to be enough,
    /// nobody's. Says whether it did.
    pub(super) fn lease(
        &self,
        txn: &mut RwTxn<'_>,
        key: Key,
        token: Token,
        deadline: u64,
        is_free_enough: bool,
    ) -> heed::Result<bool> {
        let holder = self.holder(txn, key, crate::clock::now_ms())?;
        if holder.map_or(!is_free_enough, |holder| holder != token) {
            return Ok(false);
        }
        self.leases
            .put(txn, &key.0.to_be_bytes(), &pair(token.0, deadline))?;
        Ok(true)
    }

    /// Ends a lease, if it is `token`'s.
    pub(super) fn release(&self, txn: &mut RwTxn<'_>, key: Key, token: Token) -> heed::Result<()> {
        if self.holder(txn, key, 0)? == Some(token) {
            self.leases.delete(txn, &key.0.to_be_bytes())?;
        }
        Ok(())
    }
}
