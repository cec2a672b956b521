//! The files of an environment, before LMDB opens them: afterwards nobody else may, for LMDB
//! would lose its locks when they are closed.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::room::READERS;
use crate::error::Error;
use crate::folder;

/// The file that readers and writers meet in: LMDB would make one with holes, and a process
/// that writes into a hole while the disk is full is killed.
pub(super) fn make_lock(home: &Path) -> Result<(), Error> {
    let path = home.join("lock.mdb");
    let mut file = match folder::options().create_new(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        file => file?,
    };
    // A place for a reader is a line of a cache, and there is a head.
    let written = file.write_all(&vec![0; READERS as usize * 64 + 4096]);
    if written.is_err() {
        let _ = std::fs::remove_file(&path);
    }
    Ok(written?)
}

/// Removes the files of an environment that nobody has open here.
pub(super) fn clear(home: &Path) -> Result<(), Error> {
    for file in ["data.mdb", "lock.mdb"] {
        match std::fs::remove_file(home.join(file)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
