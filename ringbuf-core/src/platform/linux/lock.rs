//! Locks that the kernel frees when their holder dies.
//!
//! An open-file-description lock belongs to one opening of the file and lasts as long as anything
//! refers to that opening. So a lock that must not outlive its process has an opening to itself,
//! kept alive by nothing but one mapped page with MADV_DONTFORK: a forked child gets neither the
//! page nor, the descriptor being closed, anything else. SIGKILL takes the page away and with it
//! the lock, even while children live.
//!
//! While the descriptor is open, for microseconds once for every lock, the C library's fork waits in
//! other threads: a child of theirs would inherit it. Three gaps are left: a fork by the bare system call
//! in that while; a program started in that while (`posix_spawn`, which waits for nobody), until it has begun,
//! which closes the descriptor: a lock may outlast its holder by that moment; and a holder of a [`BriefLock`]
//! that forks and is killed before it lets go.
#![allow(unsafe_code)]

use super::super::{FileId, LockError, file_id, open_read_write};
use super::fork::{ForkToken, fork_token, no_forks};
use libc::c_int;
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Where the locks begin. Locks need no bytes behind them; this far out nobody else's will lie.
const FIRST: i64 = 1 << 40;

/// A lock on the byte `index` of a file, held until dropped.
///
/// Its end survives nothing: neither a kill nor a fork carries it on.
#[derive(Debug)]
pub(crate) struct Lock {
    pub(super) page: Option<MmapRaw>,
    file_id: FileId,
    made_by: ForkToken,
}

impl Lock {
    /// Takes the lock without waiting. The file must be writable by this user.
    pub(crate) fn acquire(path: &Path, index: u64) -> Result<Lock, LockError> {
        // Until the descriptor is closed again.
        let _no_forks = no_forks();
        let file = open_read_write(path)?;
        let file_id = file_id(&file)?;
        // Mapped before it is locked, so that no error can leave a locked page that forks copy.
        // The page is never touched: it does not matter whether the file has bytes for it.
        let page = MmapOptions::new().len(1).map_raw_read_only(&file)?;
        page.advise(Advice::DontFork)?;
        set(&file, libc::F_WRLCK, index)?;
        Ok(Lock {
            page: Some(page),
            file_id,
            made_by: fork_token(),
        })
    }

    /// Which file is locked: the one that was at the path when it was opened, which may since have
    /// been replaced.
    pub(crate) fn file_id(&self) -> FileId {
        self.file_id
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child did not get the page. Something of its own may lie at that address by now.
        if self.made_by.is_child() {
            mem::forget(self.page.take());
        }
    }
}

/// An open file through which locks are queried and briefly taken.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
}

impl LockFile {
    /// `path` is where `file` was opened: some systems keep their locks next to it.
    pub(crate) fn new(file: File, _path: &Path) -> LockFile {
        LockFile { file }
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Does anybody hold this lock, other than through this very opening of the file? A file opened
/// for reading only will do.
pub(crate) fn is_locked(file: &LockFile, index: u64) -> io::Result<bool> {
    // Asking for a read lock overlooks other read locks, which anybody who may read could hold.
    let mut request = request(libc::F_RDLCK, index)?;
    call(&file.file, libc::F_OFD_GETLK, &mut request)?;
    Ok(c_int::from(request.l_type) != libc::F_UNLCK)
}

/// Takes the lock for a short while through a file that is already open for writing.
///
/// The lock belongs to the opening: a second one through the same [`LockFile`] is granted, not
/// refused, and the first of the two to be dropped frees it.
pub(crate) fn try_lock_brief(file: &LockFile, index: u64) -> Result<BriefLock<'_>, LockError> {
    set(&file.file, libc::F_WRLCK, index)?;
    Ok(BriefLock {
        file: &file.file,
        index,
        made_by: fork_token(),
    })
}

/// A lock held for a short while, until dropped.
///
/// Children share the opening: if the holder is killed in that while, its child keeps the lock.
#[derive(Debug)]
pub(crate) struct BriefLock<'a> {
    file: &'a File,
    index: u64,
    made_by: ForkToken,
}

impl Drop for BriefLock<'_> {
    fn drop(&mut self) {
        // A child shares the opening with its parent: unlocking here would unlock there.
        if !self.made_by.is_child() {
            // Unlocking a byte of an open file has no documented way to fail.
            let _ = set(self.file, libc::F_UNLCK, self.index);
        }
    }
}

/// Removes what locking left next to a file that is being removed: on this system, nothing.
pub(crate) fn remove_lock_files(_path: &Path) {}

pub(super) fn set(file: &File, kind: c_int, index: u64) -> Result<(), LockError> {
    match call(file, libc::F_OFD_SETLK, &mut request(kind, index)?) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => {
            Err(LockError::Held)
        }
        result => Ok(result?),
    }
}

fn request(kind: c_int, index: u64) -> io::Result<libc::flock> {
    let start = i64::try_from(index)
        .ok()
        .and_then(|index| FIRST.checked_add(index))
        .ok_or_else(|| {
            io::Error::new(
                ErrorKind::InvalidInput,
                format!("found lock index {index}, expected one below 2^62"),
            )
        })?;
    Ok(libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: 1,
        // Must be zero for locks of this kind.
        l_pid: 0,
    })
}

fn call(file: &File, command: c_int, request: &mut libc::flock) -> io::Result<()> {
    // SAFETY: both commands this module passes, F_OFD_GETLK and F_OFD_SETLK, read one struct flock
    // at the third argument and F_OFD_GETLK writes one back; it points to a live one borrowed for
    // this call alone. The descriptor is open, as `file` owns it.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut *request) };
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
