//! What following needs of a reader, whether it reads records or frames.

use std::time::Duration;

use ringbuf_core::{
    Event, FrameBatch, FrameReader, Ledger, Next, ReadError, UntypedBatch, UntypedReader,
};

use crate::progress::{Kind, Progress};

/// A reader of a ring.
pub trait RingReader {
    type Batch<'a>: RingBatch
    where
        Self: 'a;

    /// What it reads.
    const KIND: Kind;

    fn poll(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError>;
    fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Self::Batch<'_>>, ReadError>;
    fn rejoin(&mut self) -> Result<(), ReadError>;
    fn ledger(&self) -> Ledger;
    fn lag(&self) -> u64;
    fn lag_time(&self) -> Option<Duration>;
    fn is_demoted(&self) -> bool;
    fn begins_late(&self) -> bool;
    fn is_unverified(&self) -> bool;
    fn is_observer(&self) -> bool;
}

/// What came at once.
pub trait RingBatch {
    fn len(&self) -> usize;
    fn first_sequence(&self) -> u64;
    fn missed(&self) -> u64;
    fn event(&self) -> Option<Event>;
    fn published_ns(&self, index: usize) -> Option<i64>;

    /// Counts the first so many of them as read, and what was missed before them.
    fn count(&self, read: usize, progress: &mut Progress);
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

    fn count(&self, read: usize, progress: &mut Progress) {
        progress.advance(self.first_sequence(), read as u64, self.missed());
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
    fn count(&self, read: usize, progress: &mut Progress) {
        progress.advance(self.first_sequence(), 0, self.missed());
        for frame in self.frames().take(read) {
            progress.advance(frame.sequence(), 1, 0);
        }
    }
}
