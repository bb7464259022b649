//! A file in memory, shared with every process that maps it.

use super::system;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The beginning of a file, mapped and shared. Its address is a multiple of 4096; it stays where
/// it is until this value is dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Dropped first: as long as it says what lies here, it does.
    _noted: Option<system::Noted>,
    memory: MmapRaw,
    writable: bool,
}

impl Mapping {
    /// Maps `len` bytes for reading and writing; the file must be open for both.
    pub(crate) fn read_write(file: &File, len: usize) -> io::Result<Mapping> {
        Ok(Mapping {
            _noted: None,
            memory: checked(file, len)?.map_raw(file)?,
            writable: true,
        })
    }

    /// Maps `len` bytes for reading only: writing through [`Mapping::as_ptr`] ends the process.
    pub(crate) fn read_only(file: &File, len: usize) -> io::Result<Mapping> {
        Ok(Mapping {
            _noted: None,
            memory: checked(file, len)?.map_raw_read_only(file)?,
            writable: false,
        })
    }

    /// Notes which file this is, for who asks after a fault. Only where somebody can ask: see
    /// [`explain_truncation`](super::explain_truncation).
    pub(crate) fn noted_as(self, path: &Path) -> Mapping {
        Mapping {
            _noted: system::note(self.as_ptr().addr(), self.len(), path),
            ..self
        }
    }

    /// The first byte; [`Mapping::len`] bytes from here on are mapped.
    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }

    /// How many bytes are mapped.
    pub(crate) fn len(&self) -> usize {
        self.memory.len()
    }

    /// Writes what was changed to the disk, and waits until it is there; for a file in memory there is nothing to
    /// do.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.memory.flush()
    }

    /// As [`Mapping::flush`], for the page at `offset` alone.
    pub(crate) fn flush_page(&self, offset: usize) -> io::Result<()> {
        self.memory.flush_range(offset, 1)
    }

    /// Brings the pages into this process's page tables now, so that the first touch of each one
    /// costs nothing later. A wish: where the system cannot do it, nothing happens.
    pub(crate) fn prefault(&self) {
        system::prefault(&self.memory, self.writable);
    }
}

/// Touching a page that lies wholly behind the end of its file ends the process, so the end is
/// looked up first.
fn checked(file: &File, len: usize) -> io::Result<MmapOptions> {
    if len == 0 {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "found a length of 0 bytes to map, expected at least 1",
        ));
    }
    let found = file.metadata()?.len();
    if found < len as u64 {
        return Err(io::Error::new(
            ErrorKind::UnexpectedEof,
            format!("found a file of {found} bytes, expected at least {len}: it was cut short"),
        ));
    }
    let mut options = MmapOptions::new();
    options.len(len);
    Ok(options)
}
