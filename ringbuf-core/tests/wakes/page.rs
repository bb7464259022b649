//! A page that the processes of one row share, beside the ring: how far each is, and how its sleeps ended.
#![allow(unsafe_code)]

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::MmapRaw;

/// Processes of a row, the producer first.
pub const LANES: usize = 5;

/// A number that one process changes and the others read.
#[derive(Debug)]
#[repr(transparent)]
pub struct Number(AtomicU64);

impl Number {
    pub fn load(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub fn store(&self, value: u64) {
        self.0.store(value, Ordering::Release);
    }

    /// The sum.
    pub fn add(&self, more: u64) -> u64 {
        self.0.fetch_add(more, Ordering::AcqRel) + more
    }
}

/// What one process tells the others.
#[derive(Debug)]
#[repr(C, align(128))]
pub struct Lane {
    /// What it is about to wait for, or waits for: that its peers have done so much.
    pub wants: Number,
    /// What it has done for them. Stored when the call that wakes them has returned.
    pub done: Number,
    /// What it is ready for, where there is more to agree upon.
    pub ready: Number,
    /// Odd while it is inside of a futex wait.
    pub waiting: Number,
    /// Its thread, as the system numbers it.
    pub thread: Number,
    pub seed: Number,
    pub rounds: Number,
    /// Futex waits, and those of them in which the thread was really taken off its processor.
    pub calls: Number,
    pub sleeps: Number,
    /// How they ended: woken, the word had another value (EAGAIN), too late, anything else.
    pub woken: Number,
    pub changed: Number,
    pub timeouts: Number,
    pub others: Number,
    /// Calls that wake.
    pub wakes: Number,
}

/// All zeros at first.
#[derive(Debug)]
#[repr(C)]
pub struct Page {
    /// It is enough.
    pub stop: Number,
    pub lanes: [Lane; LANES],
}

impl Page {
    /// The page in this file, for as long as the process lives.
    pub fn open(path: &Path) -> &'static Page {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(path).unwrap();
        file.set_len(size_of::<Page>() as u64).unwrap();
        let mapping = Box::leak(Box::new(MmapRaw::map_raw(&file).unwrap()));
        let page = mapping.as_ptr().cast::<Page>();
        // SAFETY: the mapping is as long as a page, begins at a page of the system and is never given back; every
        // bit pattern is a number, and all access is atomic.
        unsafe { &*page }
    }

    /// The others, as seen from one of them: readers have the producer, the producer has its readers.
    pub fn peers(&self, lane: usize, readers: usize) -> &[Lane] {
        match lane {
            0 => &self.lanes[1..=readers],
            _ => &self.lanes[..1],
        }
    }

    pub fn sleeps(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.sleeps.load()).sum()
    }
}
