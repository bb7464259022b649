//! Opening and making files without being led astray by what lies at the path.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::rights::set_mode;

/// Which file this is, whatever it is called now. Equal means the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    dev: u64,
    ino: u64,
}

/// The identity of an open file.
pub(crate) fn file_id(file: &File) -> io::Result<FileId> {
    Ok(identity(&file.metadata()?))
}

/// The identity of the file at this path now. A symbolic link is not followed, as opening does
/// not follow it either.
pub(crate) fn path_id(path: &Path) -> io::Result<FileId> {
    Ok(identity(&path.symlink_metadata()?))
}

/// Opens a regular file for reading. Whatever else lies there is refused, without waiting.
pub(crate) fn open_read(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true), path)
}

/// Opens a regular file for reading and writing. Whatever else lies there is refused, without
/// waiting.
pub(crate) fn open_read_write(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true).write(true), path)
}

/// Makes a new file with exactly this mode, whatever the umask; refuses a path that is taken.
pub(crate) fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    let mode = mode & 0o777;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    let file = guarded(&mut options, mode).open(path)?;
    if let Err(error) = set_mode(&file, mode) {
        // A file with another mode than asked for must not be found by anybody.
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = guarded(options, 0)
        .open(path)
        .map_err(|error| explain(error, path))?;
    if !file.metadata()?.is_file() {
        return Err(not_a_file(path));
    }
    Ok(file)
}

/// Says what lies at a path that could not be opened, where the system's own message would not.
fn explain(error: io::Error, path: &Path) -> io::Error {
    // A link is reported as "too many levels of symbolic links", a socket as "no such device".
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => not_a_file(path),
        _ => error,
    }
}

fn not_a_file(path: &Path) -> io::Error {
    let found = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => "a symbolic link",
        Ok(metadata) if metadata.is_dir() => "a directory",
        _ => "a pipe, a socket or a device",
    };
    io::Error::new(
        ErrorKind::InvalidInput,
        format!("found {found}, expected a regular file: give the path of the file itself"),
    )
}

#[cfg(unix)]
fn guarded(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    // O_NONBLOCK: a named pipe in the place of the file would otherwise wait for its other end.
    // O_NOCTTY: a terminal there would become ours. std adds O_CLOEXEC.
    options
        .mode(mode)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
}

#[cfg(not(unix))]
fn guarded(options: &mut OpenOptions, _mode: u32) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    FileId {
        dev: metadata.dev(),
        ino: metadata.ino(),
    }
}

/// Windows keeps the number of a file behind an interface that std has not stabilised. The time
/// of creation tells two rings of one name apart, except when one replaces the other within
/// seconds: then the file system hands the old time on. Rings carry an identity of their own.
#[cfg(windows)]
fn identity(metadata: &Metadata) -> FileId {
    use std::os::windows::fs::MetadataExt;
    FileId {
        dev: 0,
        ino: metadata.creation_time(),
    }
}
