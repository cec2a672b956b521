//! A file of counters that all processes of a machine have in their memory: generations, and
//! the numbers that are watched at every hit. Nothing else is shared by memory, and no other
//! code of this crate is `unsafe` but where an LMDB environment is opened.
//!
//! # What is promised, and by which ordering
//!
//! [`advance`](Page::advance) and then [`notify`](Page::notify) change a cell each, `AcqRel`.
//! Whoever loads the watched number (`Acquire`) and finds it changed therefore sees the new
//! generation as well. Each change is one atomic operation on memory that all processes have
//! in common: once it has returned, whoever is told so by any means sees it.
//!
//! # Its life
//!
//! The counters of a run of the machine are those of no other (`clock::boot`), and begin at a
//! random `base`, so no generation ever comes back. Whoever opens the page and finds one that
//! is of no use makes a new one beside it, whole and without holes, so that a full disk can't
//! take it away later, and renames it. All of that is done while the folder is
//! [held](crate::folder::hold). A page whose file is replaced or removed is *dead*: all that
//! is watched there is [`BLIND`] from then on, for every process that still has it.
//! Whoever removes the folder of a store in use is noticed within some seconds.
//!
//! What has been mapped stays so until the process ends. A child that was forked without
//! `exec` may use it, but not the stores that are built on it.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::backend::{BLIND, Name};
use crate::error::Error;
use crate::folder::{self, Held};

/// The file; another layout has another name, so that programs of several versions of this
/// crate get along in one folder.
const FILE: &str = "generations.1";
const HOME: &str = "1-";

const MAGIC: u64 = u64::from_le_bytes(*b"lruheap1");
const HEADER: usize = 512;
const CELLS: usize = 4096;
const WORDS: usize = HEADER + 2 * CELLS;
const BYTES: usize = WORDS * 8;

/// Where the words of the header are.
const AT_MAGIC: usize = 0;
const AT_BOOT: usize = 1;
const AT_BASE: usize = 2;
const AT_DEAD: usize = 3;
const AT_SIZE: usize = 4;

/// The counters of a folder.
#[derive(Debug)]
pub(crate) struct Page {
    words: &'static [AtomicU64],
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

impl Page {
    /// The page of a folder, which is made if there is none that is of use.
    pub(crate) fn open(folder: &Path, _held: &Held) -> Result<Self, Error> {
        let path = folder.join(FILE);
        if let Some(page) = Page::existing(&path)? {
            let is_ours =
                page.word(AT_MAGIC) == MAGIC && page.word(AT_BOOT) == crate::clock::boot();
            if is_ours && page.is_alive() {
                return Ok(page);
            }
            page.end();
        }
        make(folder, &path)?;
        Page::existing(&path)?
            .ok_or_else(|| Error::Unreachable("the page of counters is gone".into()))
    }

    fn existing(path: &Path) -> Result<Option<Self>, Error> {
        let file = match folder::options().open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if file.metadata()?.len() != BYTES as u64 {
            return Ok(None);
        }
        Ok(Some(Page {
            words: map(&file)?,
            path: path.to_owned(),
            identity: folder::identity(path),
        }))
    }

    fn word(&self, at: usize) -> u64 {
        self.words[at].load(Ordering::Acquire)
    }

    /// Changes with the page: generations of another one are not to be compared.
    pub(crate) fn epoch(&self) -> u64 {
        self.word(AT_BASE)
    }

    /// The folder of what belongs to this page, and to no other.
    pub(crate) fn home(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{HOME}{:016x}", self.epoch()))
    }

    /// The folders of pages that are no more.
    pub(crate) fn leavings(&self, folder: &Path) -> Vec<PathBuf> {
        let own = self.home(folder);
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        entries
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                let hex = name.to_str().and_then(|name| name.strip_prefix(HOME));
                hex.is_some_and(|hex| hex.len() == 16 && u64::from_str_radix(hex, 16).is_ok())
            })
            .map(|entry| entry.path())
            .filter(|path| *path != own)
            .collect()
    }

    /// A number that the processes of this page agree about: the size of its store.
    pub(crate) fn size(&self) -> u64 {
        self.word(AT_SIZE)
    }

    /// Sets what all agree about; the folder is held meanwhile, and nobody uses the store.
    pub(crate) fn set_size(&self, size: u64, _held: &Held) {
        self.words[AT_SIZE].store(size, Ordering::Release);
    }

    /// Whether this is the page that others open as well, as far as anyone has looked.
    pub(crate) fn is_alive(&self) -> bool {
        self.word(AT_DEAD) == 0
    }

    /// Fails if this page is dead.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_alive() {
            return Ok(());
        }
        Err(Error::Unreachable(
            "the folder was removed or made anew".into(),
        ))
    }

    /// Looks whether the file is still there, and the one that was opened.
    pub(crate) fn look(&self) {
        if self.is_alive() && folder::identity(&self.path) != self.identity {
            self.end();
        }
    }

    /// Nobody is to use this page any more.
    pub(crate) fn end(&self) {
        self.words[AT_DEAD].store(1, Ordering::Release);
        for cell in &self.words[HEADER + CELLS..] {
            cell.store(BLIND, Ordering::Release);
        }
    }

    /// The current generation.
    pub(crate) fn generation(&self, name: Name) -> u64 {
        let count = self.words[HEADER + index(name)].load(Ordering::Acquire);
        self.epoch().wrapping_add(count)
    }

    /// Replaces the generation; gives the new one.
    pub(crate) fn advance(&self, name: Name) -> u64 {
        let count = self.words[HEADER + index(name)].fetch_add(1, Ordering::AcqRel);
        self.epoch().wrapping_add(count.wrapping_add(1))
    }

    /// The number that is watched. Generations have cells of their own, so it changes only by
    /// [`notify`](Self::notify).
    pub(crate) fn watch(&self, name: Name) -> &'static AtomicU64 {
        &self.words[HEADER + CELLS + index(name)]
    }

    /// Changes the number that is watched; gives the one that was there.
    pub(crate) fn notify(&self, name: Name) -> Result<u64, Error> {
        let next = |number: u64| (number != BLIND).then(|| number.wrapping_add(1));
        self.watch(name)
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, next)
            .or_else(|blind| self.check().map(|()| blind))
    }
}

/// A name is not enough of a hash: those of one function differ in a few bits, and are to
/// have cells of their own all the same.
#[allow(clippy::cast_possible_truncation)]
fn index(name: Name) -> usize {
    xxhash_rust::xxh3::xxh3_64(&name.0.to_le_bytes()) as usize % CELLS
}

/// Makes a page beside its place, whole, and moves it there.
fn make(folder: &Path, path: &Path) -> Result<(), Error> {
    let mut words = vec![0_u64; WORDS];
    words[AT_MAGIC] = MAGIC;
    words[AT_BOOT] = crate::clock::boot();
    words[AT_BASE] = folder::random();
    // Far from `BLIND`, and from what another page had.
    words[HEADER + CELLS..].fill(folder::random() >> 1);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let beside = folder.join(format!("{FILE}.{:016x}", folder::random()));
    let written = folder::options()
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(&bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    Ok(written?)
}

/// The words of a file of the right length, for as long as the process lives.
#[allow(unsafe_code, clippy::cast_ptr_alignment)]
fn map(file: &File) -> Result<&'static [AtomicU64], Error> {
    // SAFETY:
    // 1. Nobody makes the file shorter while it is mapped: it is written before it gets its
    //    name, is replaced by renaming another to that, and stands in a folder that only its
    //    user may write to.
    // 2. What other processes write meanwhile, they write by atomic operations on whole
    //    words; and here nothing is read or written but through `AtomicU64`, below.
    let mapped = unsafe { memmap2::MmapMut::map_mut(file) }?;
    if mapped.len() != BYTES {
        return Err(Error::Unreachable(
            "the page of counters has another length".into(),
        ));
    }
    let mapped = Box::leak(Box::new(mapped));
    // SAFETY:
    // 1. The memory is `BYTES` long, which is `WORDS` words of 8 bytes.
    // 2. A mapping begins at a page of memory, so it is aligned for `AtomicU64`.
    // 3. All bytes are initialized, and every bit pattern is an `AtomicU64`.
    // 4. It is leaked, so it lives as long as the process; and the only `&mut` to it ends
    //    here, so that it is reached by these shared references alone.
    Ok(unsafe { std::slice::from_raw_parts(mapped.as_mut_ptr().cast::<AtomicU64>(), WORDS) })
}

/// Makes the page of a folder one of an earlier run of the machine.
#[cfg(test)]
pub(crate) fn age(folder: &Path) {
    use std::io::Seek;
    let mut file = folder::options().open(folder.join(FILE)).expect("a page");
    let at = std::io::SeekFrom::Start(AT_BOOT as u64 * 8);
    file.seek(at).expect("it is long enough");
    file.write_all(&[1; 8]).expect("it is ours");
}
