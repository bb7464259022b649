//! What both systems promise, tested with one text. Where it takes another process, there is one.

mod files;
mod locks;
pub(super) mod process;
mod rights;
mod waiting;

use super::*;
use crate::sync::AtomicU32;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests that lock or start processes run one at a time: a child that one test forks inherits
/// what another has open at that moment, and with it a lock that is being taken.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty directory with a file of one page in it.
pub(super) fn one_page() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.ring");
    let file = create_new(&path, 0o600).unwrap();
    allocate(&file, 4096).unwrap();
    (directory, path)
}

pub(super) fn for_queries(path: &std::path::Path) -> LockFile {
    LockFile::new(open_read(path).unwrap(), path)
}

#[allow(unsafe_code)]
pub(super) fn first_word(mapping: &Mapping) -> &AtomicU32 {
    assert!(mapping.len() >= 4);
    // SAFETY: at least four bytes are mapped at this address, a multiple of 4096, for as long as
    // the borrow of `mapping` lasts; tests access them through this function alone, atomically.
    unsafe { AtomicU32::from_ptr(mapping.as_ptr().cast()) }
}

#[test]
fn a_fork_token_is_at_home_where_it_was_made() {
    let token = fork_token();
    assert!(!token.is_child());
    let from_thread = std::thread::spawn(fork_token).join().unwrap();
    assert!(!from_thread.is_child());
}

#[test]
fn boot_id_does_not_change() {
    assert_eq!(boot_id(), boot_id());
}

#[test]
fn every_error_says_what_to_do() {
    let refused = RefusedFileSystem { name: "NFS" }.to_string();
    assert!(
        refused.contains("NFS") && refused.contains("/dev/shm"),
        "{refused}"
    );
    assert_eq!(
        LockError::Held.to_string(),
        "the lock is held by somebody else"
    );
}
