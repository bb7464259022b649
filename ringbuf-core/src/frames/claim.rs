//! A frame that is claimed and not yet published.

use super::info::FrameInfo;
use super::producer::FrameProducer;
use crate::cast;
use crate::error::PublishError;
use crate::protocol::frames::Want;
use crate::record::Record;

/// A frame that is claimed and not yet published; see [`FrameProducer::claim`].
#[derive(Debug)]
pub struct FrameClaim<'a> {
    producer: &'a mut FrameProducer,
    want: Want,
}

impl<'a> FrameClaim<'a> {
    #[inline]
    pub(super) fn new(producer: &'a mut FrameProducer, want: Want) -> Self {
        FrameClaim { producer, want }
    }

    /// The sequence the frame gets.
    pub fn sequence(&self) -> u64 {
        self.producer.published()
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        self.want.span.len as usize
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes bytes of the frame, from `offset` on. What is not written holds whatever the arena held there before.
    ///
    /// # Panics
    ///
    /// They pass the end of the frame.
    #[inline]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        let fits = offset
            .checked_add(bytes.len())
            .is_some_and(|end| end <= self.len());
        assert!(
            fits,
            "{} bytes from {offset} on lie outside a frame of {}",
            bytes.len(),
            self.len()
        );
        // Between the claim and this call the process may have forked: a child's claim is its parent's.
        if self.producer.core.check_fork().is_ok() {
            let writer = &self.producer.core.writer;
            writer.write_payload(self.want, offset, bytes);
        }
    }

    /// The bytes of the frame where they lie, to be written there: what a decoder or a driver writes anyway is not copied
    /// once more. They hold whatever the arena held there before.
    ///
    /// A child that is forked while it has them must not touch them: they are its parent's.
    ///
    /// # Errors
    ///
    /// The ring was not created [`in_place`](crate::CreateOptions::in_place), or this is a forked child.
    ///
    /// ```
    /// use ringbuf_core::{CreateOptions, FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let mut camera = FrameProducer::heap_with(FrameRetain::frames(2, 640 * 480), &options)?;
    /// let mut reader = camera.reader(ReaderOptions::lossless())?;
    /// let mut claim = camera.claim(640 * 480)?;
    /// claim.bytes_mut()?.fill(200);
    /// claim.commit_with(FrameInfo::image(480, 640, 1))?;
    /// let batch = reader.poll()?.unwrap();
    /// assert!(batch.frames().next().unwrap().bytes().iter().all(|&byte| byte == 200));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn bytes_mut(&mut self) -> Result<&mut [u8], PublishError> {
        self.producer.bytes_in_place(self.want)
    }

    /// As [`FrameClaim::bytes_mut`], as numbers: as many whole ones as fit into the frame.
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn values_mut<T: Record>(&mut self) -> Result<&mut [T], PublishError> {
        Ok(cast::as_records_mut(self.bytes_mut()?))
    }

    /// Makes the frame shorter than was claimed. Nothing happens if it is that short.
    pub fn truncate(&mut self, len: usize) {
        self.want.span.len = self.want.span.len.min(len as u64);
    }

    /// Gives the frame up, as dropping the claim does: readers never see it.
    pub fn abort(self) {}

    /// Publishes the frame and returns its sequence.
    #[inline]
    pub fn commit(self) -> u64 {
        self.publish(&FrameInfo::default())
    }

    /// As [`FrameClaim::commit`], with a tag and a description.
    ///
    /// # Errors
    ///
    /// The description does not fit the frame ([`PublishError::Shape`]): it is given up.
    #[inline]
    pub fn commit_with(self, info: FrameInfo) -> Result<u64, PublishError> {
        info.check(self.len())?;
        Ok(self.publish(&info))
    }

    #[inline]
    fn publish(self, info: &FrameInfo) -> u64 {
        if self.producer.core.check_fork().is_err() {
            return self.producer.published();
        }
        self.producer.commit(self.want, info)
    }
}
