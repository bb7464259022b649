//! Room for the bytes of a file, and the kinds of room that are refused.
#![allow(unsafe_code)]

use super::super::RefusedFileSystem;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// There are kernels where a signal takes back the piece in progress (6.18 finishes it), so a piece
/// must be done between two ticks of a profiler's timer: about a millisecond on tmpfs.
const PIECE: u64 = 4 << 20;

/// How often a piece is begun again after a signal.
const TRIES: u32 = 100;

/// Gives the file `len` bytes that really exist, so that no later write through a mapping finds
/// the file system full. What is in the file stays. [`ErrorKind::StorageFull`] when there is no
/// room.
///
/// [`ErrorKind::FileTooLarge`] when this process may not make files of that size: the kernel would end it
/// with a signal.
pub(crate) fn allocate(file: &File, len: u64) -> io::Result<()> {
    if len > largest_file() {
        return Err(ErrorKind::FileTooLarge.into());
    }
    // A file system in memory gives out what there is to the last page, and then programs are ended that have
    // nothing to do with it.
    if !is_on_disk(file) && available_memory().is_some_and(|available| len > available) {
        return Err(ErrorKind::StorageFull.into());
    }
    if free_space(file).is_some_and(|free| len > free) {
        return Err(ErrorKind::StorageFull.into());
    }
    let mut start = 0;
    while start < len {
        let end = start.saturating_add(PIECE).min(len);
        allocate_piece(file, start, end - start)?;
        start = end;
    }
    Ok(())
}

/// Bytes that this user can have of the file system, as far as it says so: others may take them first.
fn free_space(file: &File) -> Option<u64> {
    let found = status(file)?;
    let unit = u64::try_from(found.f_frsize).ok()?;
    found.f_bavail.checked_mul(unit)
}

/// Bytes of memory that can be had without taking them from anybody, less a tenth; `None` if the system does not
/// say.
fn available_memory() -> Option<u64> {
    available_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024).map(|bytes| bytes - bytes / 10)
}

/// The limit of this process (`ulimit -f`), in bytes.
fn largest_file() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: getrlimit(2) writes one struct rlimit through its second argument, which points to a live one;
    // if it fails it writes nothing, and the limit stays infinite.
    unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) };
    limit.rlim_cur
}

fn allocate_piece(file: &File, start: u64, len: u64) -> io::Result<()> {
    let (Ok(start), Ok(len)) = (i64::try_from(start), i64::try_from(len)) else {
        return Err(ErrorKind::FileTooLarge.into());
    };
    let result = retried(|| {
        // SAFETY: posix_fallocate(3) takes numbers alone; the descriptor is open, as `file` owns it.
        unsafe { libc::posix_fallocate(file.as_raw_fd(), start, len) }
    });
    match result {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Calls what returns its error as a number again while a signal is to blame.
fn retried(mut call: impl FnMut() -> libc::c_int) -> libc::c_int {
    let mut tries = 1;
    loop {
        match call() {
            libc::EINTR if tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

/// Refuses file systems on which a shared mapping or a lock does not reach every process.
pub(crate) fn check_file_system(file: &File) -> Result<(), RefusedFileSystem> {
    let refused = match file_system(file) {
        Some(kind) => refused_name(kind),
        // A local file system has nothing that could fail here; a server that is gone has.
        None => Some("that does not answer"),
    };
    match refused {
        Some(name) => Err(RefusedFileSystem { name }),
        None => Ok(()),
    }
}

/// Whether what is written to the file outlives the system, rather than lying in its memory.
pub(crate) fn is_on_disk(file: &File) -> bool {
    const RAMFS: u32 = 0x8584_58F6;
    let in_memory = [
        libc::TMPFS_MAGIC as u32,
        libc::HUGETLBFS_MAGIC as u32,
        RAMFS,
    ];
    file_system(file).is_none_or(|kind| !in_memory.contains(&kind))
}

/// The kind of file system, as statfs(2) numbers them; `None` if it does not say.
fn file_system(file: &File) -> Option<u32> {
    Some(status(file)?.f_type as u32)
}

fn status(file: &File) -> Option<libc::statfs> {
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: fstatfs(2) writes one struct statfs through its second argument, which points to
    // enough room for one; the descriptor is open, as `file` owns it.
    let result = unsafe { libc::fstatfs(file.as_raw_fd(), found.as_mut_ptr()) };
    if result != 0 {
        return None;
    }
    // SAFETY: fstatfs returned 0 and has then filled the whole struct.
    Some(unsafe { found.assume_init() })
}

/// The numbers are those of statfs(2); all of them fit 32 bits, wider where the field is.
fn refused_name(kind: u32) -> Option<&'static str> {
    match kind {
        0x6969 => Some("NFS"),
        0x517B | 0xFE53_4D42 | 0xFF53_4D42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_does_not_end_an_allocation() {
        let mut results = [libc::EINTR, libc::EINTR, libc::ENOSPC, 0].into_iter();
        assert_eq!(retried(|| results.next().unwrap()), libc::ENOSPC);
        let mut calls = 0;
        let result = retried(|| {
            calls += 1;
            libc::EINTR
        });
        assert_eq!((result, calls), (libc::EINTR, TRIES));
    }

    #[test]
    fn the_memory_available_is_found() {
        let meminfo = "MemTotal:       24 kB\nMemAvailable:   1000 kB\nBuffers: 5 kB\n";
        assert_eq!(available_in(meminfo), Some(921_600));
        for strange in [
            "",
            "MemAvailable: x kB",
            "MemAvailable: 5",
            "MemAvailable: 99999999999999999999 kB",
        ] {
            assert_eq!(available_in(strange), None, "{strange}");
        }
        assert!(available_memory().is_some());
    }

    #[test]
    fn remote_file_systems_have_names() {
        let names = [
            0x6969,
            0x517B,
            0xFE53_4D42,
            0xFF53_4D42,
            0x0102_1997,
            0x6573_5546,
        ]
        .map(|kind| refused_name(kind).unwrap());
        assert_eq!(names, ["NFS", "SMB", "SMB", "SMB", "9p", "FUSE"]);
        let tmpfs = libc::TMPFS_MAGIC as u32;
        let ext4 = libc::EXT4_SUPER_MAGIC as u32;
        assert_eq!([tmpfs, ext4].map(refused_name), [None, None]);
    }
}
