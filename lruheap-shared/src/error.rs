//! What can go wrong with a store, in words that give no secret away.

use std::fmt;
use std::time::Duration;

/// Why a store did not do what it was asked.
///
/// No caller of a memoized function sees one, but for those with
/// `shared(once = at_most_once)`: a store that fails costs the computation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address can't be understood: what is wrong with it.
    Address(String),
    /// A store was connected to before, or was used already.
    AlreadyConnected,
    /// There was no answer in time.
    Timeout(Duration),
    /// The store is down, or the way to it is: what the system says.
    Unreachable(String),
    /// The store has no room, or may not be written to: what it says.
    Full(String),
    /// The value is larger than the store takes, which is this many bytes.
    TooLarge {
        /// The length of the value.
        len: usize,
        /// What the store takes.
        most: usize,
    },
    /// Anything else that the store says.
    Other(String),
    /// With `at_most_once`: whoever was computing the value did not finish in time, and
    /// can't be asked whether it has begun.
    Abandoned,
}

impl Error {
    /// Whether the store is at fault, so that it should be left alone for a while.
    pub fn is_outage(&self) -> bool {
        matches!(self, Error::Timeout(_) | Error::Unreachable(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Address(what) => write!(f, "the address of the shared store: {what}"),
            Error::AlreadyConnected => {
                f.write_str("a shared store is in use already: connect once, before the first call")
            }
            Error::Timeout(after) => write!(f, "the shared store did not answer in {after:?}"),
            Error::Unreachable(what) => write!(f, "the shared store can't be reached: {what}"),
            Error::Full(what) => write!(f, "the shared store takes nothing more: {what}"),
            Error::TooLarge { len, most } => {
                write!(
                    f,
                    "{len} bytes are more than the {most} that the shared store takes"
                )
            }
            Error::Other(what) => write!(f, "the shared store: {what}"),
            Error::Abandoned => f.write_str(
                "whoever was computing this value for all processes has gone without finishing",
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::FileTooLarge
            | ErrorKind::PermissionDenied => Error::Full(error.to_string()),
            _ => Error::Unreachable(error.to_string()),
        }
    }
}
