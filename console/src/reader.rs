//! What following a ring needs of a reader, whether it reads records or frames.

use std::time::Duration;

use ringbuf_core::{
    Event, FrameBatch, FrameReader, Ledger, Next, ReadError, UntypedBatch, UntypedReader,
};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of a fixed size.
    Records,
    /// Of any size.
    Frames,
}

impl Kind {
    /// The word for so many of them.
    pub fn word(self, count: u64) -> &'static str {
        match (self, count) {
            (Kind::Records, 1) => "record",
            (Kind::Records, _) => "records",
            (Kind::Frames, 1) => "frame",
            (Kind::Frames, _) => "frames",
        }
    }
}

/// A reader of a ring.
pub trait RingReader {
    /// What it brings.
    type Batch<'a>: RingBatch
    where
        Self: 'a;

    /// What it reads.
    const KIND: Kind;

    /// What is new, if anything.
    fn poll(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError>;
    /// What is new, waiting at most so long for it.
    fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Self::Batch<'_>>, ReadError>;
    /// Makes the producer wait for it again.
    fn rejoin(&mut self) -> Result<(), ReadError>;
    /// What became of all since it joined.
    fn ledger(&self) -> Ledger;
    /// Published and not yet read.
    fn lag(&self) -> u64;
    /// For how long the oldest of them has been published.
    fn lag_time(&self) -> Option<Duration>;
    /// Whether the producer does not wait for it any more.
    fn is_demoted(&self) -> bool;
    /// Whether the ring did not reach back to where it was to begin.
    fn begins_late(&self) -> bool;
    /// Whether what it reads may be damaged.
    fn is_unverified(&self) -> bool;
    /// Whether it is not listed.
    fn is_observer(&self) -> bool;
}

/// What came at once.
#[expect(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait RingBatch {
    /// How many there are.
    fn len(&self) -> usize;
    /// The sequence of the first.
    fn first_sequence(&self) -> u64;
    /// How many were missed just before it.
    fn missed(&self) -> u64;
    /// What happened just before it.
    fn event(&self) -> Option<Event>;
    /// When this one was published, nanoseconds since the Unix epoch.
    fn published_ns(&self, index: usize) -> Option<i64>;

    /// Tells of the first so many of them, in order: the sequence, how many were read from there on, and how many were
    /// missed before them.
    fn count(&self, read: usize, advance: impl FnMut(u64, u64, u64));
}

/// What both readers call the same.
macro_rules! delegated {
    () => {
        fn poll(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError> {
            self.poll()
        }

        fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Self::Batch<'_>>, ReadError> {
            self.next_timeout(timeout)
        }

        fn rejoin(&mut self) -> Result<(), ReadError> {
            self.rejoin()
        }

        fn ledger(&self) -> Ledger {
            self.ledger()
        }

        fn lag(&self) -> u64 {
            self.lag()
        }

        fn lag_time(&self) -> Option<Duration> {
            self.lag_time()
        }

        fn is_demoted(&self) -> bool {
            self.is_demoted()
        }

        fn begins_late(&self) -> bool {
            self.begins_late()
        }

        fn is_unverified(&self) -> bool {
            self.is_unverified()
        }

        fn is_observer(&self) -> bool {
            self.is_observer()
        }
    };
}

impl RingReader for UntypedReader {
    type Batch<'a> = UntypedBatch<'a>;

    const KIND: Kind = Kind::Records;

    delegated!();
}

impl RingReader for FrameReader {
    type Batch<'a> = FrameBatch<'a>;

    const KIND: Kind = Kind::Frames;

    delegated!();
}

impl RingBatch for UntypedBatch<'_> {
    fn len(&self) -> usize {
        self.records().len()
    }

    fn first_sequence(&self) -> u64 {
        self.first_sequence()
    }

    fn missed(&self) -> u64 {
        self.missed()
    }

    fn event(&self) -> Option<Event> {
        self.event()
    }

    fn published_ns(&self, index: usize) -> Option<i64> {
        self.published_ns(index)
    }

    fn count(&self, read: usize, mut advance: impl FnMut(u64, u64, u64)) {
        advance(self.first_sequence(), read as u64, self.missed());
    }
}

impl RingBatch for FrameBatch<'_> {
    fn len(&self) -> usize {
        self.len()
    }

    fn first_sequence(&self) -> u64 {
        self.first_sequence()
    }

    fn missed(&self) -> u64 {
        self.missed()
    }

    fn event(&self) -> Option<Event> {
        self.event()
    }

    fn published_ns(&self, index: usize) -> Option<i64> {
        self.frames().nth(index)?.published_ns()
    }

    /// Between them lie those that nobody asked for.
    fn count(&self, read: usize, mut advance: impl FnMut(u64, u64, u64)) {
        advance(self.first_sequence(), 0, self.missed());
        for frame in self.frames().take(read) {
            advance(frame.sequence(), 1, 0);
        }
    }
}
