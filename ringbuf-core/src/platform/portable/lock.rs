//! Locks on small files next to the ring: `PATH.lock-INDEX`.
//!
//! The standard library locks whole files, so every lock has one to itself. The system frees the
//! lock when its holder dies. The files stay until the ring is removed: deleting one that
//! somebody is about to lock would let two hold "the" lock.

use super::super::{FileId, LockError, file_id, open_read, open_read_write};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// A query holds the lock for an instant; this often it is given time to let go.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(1);

/// The lock `index` of a file, held until dropped. A forked child keeps it alive.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: File,
    file_id: FileId,
}

impl Lock {
    /// Takes the lock without waiting. The file must be writable by this user.
    pub(crate) fn acquire(path: &Path, index: u64) -> Result<Lock, LockError> {
        let file = open_read_write(path)?;
        Ok(Lock {
            _held: take(&file, path, index)?,
            file_id: file_id(&file)?,
        })
    }

    /// Which file is locked: the one that was at the path when it was opened, which may since have
    /// been replaced.
    pub(crate) fn file_id(&self) -> FileId {
        self.file_id
    }
}

/// An open file through which locks are queried and briefly taken.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// `path` is where `file` was opened: the locks are kept next to it.
    pub(crate) fn new(file: File, path: &Path) -> LockFile {
        let path = path.to_path_buf();
        LockFile { file, path }
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Does anybody hold this lock? A file opened for reading only will do.
pub(crate) fn is_locked(file: &LockFile, index: u64) -> io::Result<bool> {
    let side = match open_read(&side_path(&file.path, index)) {
        Ok(side) => side,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // Shared, so that queries do not see each other.
    match side.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes the lock for a short while.
pub(crate) fn try_lock_brief(file: &LockFile, index: u64) -> Result<BriefLock<'_>, LockError> {
    Ok(BriefLock {
        _held: take(&file.file, &file.path, index)?,
        file: PhantomData,
    })
}

/// A lock held for a short while, until dropped.
#[derive(Debug)]
pub(crate) struct BriefLock<'a> {
    _held: File,
    file: PhantomData<&'a LockFile>,
}

/// Removes what locking left next to a file that is being removed. What cannot be removed stays.
pub(crate) fn remove_lock_files(path: &Path) {
    let (Some(directory), Some(prefix)) = (path.parent(), side_name(path, "")) else {
        return;
    };
    let directory = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let prefix = prefix.into_encoded_bytes();
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name().into_encoded_bytes();
        let is_ours = name
            .strip_prefix(prefix.as_slice())
            .is_some_and(|index| !index.is_empty() && index.iter().all(u8::is_ascii_digit));
        if is_ours {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn take(file: &File, path: &Path, index: u64) -> Result<File, LockError> {
    let side = open_side(file, &side_path(path, index))?;
    for attempt in 1..=TRIES {
        match side.try_lock() {
            Ok(()) => return Ok(side),
            Err(TryLockError::WouldBlock) if attempt < TRIES => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Err(LockError::Held)
}

fn open_side(file: &File, side: &Path) -> io::Result<File> {
    match open_read_write(side) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        result => return result,
    }
    match super::super::create_new(side, mode_of(file)?) {
        // Somebody else made it in between.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_read_write(side),
        result => result,
    }
}

/// Who may write the file may lock it, and who may read it may ask.
#[cfg(unix)]
fn mode_of(file: &File) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode())
}

#[cfg(not(unix))]
fn mode_of(_file: &File) -> io::Result<u32> {
    Ok(0)
}

fn side_path(path: &Path, index: u64) -> PathBuf {
    match side_name(path, &index.to_string()) {
        Some(name) => path.with_file_name(name),
        None => path.to_path_buf(),
    }
}

fn side_name(path: &Path, index: &str) -> Option<OsString> {
    let mut name = path.file_name()?.to_os_string();
    name.push(".lock-");
    name.push(index);
    Some(name)
}
