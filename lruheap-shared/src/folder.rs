//! Folders and files that the processes of one user share: made so that nobody else may look
//! inside, a lock that is waited for only so long, and how what stands there is told from what
//! is damaged. What is in the files belongs elsewhere.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::backend::Key;
use crate::error::Error;

/// A file that is locked for this process alone until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    _file: File,
}

/// Makes a folder, for its user alone, unless it is there; gives its one true path.
pub(crate) fn make(path: &Path) -> Result<PathBuf, Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Ok(path.canonicalize()?)
}

/// How files are opened: for their user alone.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Locks a file, which is made if need be, and waits for at most `patience`: who has it may
/// have been stopped. It is free again when this process ends, however it ends.
pub(crate) fn hold(path: &Path, patience: Duration) -> Result<Held, Error> {
    let file = options().create(true).truncate(false).open(path)?;
    let begin = Instant::now();
    let mut pause = Duration::from_micros(20);
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(Held { _file: file }),
            Err(fs4::TryLockError::Error(error)) => return Err(error.into()),
            Err(fs4::TryLockError::WouldBlock) if begin.elapsed() >= patience => {
                return Err(Error::Timeout(patience));
            }
            Err(fs4::TryLockError::WouldBlock) => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(1));
            }
        }
    }
}

/// Counts this process among those who use something, for as long as the file that it gives
/// is open. Says whether there is nobody else.
pub(crate) fn join(path: &Path, _held: &Held) -> Result<(File, bool), Error> {
    let file = options().create(true).truncate(false).open(path)?;
    let is_alone = fs4::FileExt::try_lock(&file).is_ok();
    // Nobody else does this meanwhile, and so nobody has it for itself.
    match fs4::FileExt::try_lock_shared(&file) {
        Ok(()) => Ok((file, is_alone)),
        Err(fs4::TryLockError::Error(error)) => Err(error.into()),
        Err(fs4::TryLockError::WouldBlock) => Err(Error::Unreachable("it is locked".into())),
    }
}

/// What tells a file from one that took its name; `None` where the system has no such thing,
/// or there is no file.
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let data = fs::metadata(path).ok()?;
        Some((data.dev(), data.ino()))
    }
    #[cfg(not(unix))]
    fs::metadata(path).ok().map(|_| (0, 0))
}

/// A number that nobody else comes up with.
pub(crate) fn random() -> u64 {
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_u64(crate::clock::now_ms());
    hasher.finish()
}

/// What stands beside a value, so that one that is damaged, another's, or with another
/// deadline is known for it.
pub(crate) fn checksum(key: Key, deadline: u64, value: &[u8]) -> u64 {
    let key = key.0.to_ne_bytes();
    let seed = xxhash_rust::xxh3::xxh3_64_with_seed(&key, deadline);
    xxhash_rust::xxh3::xxh3_64_with_seed(value, seed)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder of a test, which goes with it.
    pub(crate) struct Temporary(pub(crate) PathBuf);

    impl Temporary {
        pub(crate) fn new() -> Self {
            let path = std::env::temp_dir().join(format!("lruheap-test-{:016x}", random()));
            Temporary(make(&path).expect("a folder for a test"))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_lock_is_one_process_s_at_a_time_and_not_waited_for_forever() {
        let folder = Temporary::new();
        let path = folder.0.join("lock");
        let held = hold(&path, Duration::ZERO).expect("it is free");
        let short = Duration::from_millis(20);
        assert_eq!(hold(&path, short).map(drop), Err(Error::Timeout(short)));
        drop(held);
        hold(&path, short).expect("it is free again");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_inside() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Temporary::new();
        let mode = |path: &Path| {
            let data = fs::metadata(path).expect("it is there");
            data.permissions().mode() & 0o077
        };
        let inner = make(&folder.0.join("a/b")).expect("it is made");
        assert_eq!(mode(&inner), 0);
        drop(hold(&inner.join("lock"), Duration::ZERO));
        assert_eq!(mode(&inner.join("lock")), 0);
    }

    #[test]
    fn random_numbers_differ() {
        let mut seen: Vec<u64> = (0..1000).map(|_| random()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 1000);
    }
}
