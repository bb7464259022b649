//! What the systems refuse, in one vocabulary.

use std::io;

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Somebody else holds it, in this process or in another.
    #[error("the lock is held by somebody else")]
    Held,
    /// The system could not say.
    #[error("the lock could not be taken: {0}")]
    Io(#[from] io::Error),
}

/// A file system on which a shared mapping or a lock does not reach every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "found the file system {name}, where memory cannot be shared reliably; expected a local one: \
     keep the ring in /dev/shm or on a local disk"
)]
pub(crate) struct RefusedFileSystem {
    /// Its usual name, as in "NFS".
    pub(crate) name: &'static str,
}
