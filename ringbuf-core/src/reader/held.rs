//! Batches that are held on their own, several at once, beside a reader that reads on.

use std::time::{Duration, Instant};

use super::core::{Event, Handout, Next, ReaderCore};
use super::seat::{Ticket, Watch};
use super::untyped::UntypedReader;
use crate::cast;
use crate::error::ReadError;
use crate::options::Delivery;
use crate::protocol::keep::Keeper;
use crate::protocol::{Fault, News, Where};

/// Records that are held on their own: they may be sent to other threads, and outlive the reader.
///
/// Those of a lossless reader lie in the ring, and the producer does not overwrite them as long as this lives; several
/// may be held at once, and are given back in the order of the ring, whatever the order in which they are dropped.
/// Others are copies. In a forked child there is nothing in those that lie in the ring: they are its parent's.
#[derive(Debug)]
pub struct HeldBatch {
    body: Body,
    first: u64,
    count: u64,
    missed: u64,
    event: Option<Event>,
    /// Of publication times to wall time; `None` where there are none.
    clock_offset_ns: Option<i64>,
}

#[derive(Debug)]
enum Body {
    Kept(Ticket),
    Copied {
        /// Words, so that records lie aligned.
        words: Vec<u64>,
        bytes: usize,
        stamps: Vec<u64>,
    },
}

impl HeldBatch {
    /// All the records, one directly after the other, at a multiple of 8 if the size of a record is one.
    #[allow(unsafe_code)]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Kept(ticket) if ticket.seat.is_child() => &[],
            Body::Kept(ticket) => {
                let memory = ticket.seat.memory();
                // SAFETY: the ticket was made for these records when they were handed out in place, and gives them back when
                // it is dropped, which ends this borrow.
                let records = unsafe { Keeper::records(memory, self.first, self.count) };
                records.bytes()
            }
            Body::Copied { words, bytes, .. } => &cast::words_as_bytes_ref(words)[..*bytes],
        }
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none: it only brings an [`Event`], or only says what was missed.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The sequence of the first record; the others follow it one by one.
    pub fn first_sequence(&self) -> u64 {
        self.first
    }

    /// How many records just before the first one the reader missed.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// What happened just before the first record.
    pub fn event(&self) -> Option<Event> {
        self.event
    }

    /// As [`UntypedBatch::published_ns`](crate::UntypedBatch::published_ns).
    pub fn published_ns(&self, index: usize) -> Option<i64> {
        let offset = self.clock_offset_ns.filter(|_| index < self.len())?;
        let stamp = match &self.body {
            Body::Kept(ticket) if ticket.seat.is_child() => return None,
            Body::Kept(ticket) => {
                let mut stamp = [0];
                let record = self.first + index as u64;
                ticket.seat.memory().load_stamps(record, 1, &mut stamp);
                stamp[0]
            }
            Body::Copied { stamps, .. } => *stamps.get(index)?,
        };
        Some(offset.saturating_add_unsigned(stamp))
    }

    /// Whether the records lie in the ring, and hold its producer.
    pub fn is_in_place(&self) -> bool {
        matches!(self.body, Body::Kept(_))
    }
}

/// What [`UntypedReader::read_into`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadInto {
    /// Records copied; none when there is only something to tell.
    pub count: usize,
    /// The sequence of the first; the others follow it one by one.
    pub first_sequence: u64,
    /// How many records just before it this reader missed.
    pub missed: u64,
    /// What happened just before it.
    pub event: Option<Event>,
}

impl ReaderCore {
    /// Keeps a handout in place beyond the next look; what was copied is given back at once.
    pub(crate) fn keep(&mut self, handout: &Handout) -> Option<Ticket> {
        if handout.run.count == 0 || handout.run.at != Where::Cells {
            self.release();
            return None;
        }
        let ticket = self.seat.keep(handout.run.first);
        self.follower.keep();
        self.reached();
        Some(ticket)
    }

    fn hold(&mut self, handout: Handout) -> HeldBatch {
        let run = handout.run;
        // The records of producers that the ring has forgotten have no time on the wall.
        let clock_offset_ns = self
            .follower
            .epoch()
            .filter(|_| self.geometry.stamped)
            .and(self.clock_offset_ns);
        let copied = if run.at == Where::Cells {
            Vec::new()
        } else {
            let bytes = self.bytes(&run);
            let mut words = vec![0; bytes.len().div_ceil(8)];
            cast::words_as_bytes(&mut words)[..bytes.len()].copy_from_slice(bytes);
            words
        };
        let stamps = self.stamps_of(&handout);
        let body = match self.keep(&handout) {
            Some(ticket) => Body::Kept(ticket),
            None => Body::Copied {
                words: copied,
                bytes: run.count as usize * self.geometry.stride,
                stamps,
            },
        };
        HeldBatch {
            body,
            first: run.first,
            count: run.count,
            missed: handout.missed,
            event: handout.event,
            clock_offset_ns,
        }
    }

    /// When copied records were published, by the ring's clock.
    fn stamps_of(&self, handout: &Handout) -> Vec<u64> {
        let run = &handout.run;
        if !self.geometry.stamped || run.at == Where::Cells {
            return Vec::new();
        }
        if self.delivery == Delivery::Lossless {
            let mut stamps = vec![0; run.count as usize];
            let memory = self.follower.memory();
            memory.load_stamps(run.first, run.count, &mut stamps);
            return stamps;
        }
        let first = run.offset() / self.geometry.stride;
        self.stamps[first..first + run.count as usize].to_vec()
    }

    fn read_into(
        &mut self,
        records: &mut [u8],
        deadline: Option<Instant>,
    ) -> Result<Next<ReadInto>, ReadError> {
        let stride = self.geometry.stride;
        let room = records.len() / stride;
        if room == 0 {
            return Err(ReadError::NoRoom {
                found: records.len(),
                record_size: stride,
            });
        }
        let is_lossless = self.delivery == Delivery::Lossless;
        // However much room there is, no look brings more than a ring keeps.
        let most_stamps = room.min(self.geometry.capacity as usize);
        if self.geometry.stamped && !is_lossless && self.stamps.len() < most_stamps {
            self.stamps.resize(most_stamps, 0);
        }
        let most = self.in_place;
        self.in_place = most.min(room as u64);
        // The newest record alone would come in a buffer of this reader.
        let takes_newest = self.takes_newest;
        self.takes_newest = is_lossless && takes_newest;
        let found = self.next_by(deadline, |core| match is_lossless {
            true => core.attempt(),
            false => core.attempt_into(records),
        });
        self.in_place = most;
        self.takes_newest = takes_newest;
        let Handout { run, missed, event } = match found? {
            Next::Batch(handout) => handout,
            Next::TimedOut => return Ok(Next::TimedOut),
            Next::Closed => return Ok(Next::Closed),
        };
        let len = run.count as usize * stride;
        if is_lossless {
            records[..len].copy_from_slice(self.bytes(&run));
        } else {
            records.copy_within(run.offset()..run.offset() + len, 0);
        }
        self.release();
        if run.count == room as u64 {
            // There may be more already, which nobody needs to wait for.
            self.idle.gathers_since = None;
        }
        Ok(Next::Batch(ReadInto {
            count: run.count as usize,
            first_sequence: run.first,
            missed,
            event,
        }))
    }

    fn attempt_into(&mut self, records: &mut [u8]) -> Result<News, Fault> {
        match self.delivery {
            Delivery::Bounded(_) if !self.is_demoted => {
                self.follower.poll_bounded(records, &mut self.stamps)
            }
            _ => self.follower.poll_copy(records, &mut self.stamps),
        }
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch::new(&self.seat)
    }

    pub(crate) fn held(&self) -> u64 {
        match self.follower.keeps() && !self.fork.is_child() {
            true => self.seat.held(),
            false => 0,
        }
    }

    pub(crate) fn is_in_the_way(&self) -> bool {
        !self.fork.is_child() && self.seat.is_in_the_way()
    }

    pub(crate) fn check_room(&self) {
        if !self.fork.is_child() {
            self.seat.check_room();
        }
    }
}

impl UntypedReader {
    /// As [`UntypedReader::next_timeout`], but what it brings is held on its own: it may be sent to another thread, kept
    /// beside others, and given back when it is done with, while this reader reads on. `Duration::ZERO` takes one look.
    ///
    /// For a lossless reader the records count as read when they are handed out, and hold the producer until the
    /// [`HeldBatch`] is dropped. Who waits for more while it holds all of a ring waits for itself: see
    /// [`UntypedReader::is_in_the_way`].
    ///
    /// # Errors
    ///
    /// As [`UntypedReader::next`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Element, Field, Next, ReaderOptions, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U8)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(16))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let mut held = Vec::new();
    /// for value in [1, 2] {
    ///     producer.publish_bytes(&[value])?;
    ///     if let Next::Batch(batch) = reader.next_held(Duration::ZERO)? {
    ///         held.push(batch);
    ///     }
    /// }
    /// assert_eq!((held[0].bytes(), held[1].bytes()), (&[1][..], &[2][..]));
    /// assert_eq!(reader.held(), 2);
    /// held.clear();
    /// assert_eq!(reader.held(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_held(&mut self, timeout: Duration) -> Result<Next<HeldBatch>, ReadError> {
        let deadline = Instant::now().checked_add(timeout);
        Ok(match self.core.next(deadline)? {
            Next::Batch(handout) => Next::Batch(self.core.hold(handout)),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }

    /// Copies what is new to the front of the caller's bytes, as many whole records as fit and one at least, waiting for it
    /// at most `timeout`. What lies behind them may have been written over.
    ///
    /// # Errors
    ///
    /// As [`UntypedReader::next`], and [`ReadError::NoRoom`] where not one record fits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Element, Field, Next, ReaderOptions, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U16)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(16))?;
    /// let mut reader = producer.reader(ReaderOptions::lossy())?;
    /// producer.publish_bytes(&[1, 0, 2, 0, 3, 0])?;
    /// let mut records = [0; 4];
    /// let Next::Batch(read) = reader.read_into(&mut records, Duration::ZERO)? else { panic!() };
    /// assert_eq!((read.count, read.first_sequence), (2, 0));
    /// assert_eq!(records, [1, 0, 2, 0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_into(
        &mut self,
        records: &mut [u8],
        timeout: Duration,
    ) -> Result<Next<ReadInto>, ReadError> {
        self.core
            .read_into(records, Instant::now().checked_add(timeout))
    }

    /// How many records of the ring this reader keeps from being overwritten by what [`UntypedReader::next_held`] brought:
    /// all from the oldest that is not given back to the last one read, those in between included.
    pub fn held(&self) -> u64 {
        self.core.held()
    }

    /// It holds something, the producer has fallen asleep because there was no room, and nobody is further behind: until
    /// something is given back nothing comes.
    ///
    /// A producer that has given up or found room at the last moment seems to sleep, until somebody gives something back: see
    /// [`UntypedReader::check_room`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Element, Field, ReaderOptions, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U8)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(2))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// producer.publish_bytes(&[1, 2])?;
    /// let held = reader.next_held(Duration::ZERO)?;
    /// let publishing = std::thread::spawn(move || producer.publish_bytes(&[3]).is_ok());
    /// while !reader.is_in_the_way() {
    ///     std::thread::yield_now();
    /// }
    /// drop(held);
    /// assert!(publishing.join().unwrap());
    /// assert!(!reader.is_in_the_way());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_in_the_way(&self) -> bool {
        self.core.is_in_the_way()
    }

    /// Has a producer that sleeps for room look again, so that one that does not any more does not seem to. One that does
    /// is asleep again a moment later.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Element, Field, Next, ReaderOptions, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U8)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(2))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// producer.publish_bytes(&[1, 2])?;
    /// let Next::Batch(batch) = reader.next_held(Duration::ZERO)? else { panic!() };
    /// assert_eq!(producer.publish_bytes_timeout(&[3], Duration::from_millis(20))?, 0);
    /// // Nobody sleeps any more.
    /// reader.check_room();
    /// assert!(!reader.is_in_the_way());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_room(&self) {
        self.core.check_room();
    }

    /// To look at this reader from other threads.
    pub fn watch(&self) -> Watch {
        self.core.watch()
    }
}
