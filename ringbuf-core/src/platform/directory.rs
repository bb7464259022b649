//! The directory in which one user keeps rings, and who may write there.
#![allow(unsafe_code)]

use std::fs::{DirBuilder, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why a directory is not a safe place for this user's rings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    /// It is missing and cannot be made.
    #[error(
        "{} is missing and cannot be made: {source}; make it, or name another directory in \
         RINGBUF_DIR", path.display()
    )]
    Create { path: PathBuf, source: io::Error },
    /// It cannot be looked at.
    #[error("{} cannot be examined: {source}", path.display())]
    Examine { path: PathBuf, source: io::Error },
    /// Something else has its name.
    #[error(
        "found {found} at {}, expected a directory; remove it, or name another directory in \
         RINGBUF_DIR", path.display()
    )]
    NotADirectory { path: PathBuf, found: &'static str },
    /// Another user made it, and could replace every file in it.
    #[error(
        "{} belongs to user {owner}, expected user {user}, who runs this program; name a \
         directory of your own in RINGBUF_DIR", path.display()
    )]
    OtherOwner {
        path: PathBuf,
        owner: u32,
        user: u32,
    },
    /// Others may put files there.
    #[error(
        "{} has mode {mode:04o}, which lets others replace the files in it, expected 0700; run \
         `chmod go-w {0}`, or name another directory in RINGBUF_DIR", path.display()
    )]
    WritableByOthers { path: PathBuf, mode: u32 },
}

/// The number of the user this program acts for; 0 where users have none.
#[cfg(unix)]
pub(crate) fn effective_user() -> u32 {
    // SAFETY: geteuid(2) takes nothing, touches no memory of ours and always succeeds.
    unsafe { libc::geteuid() }
}

/// The number of the user this program acts for; 0 where users have none.
#[cfg(not(unix))]
pub(crate) fn effective_user() -> u32 {
    0
}

/// Where the rings of this user are kept unless told otherwise. It may not exist yet.
#[cfg(target_os = "linux")]
pub(crate) fn default_directory() -> PathBuf {
    PathBuf::from(format!("/dev/shm/ringbuf-{}", effective_user()))
}

/// Where the rings of this user are kept unless told otherwise. It may not exist yet.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn default_directory() -> PathBuf {
    std::env::temp_dir().join(format!("ringbuf-{}", effective_user()))
}

/// Where the rings of this user are kept unless told otherwise. It may not exist yet.
#[cfg(not(unix))]
pub(crate) fn default_directory() -> PathBuf {
    let user: String = std::env::var("USERNAME")
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    std::env::temp_dir().join(format!("ringbuf-{user}"))
}

/// Makes the directory if it is missing, for this user alone, and checks that nobody else can
/// replace files in it: a real directory, of this user, not writable by others. Where a system
/// does not tell the owner (Windows), only that it is a real directory.
pub(crate) fn ensure_private_directory(path: &Path) -> Result<(), DirectoryError> {
    match for_one_user().create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(source) => {
            let path = path.to_path_buf();
            return Err(DirectoryError::Create { path, source });
        }
    }
    // Looked at after making it, too: in a shared directory somebody may have been quicker.
    match path.symlink_metadata() {
        Ok(metadata) => check(path, &metadata),
        Err(source) => {
            let path = path.to_path_buf();
            Err(DirectoryError::Examine { path, source })
        }
    }
}

/// Checks as [`ensure_private_directory`] does, without making anything: a missing directory is none that
/// others could have filled.
pub(crate) fn check_private_directory(path: &Path) -> Result<(), DirectoryError> {
    match path.symlink_metadata() {
        Ok(metadata) => check(path, &metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => {
            let path = path.to_path_buf();
            Err(DirectoryError::Examine { path, source })
        }
    }
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), DirectoryError> {
    let path = path.to_path_buf();
    if !metadata.is_dir() {
        let found = match metadata.is_symlink() {
            true => "a symbolic link",
            false => "something else",
        };
        return Err(DirectoryError::NotADirectory { path, found });
    }
    let Some((owner, mode)) = owner_and_mode(metadata) else {
        return Ok(());
    };
    let user = effective_user();
    if owner != user {
        return Err(DirectoryError::OtherOwner { path, owner, user });
    }
    if mode & 0o022 != 0 {
        return Err(DirectoryError::WritableByOthers { path, mode });
    }
    Ok(())
}

#[cfg(unix)]
fn for_one_user() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn for_one_user() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(unix)]
fn owner_and_mode(metadata: &Metadata) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.uid(), metadata.mode() & 0o7777))
}

#[cfg(not(unix))]
fn owner_and_mode(_metadata: &Metadata) -> Option<(u32, u32)> {
    None
}
