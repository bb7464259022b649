//! The directory in which one user keeps rings, and who may write there.

use std::fs::{DirBuilder, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::rights::{Actor, Rights};

/// Why a directory is not a safe place for rings.
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
    /// Others may replace what lies in it, or in a directory on the way to it.
    #[error(
        "{} is not safe for rings: {} (user {}, group {}, mode {:04o}) lets others replace what is in it, \
         expected a directory that only its owner can write, or a sticky one; run `chmod go-w {1}`, or \
         `chmod +t {1}` if others are to keep files there, or use another directory",
        directory.display(), found.display(), rights.owner, rights.group, rights.mode
    )]
    Replaceable {
        directory: PathBuf,
        found: PathBuf,
        rights: Rights,
    },
    /// Its owner, who is neither this user nor the superuser, could replace the files made in it.
    #[error(
        "{} belongs to user {owner} (mode {mode:04o}), who could replace a ring made in it; expected a directory \
         of user {user}, who runs this program, or of root, or a sticky one; use a directory of your own",
        path.display()
    )]
    OthersDirectory {
        path: PathBuf,
        owner: u32,
        mode: u32,
        user: u32,
    },
}

/// Where the rings of this user are kept unless told otherwise. It may not exist yet.
#[cfg(target_os = "linux")]
pub(crate) fn default_directory() -> PathBuf {
    PathBuf::from(format!("/dev/shm/ringbuf-{}", Actor::this().user))
}

/// Where the rings of this user are kept unless told otherwise. It may not exist yet.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn default_directory() -> PathBuf {
    std::env::temp_dir().join(format!("ringbuf-{}", Actor::this().user))
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
    let Some(Rights { owner, mode, .. }) = Rights::of(metadata) else {
        return Ok(());
    };
    let user = Actor::this().user;
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
