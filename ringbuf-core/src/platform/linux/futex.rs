//! Sleeping on a word that other processes change.
//!
//! Never with FUTEX_PRIVATE_FLAG: a private futex is known by its address in one process, a shared
//! one by the file and the offset behind it. A read-only mapping will do for waiting.
#![allow(unsafe_code)]

use crate::sync::AtomicU32;
use std::io;
use std::ptr;
use std::time::Duration;

/// Sleeps while the word is `expected`, at most this long. Returning says only that it is time to
/// look again. An error (the page has gone with the end of its file, or the system has no futex)
/// will come again on every further call: do not repeat it.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) -> io::Result<()> {
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    // SAFETY: FUTEX_WAIT reads a u32 at its first argument, atomically, and a timespec at its
    // fourth; both point to live values, aligned as their types demand. The kernel writes neither.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT,
            expected,
            &raw const timeout,
            ptr::null::<u32>(),
            0,
        )
    };
    if result >= 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EINTR | libc::ETIMEDOUT) => Ok(()),
        _ => Err(error),
    }
}

/// Wakes everybody who sleeps on this word, in any process.
pub(crate) fn wake_all(word: &AtomicU32) -> io::Result<()> {
    // SAFETY: FUTEX_WAKE takes its first argument as a name for the sleepers to look for, and
    // accesses no memory of ours through it.
    let result =
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
    match result {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
