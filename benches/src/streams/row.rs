//! What one benchmark does.

use std::fmt;

use ringbuf_core::{Delivery, Preset, ReaderOptions, Wait};

use super::RING_BYTES;

/// One benchmark of streams.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// How many readers there are.
    pub readers: usize,
    /// What they ask for; of no meaning without readers.
    pub delivery: Delivery,
    /// How they wait.
    pub wait: Wait,
    /// Where the ring lies.
    pub memory: Memory,
    /// What is published.
    pub what: What,
    /// The size of a record: 8, 64, 1 Ki, 64 Ki or 1 Mi. Of a frame: 1 Ki, 64 Ki, 1 Mi or 8 Mi.
    pub bytes: usize,
    /// How the producer publishes.
    pub how: How,
    /// What the ring was made for.
    pub preset: Preset,
    /// Whether the ring notes publication times.
    pub stamp: bool,
}

/// What a ring is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Records of one size.
    Records,
    /// Frames: each may have another size, though here they have not.
    Frames,
}

/// Where a ring lies, and so what its readers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In the memory of one process: readers are threads.
    Heap,
    /// In a mapped file: readers are processes.
    Mapped,
}

/// How a producer publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Each record by itself.
    One,
    /// 4 KiB at a time.
    Batch,
    /// 4 KiB at a time, or one record of more, made where it lies.
    InPlace,
}

impl Row {
    /// What is in the way of the producer: `1 lossless`, `4 lossy`, `nobody`. Rows are grouped by it.
    pub fn audience(&self) -> String {
        match self.readers {
            0 => "nobody".to_owned(),
            n => format!("{n} {}", self.delivery.name()),
        }
    }

    /// Everything else about it.
    pub fn work(&self) -> String {
        let mut work = format!(
            "{}{}, {}, {}",
            Size(self.bytes),
            match self.what {
                What::Records => "",
                What::Frames => " frames",
            },
            match self.how {
                How::One => "one by one",
                How::Batch => "batches",
                How::InPlace => "in place",
            },
            match self.memory {
                Memory::Heap => "heap",
                Memory::Mapped => "mapped",
            }
        );
        if self.preset == Preset::Latency {
            work += ", latency";
        }
        if self.stamp {
            work += ", stamp";
        }
        if self.readers > 0 && self.wait == Wait::Yield {
            work += ", yielding";
        }
        if self.readers > 0 && self.wait == Wait::Sleep {
            work += ", sleeping";
        }
        work
    }

    /// Bytes that its ring holds: four frames at least.
    pub(super) fn ring_bytes(&self) -> usize {
        RING_BYTES.max(4 * self.bytes)
    }

    /// How its readers attach.
    pub(super) fn reader_options(&self) -> ReaderOptions {
        match self.delivery {
            Delivery::Lossless => ReaderOptions::lossless(),
            _ => ReaderOptions::lossy(),
        }
        .from_oldest()
        .wait(self.wait)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.audience(), self.work()))
    }
}

/// A number of bytes for people.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 1 << 20 => write!(f, "{} MiB", n >> 20),
            n if n >= 1 << 10 => write!(f, "{} KiB", n >> 10),
            n => write!(f, "{n} B"),
        }
    }
}
