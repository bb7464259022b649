//! Directories for the files of an input, one for each thread.
#![allow(unsafe_code)]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

fn new() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        true => TempDir::new_in(memory),
        false => TempDir::new(),
    };
    let made = made.expect("a directory for the files of an input");
    keep_from_others(made.path(), 0o700);
    made
}

/// What others may write is refused, whatever is in it: the umask may let them.
#[cfg(unix)]
pub(crate) fn keep_from_others(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("a mode");
}

#[cfg(not(unix))]
pub(crate) fn keep_from_others(_path: &Path, _mode: u32) {}

/// Runs `work` with the directory of this thread.
pub(crate) fn with<T>(work: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static OWN: TempDir = new();
    }
    OWN.with(|directory| work(directory.path()))
}

/// The same, while names are resolved in it.
pub(crate) fn with_names<T>(work: impl FnOnce(&Path) -> T) -> T {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    // What the one before panicked about is its own affair.
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    with(|directory| {
        if std::env::var_os("RINGBUF_DIR").is_some_and(|found| found == directory.as_os_str()) {
            return work(directory);
        }
        // SAFETY: in this program the environment is read by the functions of `std::env` alone, which take the
        // same lock as this one.
        unsafe { std::env::set_var("RINGBUF_DIR", directory) };
        work(directory)
    })
}
