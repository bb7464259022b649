//! The two ends of a ring, whatever goes through it: what the tests do with a producer and a reader, of records or of
//! frames.

mod frames;
mod records;

use std::time::Duration;

use ringbuf_core::{Event, Ledger, Next, ReadError};

pub use frames::Frame;

/// A producer of such items.
pub trait Publish<I>: Sized + Send {
    fn published(&self) -> u64;
    /// By one call, if there is one for so many.
    fn publish(&mut self, items: &[I]);
    /// Claims and writes all of them, in the way of the ring, and commits the first so many: if that is none, the claim is given up.
    fn claim(&mut self, items: &[I], commit: usize, is_in_place: bool);
    /// Claims what lies side by side and writes it where it lies.
    fn claim_in_one_piece(&mut self, items: &[I]);
    fn close(self);
}

/// A reader.
pub trait Follow: Sized + Send + 'static {
    type Item;
    type Batch<'a>: Hand<Item = Self::Item>
    where
        Self: 'a;

    fn poll(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError>;
    fn next(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError>;
    fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Self::Batch<'_>>, ReadError>;
    fn latest(&self) -> Option<(u64, Self::Item)>;
    fn ledger(&self) -> Ledger;
    fn cursor(&self) -> u64;
    fn lag(&self) -> u64;
    fn is_demoted(&self) -> bool;
    fn rejoin(&mut self) -> Result<(), ReadError>;
}

/// A batch in hand.
pub trait Hand {
    type Item;

    fn first_sequence(&self) -> u64;
    fn missed(&self) -> u64;
    fn event(&self) -> Option<Event>;
    /// Each with its sequence and its publication time.
    fn items(&self) -> impl Iterator<Item = (u64, Self::Item, Option<i64>)>;
}

/// What readers of both kinds do by the same names.
macro_rules! alike {
    () => {
        fn poll(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError> {
            self.poll()
        }

        fn next(&mut self) -> Result<Option<Self::Batch<'_>>, ReadError> {
            self.next()
        }

        fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Self::Batch<'_>>, ReadError> {
            self.next_timeout(timeout)
        }

        fn ledger(&self) -> Ledger {
            self.ledger()
        }

        fn cursor(&self) -> u64 {
            self.cursor()
        }

        fn lag(&self) -> u64 {
            self.lag()
        }

        fn is_demoted(&self) -> bool {
            self.is_demoted()
        }

        fn rejoin(&mut self) -> Result<(), ReadError> {
            self.rejoin()
        }
    };
}
use alike;

/// What batches of both kinds do by the same names.
macro_rules! hand_alike {
    () => {
        fn first_sequence(&self) -> u64 {
            self.first_sequence()
        }

        fn missed(&self) -> u64 {
            self.missed()
        }

        fn event(&self) -> Option<Event> {
            self.event()
        }
    };
}
use hand_alike;
