//! What is chosen when a ring is created or attached.

use std::fmt;

use crate::protocol::Start;

/// How much a ring keeps.
///
/// ```
/// use ringbuf_core::Retain;
/// assert_eq!(Retain::records(10_000).count(), 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retain {
    records: u64,
}

impl Retain {
    /// The newest `count` records, honoured exactly.
    pub fn records(count: u64) -> Retain {
        Retain { records: count }
    }

    /// The number of records.
    pub fn count(self) -> u64 {
        self.records
    }
}

/// What a reader asks of the producer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Delivery {
    /// The producer never waits. The reader gets copies, and is told exactly what it missed.
    #[default]
    Lossy,
    /// The producer waits while this reader is a full ring behind. The reader reads in place and loses
    /// nothing while it lives.
    Lossless,
}

impl Delivery {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Delivery::Lossy => "lossy",
            Delivery::Lossless => "lossless",
        }
    }

    /// The number in the files.
    pub(crate) fn code(self) -> u32 {
        match self {
            Delivery::Lossy => 1,
            Delivery::Lossless => 2,
        }
    }

    /// The delivery of a number in the files.
    pub(crate) fn from_code(code: u64) -> Option<Delivery> {
        [Delivery::Lossy, Delivery::Lossless]
            .into_iter()
            .find(|delivery| u64::from(delivery.code()) == code)
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a new ring is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// Many records in batches: nothing is done that one record does not need.
    #[default]
    Throughput,
    /// Single records, each as soon as possible: the newest one is mirrored beside the indices, where a
    /// waiting reader looks anyway. Records of more than 112 bytes are not mirrored.
    Latency,
}

/// How to create a ring.
///
/// ```
/// use ringbuf_core::{CreateOptions, Delivery, Preset};
///
/// let options = CreateOptions::default()
///     .preset(Preset::Latency)
///     .allow(Delivery::Lossy); // nobody may hold this producer up
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct CreateOptions {
    pub(crate) allow: Delivery,
    pub(crate) preset: Preset,
    pub(crate) mode: u32,
    pub(crate) replace: bool,
}

impl Default for CreateOptions {
    fn default() -> Self {
        CreateOptions {
            allow: Delivery::Lossless,
            preset: Preset::default(),
            mode: 0o600,
            replace: false,
        }
    }
}

impl CreateOptions {
    /// The most demanding delivery a reader may ask for; by default every one.
    pub fn allow(mut self, most: Delivery) -> Self {
        self.allow = most;
        self
    }

    /// What the ring is made for.
    pub fn preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }

    /// Takes a ring of this name whose producer is gone away and makes a new one, even if it would fit.
    /// Its readers are told that it was replaced.
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }
}

/// How a reader waits for the next record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Looks again and again: the lowest latency, a whole core.
    Spin,
    /// Looks again and lets others run in between: for more readers than cores.
    Yield,
    /// Looks for a few microseconds, then sleeps until the producer wakes it.
    #[default]
    Sleep,
}

/// How to attach.
///
/// ```
/// use ringbuf_core::ReaderOptions;
///
/// let options = ReaderOptions::lossless().named("fft").from_oldest();
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    pub(crate) delivery: Delivery,
    pub(crate) name: Option<String>,
    pub(crate) start: Start,
    pub(crate) wait: Wait,
}

impl ReaderOptions {
    /// Whoever is too slow misses records, and is told which.
    pub fn lossy() -> ReaderOptions {
        ReaderOptions::default()
    }

    /// Nothing is lost; the producer waits if need be.
    pub fn lossless() -> ReaderOptions {
        ReaderOptions {
            delivery: Delivery::Lossless,
            ..ReaderOptions::default()
        }
    }

    /// The name that tools show; the first 64 bytes count. By default that of the program.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Begins with the oldest record that is kept. A lossless reader that joins while the producer runs may
    /// begin up to an eighth of the ring later, which is not counted as missed: it had not joined yet.
    pub fn from_oldest(self) -> Self {
        self.start(Start::Oldest)
    }

    /// Begins with the next record to be published; the default.
    pub fn from_now(self) -> Self {
        self.start(Start::Now)
    }

    /// Begins where `start` says.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// How to wait for the next record.
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }
}
