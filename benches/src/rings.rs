//! Where the rings lie.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use tempfile::TempDir;

static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A directory in memory for rings; gone when dropped, and when this process is asked to end.
///
/// ```
/// let directory = benches::rings::directory().unwrap();
/// assert!(directory.path().is_dir());
/// ```
///
/// # Errors
///
/// No directory can be made there.
pub fn directory() -> std::io::Result<TempDir> {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(remove_when_asked_to_end);
    let shm = Path::new("/dev/shm");
    let parent = if shm.is_dir() {
        shm.into()
    } else {
        std::env::temp_dir()
    };
    let directory = tempfile::Builder::new()
        .prefix("ringbuf-bench-")
        .tempdir_in(parent)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.push(directory.path().to_owned());
    Ok(directory)
}

/// Removes all of them that are still there: for a program that is about to end where nothing is dropped.
pub fn remove_all() {
    for directory in MADE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .drain(..)
    {
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// Lets Ctrl-C and the like leave no rings behind: with them, memory would be gone for good.
#[cfg(unix)]
fn remove_when_asked_to_end() {
    // If it cannot be had, they stay behind.
    let signals = signal_hook::consts::TERM_SIGNALS;
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else {
        return;
    };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            remove_all();
            std::process::exit(128 + signal);
        }
    });
}

/// Nothing of that here.
#[cfg(not(unix))]
fn remove_when_asked_to_end() {}
