//! One of the folders that entries are spread over: the files in it, and what they look like.
//! Nothing here is kept in memory; counters are `page.rs`, the trait is in `mod.rs`.
//!
//! ```text
//! KEY.entry   what it is, deadline, length, checksum, value
//! KEY.lease   what it is, token, deadline
//! *.beside    one of these that is being written; begins with the time
//! lock        held while a lease is looked at and changed
//! ```
//!
//! A file gets its name when it is whole, so none is ever seen half; one that is not whole
//! even so, or another's, is none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{Key, Token};
use crate::clock;
use crate::error::Error;
use crate::folder::{self, checksum};

const ENTRY: &[u8; 8] = b"lruheapE";
const LEASE: &[u8; 8] = b"lruheapL";
const HEAD: usize = 32;

/// When a file that is being written has been given up, in milliseconds.
const GIVEN_UP: u64 = 600_000;

/// A folder of entries.
pub(super) struct Shard(PathBuf);

fn number(bytes: &[u8], at: usize) -> u64 {
    let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
    word.map_or(0, u64::from_be_bytes)
}

/// Whether a file of this name is not to be had: for reading, that is a miss.
fn is_none(error: &io::Error) -> bool {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound, UnexpectedEof};
    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | UnexpectedEof
    )
}

/// Removes a file; a folder in its place, which nobody here has made, stays.
fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if !is_none(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

impl Shard {
    /// All of those there are.
    pub(super) const COUNT: usize = 256;

    /// The one of this number.
    pub(super) fn new(home: &Path, number: usize) -> Self {
        Shard(home.join(format!("{number:02x}")))
    }

    /// The one that a key is in.
    pub(super) fn of(home: &Path, key: Key) -> Self {
        Shard::new(home, usize::from(key.0.to_be_bytes()[0]))
    }

    fn path(&self, key: Key, kind: &str) -> PathBuf {
        let rest = key.0 & (u128::MAX >> 8);
        self.0.join(format!("{rest:030x}.{kind}"))
    }

    /// The value of a key, and how long it has left. What is of no use is removed.
    pub(super) fn get(&self, key: Key) -> Result<Option<(Vec<u8>, Duration)>, Error> {
        let path = self.path(key, "entry");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if is_none(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match read_entry(key, file) {
            Ok(Some(found)) => Ok(Some(found)),
            Err(error) if !is_none(&error) => Err(error.into()),
            _ => {
                // It is a miss, whether or not it can be removed.
                let _ = remove(&path);
                Ok(None)
            }
        }
    }

    /// Puts a value under a key.
    pub(super) fn set(&self, key: Key, value: &[u8], deadline: u64) -> Result<(), Error> {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(ENTRY);
        head[8..16].copy_from_slice(&deadline.to_be_bytes());
        head[16..24].copy_from_slice(&(value.len() as u64).to_be_bytes());
        head[24..].copy_from_slice(&checksum(key, deadline, value).to_be_bytes());
        self.write(&self.path(key, "entry"), &head, value)
    }

    /// Removes what is under a key.
    pub(super) fn remove(&self, key: Key) -> Result<(), Error> {
        remove(&self.path(key, "entry"))
    }

    /// Writes a file beside its place, and moves it there when it is whole.
    fn write(&self, path: &Path, head: &[u8], value: &[u8]) -> Result<(), Error> {
        let (now, random) = (clock::now_ms(), folder::random());
        let beside = self.0.join(format!("{now:016x}-{random:016x}.beside"));
        let open = || folder::options().create_new(true).open(&beside);
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make()?;
                open()
            }
            file => file,
        };
        let mut file = file?;
        let written = file
            .write_all(head)
            .and_then(|()| file.write_all(value))
            .and_then(|()| fs::rename(&beside, path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        Ok(written?)
    }

    /// Makes this folder, but not the one that it is in.
    fn make(&self) -> Result<(), Error> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&self.0) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn hold(&self, patience: Duration) -> Result<folder::Held, Error> {
        let path = self.0.join("lock");
        if !path.exists() {
            self.make()?;
        }
        folder::hold(&path, patience)
    }

    /// Takes a lease until `deadline`, if it is `token`'s or, where that is said to be enough,
    /// nobody's. Says whether it did.
    pub(super) fn lease(
        &self,
        key: Key,
        token: Token,
        deadline: u64,
        is_free_enough: bool,
        patience: Duration,
    ) -> Result<bool, Error> {
        let _held = self.hold(patience)?;
        let path = self.path(key, "lease");
        let holder = read_lease(&path)?.filter(|(_, end)| *end > clock::now_ms());
        if holder.map_or(!is_free_enough, |(holder, _)| holder != token) {
            return Ok(false);
        }
        let mut lease = [0; 24];
        lease[..8].copy_from_slice(LEASE);
        lease[8..16].copy_from_slice(&token.0.to_be_bytes());
        lease[16..].copy_from_slice(&deadline.to_be_bytes());
        self.write(&path, &lease, &[])?;
        Ok(true)
    }

    /// Ends a lease, if it is `token`'s.
    pub(super) fn release(&self, key: Key, token: Token, patience: Duration) -> Result<(), Error> {
        let _held = self.hold(patience)?;
        let path = self.path(key, "lease");
        if read_lease(&path)?.is_some_and(|(holder, _)| holder == token) {
            remove(&path)?;
        }
        Ok(())
    }

    /// Removes what has expired, and what nobody finished writing.
    pub(super) fn sweep(&self) {
        let Ok(files) = fs::read_dir(&self.0) else {
            return;
        };
        let now = clock::now_ms();
        let mut leases = Vec::new();
        for path in files.flatten().map(|file| file.path()) {
            let kind = path.extension().and_then(|kind| kind.to_str());
            let is_over = match kind {
                Some("entry") => read_head(&path).is_none_or(|end| end <= now),
                Some("beside") => begun(&path).saturating_add(GIVEN_UP) <= now,
                Some("lease") => {
                    leases.push(path.clone());
                    false
                }
                _ => false,
            };
            if is_over {
                let _ = remove(&path);
            }
        }
        if leases.is_empty() {
            return;
        }
        // One that has ended may be taken by somebody at any time, but for this.
        let Ok(_held) = self.hold(Duration::ZERO) else {
            return;
        };
        for path in leases {
            let is_over = read_lease(&path).map(|lease| lease.is_none_or(|(_, end)| end <= now));
            if is_over == Ok(true) {
                let _ = remove(&path);
            }
        }
    }
}

/// When a file beside its place was begun, by its name.
fn begun(path: &Path) -> u64 {
    let name = path.file_stem().and_then(|name| name.to_str());
    let time = name.and_then(|name| name.split_once('-'));
    time.and_then(|(time, _)| u64::from_str_radix(time, 16).ok())
        .unwrap_or(0)
}

/// The deadline of an entry, if it is one.
fn read_head(path: &Path) -> Option<u64> {
    let mut head = [0; 16];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    (head[..8] == ENTRY[..]).then(|| number(&head, 8))
}

fn read_entry(key: Key, mut file: File) -> io::Result<Option<(Vec<u8>, Duration)>> {
    let len = file.metadata()?.len();
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    if head[..8] != ENTRY[..] || number(&head, 16).checked_add(HEAD as u64) != Some(len) {
        return Ok(None);
    }
    let deadline = number(&head, 8);
    let Some(left) = deadline
        .checked_sub(clock::now_ms())
        .filter(|left| *left > 0)
    else {
        return Ok(None);
    };
    let mut value = vec![
        0;
        usize::try_from(len)
            .unwrap_or_default()
            .saturating_sub(HEAD)
    ];
    file.read_exact(&mut value)?;
    if number(&head, 24) != checksum(key, deadline, &value) {
        return Ok(None);
    }
    Ok(Some((value, Duration::from_millis(left))))
}

fn read_lease(path: &Path) -> Result<Option<(Token, u64)>, Error> {
    let mut lease = [0; 24];
    match File::open(path).and_then(|mut file| file.read_exact(&mut lease)) {
        Ok(()) if lease[..8] == LEASE[..] => {
            Ok(Some((Token(number(&lease, 8)), number(&lease, 16))))
        }
        Err(error) if !is_none(&error) => Err(error.into()),
        _ => Ok(None),
    }
}
