//! All contact with the operating system, behind plain functions.
//!
//! Two systems offer the same functions. `linux` is the one the ring is made for: byte-range
//! locks the kernel frees when their holder dies, and a futex. `portable` is everything else: it
//! locks small files next to the ring and waits by looking again and again, which is slower.
//! Build on Linux with `RUSTFLAGS="--cfg ringbuf_portable"` to run it there;
//! Miri, which knows neither locks nor forks, uses it too.
//!
//! Nothing here knows what a ring is.

#[cfg(all(target_os = "linux", not(any(ringbuf_portable, miri))))]
mod linux;
#[cfg(all(target_os = "linux", not(any(ringbuf_portable, miri))))]
use linux as system;

#[cfg(not(all(target_os = "linux", not(any(ringbuf_portable, miri)))))]
mod portable;
#[cfg(not(all(target_os = "linux", not(any(ringbuf_portable, miri)))))]
use portable as system;

mod clock;
mod directory;
mod errors;
mod files;
mod mapping;
mod rights;
#[cfg(test)]
mod tests;
mod way;

pub(crate) use clock::{monotonic_ns, realtime_ns};
pub(crate) use directory::{
    DirectoryError, check_private_directory, default_directory, ensure_private_directory,
};
pub(crate) use errors::{LockError, RefusedFileSystem};
pub(crate) use files::{FileId, create_new, file_id, open_read, open_read_write, path_id};
pub(crate) use mapping::Mapping;
pub(crate) use rights::{Actor, Rights, is_of_this_user, rights, set_mode};
pub(crate) use system::{
    FAST_WAIT, ForkToken, Lock, LockFile, NAME, allocate, barrier, boot_id, check_file_system,
    explain_truncation, fork_token, is_locked, is_on_disk, prepare_for_barriers, remove_lock_files,
    try_lock_brief, wait, wake_all,
};
pub(crate) use way::{Purpose, check_directory};
