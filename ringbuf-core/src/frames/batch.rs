//! Frames in hand.

use super::basket::{Entry, Taken};
use super::header::FrameHeader;
use super::held::HeldFrames;
use crate::cast;
use crate::error::ViewError;
use crate::reader::{Event, Handout, ReaderCore};
use crate::record::Record;
use crate::schema::Element;

/// Frames in order. A lossless reader gives their bytes back to the producer when the batch is dropped.
#[derive(Debug)]
pub struct FrameBatch<'a> {
    core: &'a mut ReaderCore,
    taken: &'a mut Taken,
    handout: Handout,
}

impl<'a> FrameBatch<'a> {
    pub(super) fn new(
        core: &'a mut ReaderCore,
        taken: &'a mut Taken,
        handout: Handout,
    ) -> FrameBatch<'a> {
        if handout.run.count == 0 {
            taken.entries.clear();
        }
        let first = handout.run.first;
        for entry in &mut taken.entries {
            let index = (entry.header.sequence() - first) as usize;
            entry.header.published_ns = core.published_ns(&handout.run, index);
        }
        FrameBatch {
            core,
            taken,
            handout,
        }
    }

    /// The frames, with gaps between their sequences where the reader [passes some over](super::FrameReader::only). None when
    /// the batch only brings an [`Event`], only says what was missed, or says nothing but that many were passed over.
    pub fn frames(&self) -> Frames<'_> {
        Frames {
            core: self.core,
            taken: self.taken,
            entries: self.taken.entries.iter(),
        }
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.taken.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.taken.entries.is_empty()
    }

    /// The sequence of the first frame, or of the next one to come.
    pub fn first_sequence(&self) -> u64 {
        let first = self.taken.entries.first();
        first.map_or(self.handout.run.first, |entry| entry.header.sequence())
    }

    /// How many frames just before these this reader missed.
    pub fn missed(&self) -> u64 {
        self.handout.missed
    }

    /// This moment, on the clock of [`Frame::published_ns`]: as [`Batch::now_ns`](crate::Batch::now_ns).
    pub fn now_ns(&self) -> Option<i64> {
        self.core.now_ns()
    }

    /// What happened just before the first frame.
    pub fn event(&self) -> Option<Event> {
        self.handout.event
    }

    /// Lets the frames be held beside what the reader brings next.
    pub(super) fn hold(self) -> HeldFrames {
        let first = self.first_sequence();
        // Given back already, once this one goes.
        let kept = self.core.keep(&self.handout);
        let entries = std::mem::take(&mut self.taken.entries);
        let copies = match entries.is_empty() {
            true => Vec::new(),
            false => self.taken.take_copies(),
        };
        HeldFrames::new(entries, kept, copies, first, &self.handout)
    }

    /// Copies the first frame if it is read where it lies; otherwise it was copied.
    pub(super) fn copy_in_place(&self, buffer: &mut Vec<u8>) {
        if let Some(entry) = self.taken.entries.first()
            && self.taken.is_in_place()
        {
            buffer.clear();
            buffer.extend_from_slice(self.core.held_payload(entry.span));
        }
    }

    /// The first frame, without its bytes.
    pub(super) fn first(&self) -> FrameCopy {
        FrameCopy {
            header: self.taken.entries.first().map(|entry| entry.header),
            missed: self.missed(),
            event: self.event(),
        }
    }
}

impl Drop for FrameBatch<'_> {
    fn drop(&mut self) {
        self.core.release();
    }
}

/// The frames of a batch, one after the other.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    core: &'a ReaderCore,
    taken: &'a Taken,
    entries: std::slice::Iter<'a, Entry>,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let entry = self.entries.next()?;
        let bytes = match self.taken.copied(entry) {
            Some(bytes) => bytes,
            None => self.core.held_payload(entry.span),
        };
        Some(Frame::new(&entry.header, bytes))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Frames<'_> {}

/// A frame: one contiguous slice of bytes, and what its producer says of it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    header: &'a FrameHeader,
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    pub(super) fn new(header: &'a FrameHeader, bytes: &'a [u8]) -> Frame<'a> {
        Frame { header, bytes }
    }

    /// What is known of it beside its bytes.
    pub fn header(&self) -> &'a FrameHeader {
        self.header
    }

    /// Its bytes, where they lie for a lossless reader and copied for others, at a multiple of 8. In a forked child there are
    /// none in place: they are its parent's.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// As [`FrameHeader::sequence`].
    pub fn sequence(&self) -> u64 {
        self.header.sequence()
    }

    /// As [`FrameHeader::tag`].
    pub fn tag(&self) -> u64 {
        self.header.tag()
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// As [`FrameHeader::element`].
    pub fn element(&self) -> Option<Element> {
        self.header.element()
    }

    /// As [`FrameHeader::shape`].
    pub fn shape(&self) -> &'a [usize] {
        self.header.shape()
    }

    /// As [`FrameHeader::published_ns`].
    pub fn published_ns(&self) -> Option<i64> {
        self.header.published_ns()
    }

    /// Its bytes as values of one type, in the order in which they lie: numbers, or records of any kind where its producer
    /// has not said what they are.
    ///
    /// # Errors
    ///
    /// Its producer says that they are of another type, or they are not whole values.
    ///
    /// ```
    /// use ringbuf_core::{Element, FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let point = [1.0f32, 2.0, 3.0].map(f32::to_le_bytes);
    /// producer.publish_with(point.as_flattened(), FrameInfo::array(Element::F32, &[1, 3]))?;
    /// let batch = reader.poll()?.unwrap();
    /// let frame = batch.frames().next().unwrap();
    /// assert_eq!(frame.values::<f32>()?, [1.0, 2.0, 3.0]);
    /// assert!(frame.values::<u32>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values<T: Record>(&self) -> Result<&'a [T], ViewError> {
        if let Some(found) = self.element() {
            let schema = T::schema();
            let is_it = matches!(schema.fields(), [field] if field.element() == found);
            if !is_it {
                return Err(ViewError::Element {
                    found,
                    expected: match schema.fields() {
                        [field] => field.type_name(),
                        _ => format!("records of {} bytes", schema.size()),
                    },
                });
            }
        }
        if !self.bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(ViewError::Length {
                found: self.bytes.len(),
                size: size_of::<T>(),
            });
        }
        Ok(cast::as_records(self.bytes))
    }
}

/// What [`FrameReader::next_into`](super::FrameReader::next_into) brought.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FrameCopy {
    /// The frame whose bytes are in the buffer. `None`, and the buffer empty, when there is only something to tell, or when
    /// many were passed over.
    pub header: Option<FrameHeader>,
    /// How many frames just before it this reader missed.
    pub missed: u64,
    /// What happened just before it.
    pub event: Option<Event>,
}
