//! The two files of a ring: made whole or not at all, opened with every field checked, removed in the
//! reverse order.

mod access;
mod header;
mod make;
mod open;
mod place;
mod verify;

use std::io::ErrorKind;
use std::path::Path;

use crate::platform::{self, FileId, Lock, LockError};

pub(crate) use access::Access;
pub use header::FormatError;
pub(crate) use header::{DATA_MAX, FORMAT_VERSION, READERS_LEN, READERS_MAGIC};
pub(crate) use make::{Ownership, Wanted, create};
pub(crate) use open::{Opened, Registrar, open};
pub use place::NameError;
pub(crate) use place::{Given, Place, check, directory, is_name};
pub(crate) use verify::{is_of_this_boot, is_verified, sync};

/// The producer's lock on the file at `path`; `None` if another file lies there by now, or none.
pub(crate) fn lock_producer(path: &Path, expected: FileId) -> Result<Option<Lock>, LockError> {
    match Lock::acquire(path, locks::PRODUCER) {
        Ok(lock) => {
            let is_in_place = platform::path_id(path).ok() == Some(expected);
            Ok((is_in_place && lock.file_id() == expected).then_some(lock))
        }
        Err(LockError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lock bytes, of either file.
pub(crate) mod locks {
    /// The producer: the authoritative one on `NAME.readers`, and one on `NAME.ring` for observers.
    pub(crate) const PRODUCER: u64 = 0;
    /// Slot 0 of the readers; the others follow.
    pub(crate) const FIRST_SLOT: u64 = 1;
    /// Held on a file under its temporary name while it is being made.
    pub(crate) const MAKING: u64 = 1 << 20;

    /// The lock of a reader's slot.
    pub(crate) fn slot(slot: usize) -> u64 {
        FIRST_SLOT + slot as u64
    }
}
