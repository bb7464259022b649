//! Memory that threads or processes share, with no ring in it: for the bare machine.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64};

use memmap2::{MmapOptions, MmapRaw};

/// A cache line to itself, and its neighbour that the processor fetches with it.
pub const LINE: usize = 128;

/// A mapping of zeros, shared.
#[derive(Debug)]
pub struct Shared {
    map: MmapRaw,
}

impl Shared {
    /// For threads of this process, in pages like those of a file in memory.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn anonymous(bytes: usize) -> io::Result<Shared> {
        let map = MmapOptions::new().len(bytes).map_anon()?.into();
        Ok(Shared { map })
    }

    /// For processes that name the same file, which is made if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be made or mapped.
    pub fn file(path: &Path, bytes: usize) -> io::Result<Shared> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file.set_len(bytes as u64)?;
        let map = MmapOptions::new().len(bytes).map_raw(&file)?;
        Ok(Shared { map })
    }

    /// The word at the begin of a line.
    ///
    /// # Panics
    ///
    /// The mapping has no such line.
    pub fn word(&self, line: usize) -> &AtomicU64 {
        // SAFETY: in the mapping, which lives as long as `self`, is shared and is made of bytes that may have any
        // value; a page's begin plus a multiple of 128 is aligned. Everybody reaches it through atomics.
        unsafe { AtomicU64::from_ptr(self.line(line).cast()) }
    }

    /// All words of a line.
    ///
    /// # Panics
    ///
    /// The mapping has no such line.
    pub fn words(&self, line: usize) -> &[AtomicU64; LINE / 8] {
        // SAFETY: as in `word`; an array of atomics is as one, and all of the line lies in the mapping.
        unsafe { &*self.line(line).cast() }
    }

    /// As [`Shared::word`], half of it: what a futex is.
    ///
    /// # Panics
    ///
    /// The mapping has no such line.
    pub fn half_word(&self, line: usize) -> &AtomicU32 {
        // SAFETY: as in `word`; the begin of a line is used as one of both.
        unsafe { AtomicU32::from_ptr(self.line(line).cast()) }
    }

    /// Where a line begins.
    ///
    /// # Panics
    ///
    /// The mapping has no such line.
    pub fn line(&self, line: usize) -> *mut u8 {
        assert!(line < self.map.len() / LINE, "no line {line}");
        // SAFETY: within the mapping, as just checked.
        unsafe { self.map.as_mut_ptr().add(line * LINE) }
    }
}
