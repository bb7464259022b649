//! Frames that are held on their own, several batches at once, beside a reader that reads on.

use std::time::Duration;

use super::basket::Entry;
use super::batch::Frame;
use super::reader::FrameReader;
use crate::cast;
use crate::error::ReadError;
use crate::protocol::keep::Keeper;
use crate::reader::{Event, Handout, Next, Ticket, Watch};

/// Frames that are held on their own: they may be sent to other threads, and outlive the reader; see
/// [`HeldBatch`](crate::HeldBatch).
#[derive(Debug)]
pub struct HeldFrames {
    entries: Vec<Entry>,
    body: Body,
    first: u64,
    missed: u64,
    event: Option<Event>,
}

#[derive(Debug)]
enum Body {
    Kept(Ticket),
    Copied(Vec<u64>),
}

impl HeldFrames {
    pub(super) fn new(
        entries: Vec<Entry>,
        kept: Option<Ticket>,
        copies: Vec<u64>,
        first: u64,
        handout: &Handout,
    ) -> HeldFrames {
        HeldFrames {
            entries,
            body: kept.map_or(Body::Copied(copies), Body::Kept),
            first,
            missed: handout.missed,
            event: handout.event,
        }
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none: it only brings an [`Event`], or only says what was missed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A frame of the batch. In a forked child those that lie in the ring are empty: they are its parent's.
    pub fn get(&self, index: usize) -> Option<Frame<'_>> {
        let entry = self.entries.get(index)?;
        Some(Frame::new(&entry.header, self.bytes(entry)))
    }

    /// The frames, with gaps between their sequences where the reader [passes some over](FrameReader::only).
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.entries
            .iter()
            .map(|entry| Frame::new(&entry.header, self.bytes(entry)))
    }

    #[allow(unsafe_code)]
    fn bytes(&self, entry: &Entry) -> &[u8] {
        match &self.body {
            Body::Kept(ticket) if ticket.seat.is_child() => &[],
            Body::Kept(ticket) => {
                let memory = ticket.seat.memory();
                // SAFETY: the ticket was made for the run of these frames when they were handed out in place, and gives
                // them back when it is dropped, which ends this borrow; the span is from the frame's descriptor.
                let payload = unsafe { Keeper::payload(memory, entry.span) };
                payload.map_or(&[], |payload| payload.bytes())
            }
            Body::Copied(words) => {
                &cast::words_as_bytes_ref(words)[entry.offset..][..entry.header.len()]
            }
        }
    }

    /// The sequence of the first frame, or of the next one to come.
    pub fn first_sequence(&self) -> u64 {
        self.first
    }

    /// How many frames just before these the reader missed.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// What happened just before the first frame.
    pub fn event(&self) -> Option<Event> {
        self.event
    }

    /// Whether the frames lie in the ring, and hold its producer.
    pub fn is_in_place(&self) -> bool {
        matches!(self.body, Body::Kept(_))
    }
}

impl FrameReader {
    /// As [`FrameReader::next_timeout`], but what it brings is held on its own; see
    /// [`UntypedReader::next_held`](crate::UntypedReader::next_held).
    ///
    /// # Errors
    ///
    /// As [`FrameReader::next`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{FrameProducer, FrameRetain, Next, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// reader.at_most(1);
    /// producer.publish(b"one")?;
    /// producer.publish(b"two")?;
    /// let Next::Batch(one) = reader.next_held(Duration::ZERO)? else { panic!() };
    /// let Next::Batch(two) = reader.next_held(Duration::ZERO)? else { panic!() };
    /// assert_eq!(one.get(0).unwrap().bytes(), b"one");
    /// assert_eq!(two.get(0).unwrap().bytes(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_held(&mut self, timeout: Duration) -> Result<Next<HeldFrames>, ReadError> {
        Ok(match self.next_timeout(timeout)? {
            Next::Batch(batch) => Next::Batch(batch.hold()),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }

    /// As [`UntypedReader::held`](crate::UntypedReader::held), counted in frames.
    pub fn held(&self) -> u64 {
        self.core().held()
    }

    /// As [`UntypedReader::is_in_the_way`](crate::UntypedReader::is_in_the_way).
    pub fn is_in_the_way(&self) -> bool {
        self.core().is_in_the_way()
    }

    /// As [`UntypedReader::check_room`](crate::UntypedReader::check_room).
    pub fn check_room(&self) {
        self.core().check_room();
    }

    /// To look at this reader from other threads.
    pub fn watch(&self) -> Watch {
        self.core().watch()
    }
}
