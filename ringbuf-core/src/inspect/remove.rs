//! Taking a ring away.
//!
//! Whoever takes a ring's name, to create, to replace or to remove, holds the producer's lock on the
//! `NAME.readers` that lies in its place. A lock on a file that was itself taken away meanwhile says
//! nothing, so every step checks that the file locked is still the one at the path.

use std::io::ErrorKind;
use std::path::Path;

use super::{ATTEMPTS, may_have_been_replaced};
use crate::error::{AttachError, InspectError};
use crate::files::{self, Opened, Place, Registrar, locks};
use crate::layout::SLOTS;
use crate::platform::{self, FileId, Lock, LockError};
use crate::protocol;

/// Removes a ring that no living producer has; its readers are told.
///
/// # Errors
///
/// Its producer lives, it cannot be read, or its files cannot be removed.
///
/// ```
/// use ringbuf_core::{Producer, Retain, inspect};
///
/// # let directory = tempfile::tempdir()?;
/// # let ring = directory.path().join("imu.ring").display().to_string();
/// let producer = Producer::<u64>::create(&ring, Retain::records(100))?;
/// assert!(inspect::remove(&ring).is_err()); // it lives
/// producer.close();
/// inspect::remove(&ring)?;
/// assert!(!inspect::path(&ring)?.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn remove(reference: &str) -> Result<(), InspectError> {
    let place = Place::resolve(reference).map_err(AttachError::from)?;
    take_away(&place, Readers::AreTold)
}

/// What becomes of living readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// They end with the ring.
    AreTold,
    /// They keep the ring: it is not removed.
    KeepIt,
}

/// Removes the ring, unless its producer or a reader that counts lives.
pub(super) fn take_away(place: &Place, readers: Readers) -> Result<(), InspectError> {
    for _ in 1..ATTEMPTS {
        match attempt(place, readers) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(InspectError::Attach(error)) if may_have_been_replaced(&error) => {}
            Err(error) => return Err(error),
        }
    }
    match attempt(place, readers)? {
        true => Ok(()),
        false => Err(in_use(place, "others create and remove it all the time")),
    }
}

/// One attempt; false: others were faster, look again.
fn attempt(place: &Place, readers: Readers) -> Result<bool, InspectError> {
    let opened = files::open(place, false)?;
    match opened.registrar() {
        Ok(registrar) => whole(&opened, &registrar, readers),
        Err(AttachError::NotFound { .. }) => half(&opened),
        Err(error) => Err(error.into()),
    }
}

/// Removes both files.
fn whole(opened: &Opened, registrar: &Registrar, readers: Readers) -> Result<bool, InspectError> {
    let place = &opened.place;
    let Some(_producer) = lock_producer(place, &place.readers, registrar.id)? else {
        return Ok(false);
    };
    // The other lock of a producer whose `NAME.readers` somebody has exchanged for a copy.
    if opened.is_locked_by_producer().unwrap_or(true) {
        return Err(in_use(place, "its producer lives"));
    }
    // With every slot locked nobody registers between this check and the end of the ring.
    let _slots = match readers {
        Readers::AreTold => Vec::new(),
        Readers::KeepIt => lock_slots(place, registrar)?,
    };
    if platform::path_id(&place.data).ok() != Some(opened.data_id) {
        return Ok(false);
    }
    // Opened anew for writing: looking must not need it, removing does.
    let memory = files::open(place, true)?.map(Some(registrar), true)?;
    // Told only when its name is gone: if it cannot be removed the ring stays what it is.
    remove_file(&place.data)?;
    protocol::remove(&memory);
    remove_file(&place.readers)?;
    Ok(true)
}

/// Removes a data file that has lost its `NAME.readers`.
fn half(opened: &Opened) -> Result<bool, InspectError> {
    let place = &opened.place;
    // A producer whose `NAME.readers` somebody deleted still has this lock, made for observers.
    let Some(_producer) = lock_producer(place, &place.data, opened.data_id)? else {
        return Ok(false);
    };
    if !is_absent(&place.readers) {
        return Ok(false);
    }
    remove_file(&place.data)?;
    Ok(true)
}

/// The producer's lock on the file at `path`; `None` if another file lies there by now.
pub(super) fn lock_producer(
    place: &Place,
    path: &Path,
    expected: FileId,
) -> Result<Option<Lock>, InspectError> {
    match files::lock_producer(path, expected) {
        Ok(lock) => Ok(lock),
        Err(LockError::Held) => Err(in_use(place, "its producer lives")),
        Err(LockError::Io(source)) => Err(InspectError::Io {
            action: "locking",
            path: path.to_path_buf(),
            source,
        }),
    }
}

/// Locks every slot, until dropped.
fn lock_slots(place: &Place, registrar: &Registrar) -> Result<Vec<impl Sized>, InspectError> {
    let lock = |slot| match platform::try_lock_brief(&registrar.file, locks::slot(slot)) {
        Ok(lock) => Ok(lock),
        Err(LockError::Held) => Err(in_use(place, "a reader lives")),
        Err(LockError::Io(source)) => Err(InspectError::Io {
            action: "locking",
            path: place.readers.clone(),
            source,
        }),
    };
    // Readers try the first slot first: so they are noticed, or get one, until the last moment.
    (0..SLOTS).rev().map(lock).collect()
}

fn in_use(place: &Place, by: &str) -> InspectError {
    InspectError::InUse {
        name: place.name.clone(),
        by: by.to_owned(),
    }
}

/// Removes one file; false if it was gone already.
pub(super) fn remove_file(path: &Path) -> Result<bool, InspectError> {
    match std::fs::remove_file(path) {
        Ok(()) => {
            platform::remove_lock_files(path);
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(InspectError::Io {
            action: "removing",
            path: path.to_path_buf(),
            source,
        }),
    }
}

/// Whether nothing at all lies there. When the system cannot say, something does.
pub(super) fn is_absent(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound)
}
