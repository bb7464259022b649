//! Every system that is not Linux: macOS and Windows, with what the standard library has.
//!
//! It works, and gives away what only the kernel can do: waiting costs up to a millisecond and a
//! little processor time; a forked child keeps the locks of its parent alive, and does not know
//! that it is one; network file systems are not recognised.

mod lock;
#[cfg(test)]
mod tests;

pub(crate) use lock::{Lock, LockFile, is_locked, remove_lock_files, try_lock_brief};

use super::RefusedFileSystem;
use crate::sync::{AtomicU32, Ordering};
use memmap2::MmapRaw;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// What this implementation is called where programs report it.
pub(crate) const NAME: &str = "portable";

/// Whether [`wait`] is woken by [`wake_all`], or looks again by itself.
pub(crate) const FAST_WAIT: bool = false;

/// The first pause of a wait, and the longest: from quick for a busy ring to cheap for a quiet one.
const SHORTEST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

/// Nobody asks here which file is mapped where.
#[derive(Debug)]
pub(super) enum Noted {}

pub(super) fn note(_start: usize, _len: usize, _path: &Path) -> Option<Noted> {
    None
}

/// Nothing: what a truncated file does to who has it mapped, every system does in its own way.
pub(crate) fn explain_truncation(_program: &str) -> io::Result<()> {
    Ok(())
}

/// Waits while the word is `expected`, at most this long. Slower than on Linux: it looks at the
/// word, sleeps a little, and looks again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) -> io::Result<()> {
    let begin = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    // Relaxed: returning says only that it is time to look again, and the caller's own loads order
    // what follows.
    while word.load(Ordering::Relaxed) == expected {
        let left = timeout.saturating_sub(begin.elapsed());
        if left.is_zero() {
            break;
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

/// Does nothing: waiters look by themselves.
pub(crate) fn wake_all(_word: &AtomicU32) -> io::Result<()> {
    Ok(())
}

/// Cannot be: a producer here issues its barriers itself.
pub(crate) fn prepare_for_barriers() -> bool {
    false
}

/// Not issued: nobody was prepared for it.
pub(crate) fn barrier() -> bool {
    false
}

/// Knows nothing: forks go unnoticed here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForkToken;

impl ForkToken {
    /// Does this run in a forked child of the process that made the token? Never known here.
    pub(crate) fn is_child(self) -> bool {
        false
    }
}

/// A token of this process.
pub(crate) fn fork_token() -> ForkToken {
    ForkToken
}

/// Gives the file `len` bytes that really exist, by writing zeros behind its end; what is in the
/// file stays.
pub(crate) fn allocate(mut file: &File, len: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let mut end = file.seek(SeekFrom::End(0))?;
    while end < len {
        let piece = usize::try_from(len - end).unwrap_or(usize::MAX);
        let piece = &ZEROS[..piece.min(ZEROS.len())];
        file.write_all(piece)?;
        end += piece.len() as u64;
    }
    Ok(())
}

/// Whether what is written to the file outlives the system; better thought so than not.
pub(crate) fn is_on_disk(_file: &File) -> bool {
    true
}

/// Refuses nothing: the kind of a file system cannot be asked for here.
pub(crate) fn check_file_system(_file: &File) -> Result<(), RefusedFileSystem> {
    Ok(())
}

/// Zeros: not known here.
pub(crate) fn boot_id() -> [u8; 16] {
    [0; 16]
}

pub(super) fn prefault(_memory: &MmapRaw, _writable: bool) {}
