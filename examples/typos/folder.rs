//! Reads the text and source files of a folder.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// Bytes of the largest file read.
const LARGEST: u64 = 2 << 20;

/// What a folder holds.
#[derive(Default)]
pub(crate) struct Folder {
    pub(crate) documents: Vec<Document>,
    /// Files that are no text.
    pub(crate) binary: usize,
    /// Files that could not be read, and why.
    pub(crate) skipped: Vec<String>,
}

pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Paths below the working directory are told from there.
pub(crate) fn read_folder(root: &Path) -> Folder {
    let mut folder = Folder::default();
    let here = env::current_dir().unwrap_or_default();
    let walk = WalkDir::new(root).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || is_source(entry)) {
        let entry = match entry {
            Ok(entry) if entry.file_type().is_file() => entry,
            Ok(_) => continue,
            Err(error) => {
                folder.skipped.push(error.to_string());
                continue;
            }
        };
        let path = entry.path().strip_prefix(&here).unwrap_or(entry.path());
        let path = path.to_path_buf();
        match read_text(entry.path()) {
            Ok(Some(text)) => folder.documents.push(Document { path, text }),
            Ok(None) => folder.binary += 1,
            Err(error) => folder.skipped.push(format!("{}: {error}", path.display())),
        }
    }
    folder
}

/// Whether people write in it: not so build output, hidden folders and lock files.
fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.file_type().is_dir() {
        return name != "target" && !name.starts_with('.');
    }
    let lock_files = [".lock", "-lock.json", "-lock.yaml"];
    !lock_files.iter().any(|end| name.ends_with(end))
}

/// The text of a file, or `None` for a binary one.
fn read_text(path: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.iter().take(8 << 10).any(|&byte| byte == 0) {
        return Ok(None);
    }
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("more than {} MiB", LARGEST >> 20)));
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| io::Error::other("not UTF-8"))
}
