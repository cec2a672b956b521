//! A temporary directory.

use std::path::PathBuf;
use std::{env, fs, io, process};

/// Goes with this value.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(what: &str) -> io::Result<Self> {
        let name = format!("lruheap-{what}-{}", process::id());
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory)?;
        Ok(Self(directory))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("left behind {}: {error}", self.0.display());
        }
    }
}
