//! A reader of frames.

use std::time::{Duration, Instant};

use super::basket::Taken;
use super::batch::{FrameBatch, FrameCopy};
use super::header::{self, FrameHeader};
use crate::error::{AttachError, ReadError};
use crate::options::{Delivery, ReaderOptions, Wait};
use crate::producer::ProducerCore;
use crate::protocol::{Fault, Ledger, News};
use crate::reader::{Next, ReaderCore};

/// Follows a ring of frames.
///
/// A lossless reader reads them where they lie, each as one contiguous slice. Others get copies that were validated: what
/// was overwritten meanwhile is not delivered, and counts as missed.
///
/// ```
/// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
///
/// let mut producer = FrameProducer::heap(FrameRetain::bytes(256))?;
/// let mut reader = producer.reader(ReaderOptions::lossy())?;
/// for n in 0..3u8 {
///     producer.publish(&[n; 100])?; // 128 bytes of the arena: two are kept
/// }
/// let batch = reader.next()?.unwrap();
/// assert_eq!((batch.missed(), batch.first_sequence()), (1, 1));
/// assert!(batch.frames().all(|frame| frame.bytes() == [frame.sequence() as u8; 100]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FrameReader {
    core: ReaderCore,
    taken: Taken,
}

impl FrameReader {
    /// Attaches to a ring of frames; see [`Reader::attach`](crate::Reader::attach).
    ///
    /// # Errors
    ///
    /// As there, and [`AttachError::NotFrames`] for a ring of records.
    pub fn attach(name: &str, options: ReaderOptions) -> Result<FrameReader, AttachError> {
        let core = ReaderCore::attach_frames(name, &options, header::schema())?;
        Ok(FrameReader::new(core, &options))
    }

    pub(super) fn of(
        producer: &ProducerCore,
        options: ReaderOptions,
    ) -> Result<FrameReader, AttachError> {
        let core = ReaderCore::of(producer, &options)?;
        Ok(FrameReader::new(core, &options))
    }

    fn new(core: ReaderCore, options: &ReaderOptions) -> FrameReader {
        let taken = match options.delivery {
            Delivery::Lossless => {
                Taken::in_place(core.frame_bytes_in_place(options.wait != Wait::Spin))
            }
            Delivery::Bounded(_) | Delivery::Lossy => Taken::copying(),
        };
        FrameReader { core, taken }
    }

    pub(super) fn core(&self) -> &ReaderCore {
        &self.core
    }

    /// The reader of the ring, and what it does with frames.
    pub(super) fn parts(&mut self) -> (&mut ReaderCore, &mut Taken) {
        (&mut self.core, &mut self.taken)
    }

    /// Reads only the frames for which this is true, from the next look on. The bytes of the others are not looked at, and
    /// they count as skipped.
    ///
    /// ```
    /// use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut cameras = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = cameras.reader(ReaderOptions::lossless())?;
    /// reader.only(|frame| frame.tag() == 2);
    /// for tag in [1, 2, 3] {
    ///     cameras.publish_with(b"picture", FrameInfo::tag(tag))?;
    /// }
    /// cameras.close();
    /// while let Some(batch) = reader.next()? {
    ///     assert!(batch.frames().all(|frame| frame.tag() == 2));
    /// }
    /// assert_eq!((reader.ledger().read, reader.ledger().skipped), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only(&mut self, only: impl Fn(&FrameHeader) -> bool + Send + 'static) {
        self.taken.set_only(Box::new(only));
    }

    /// Takes at most so many frames at once from here on, one at least: to read several rings in step, or to give each
    /// large frame back as soon as it is done with.
    ///
    /// ```
    /// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// reader.at_most(1);
    /// for line in ["one", "two", "three"] {
    ///     producer.publish(line.as_bytes())?;
    /// }
    /// assert_eq!(reader.poll()?.unwrap().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at_most(&mut self, frames: usize) {
        self.taken.most_frames = frames;
    }

    /// What is new, if anything; never waits.
    ///
    /// # Errors
    ///
    /// As [`Reader::poll`](crate::Reader::poll).
    pub fn poll(&mut self) -> Result<Option<FrameBatch<'_>>, ReadError> {
        let taken = &mut self.taken;
        match self.core.poll_by(|core| attempt(core, taken))? {
            Next::Batch(handout) => Ok(Some(FrameBatch::new(&mut self.core, taken, handout))),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// What is new, waiting for it. `None`: the producer closed the ring, and everything was read.
    ///
    /// # Errors
    ///
    /// As [`Reader::next`](crate::Reader::next).
    // Not an `Iterator`: a batch borrows the reader.
    #[expect(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<FrameBatch<'_>>, ReadError> {
        match self.next_by(None)? {
            Next::Batch(batch) => Ok(Some(batch)),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// What is new, waiting at most `timeout` for it; see [`Reader::next_timeout`](crate::Reader::next_timeout).
    ///
    /// # Errors
    ///
    /// As [`FrameReader::next`].
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Next<FrameBatch<'_>>, ReadError> {
        self.next_by(Instant::now().checked_add(timeout))
    }

    fn next_by(&mut self, deadline: Option<Instant>) -> Result<Next<FrameBatch<'_>>, ReadError> {
        let taken = &mut self.taken;
        let found = self.core.next_by(deadline, |core| attempt(core, taken))?;
        Ok(match found {
            Next::Batch(handout) => Next::Batch(FrameBatch::new(&mut self.core, taken, handout)),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }

    /// The next frame, copied into the caller's buffer, which becomes as long as the frame; waits for it. `None`: the producer
    /// closed the ring, and everything was read.
    ///
    /// # Errors
    ///
    /// As [`FrameReader::next`].
    ///
    /// ```
    /// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossy())?;
    /// producer.publish(b"a line")?;
    /// producer.publish(b"and another")?;
    /// producer.close();
    /// let mut buffer = Vec::new();
    /// let mut lines = Vec::new();
    /// while let Some(copy) = reader.next_into(&mut buffer)? {
    ///     lines.extend(copy.header.map(|_| buffer.clone()));
    /// }
    /// assert_eq!(lines, [b"a line".to_vec(), b"and another".to_vec()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_into(&mut self, buffer: &mut Vec<u8>) -> Result<Option<FrameCopy>, ReadError> {
        let found = {
            let lending = self.taken.lend(buffer);
            self.core
                .next_by(None, |core| attempt(core, lending.taken))?
        };
        let Next::Batch(handout) = found else {
            return Ok(None);
        };
        let batch = FrameBatch::new(&mut self.core, &mut self.taken, handout);
        batch.copy_in_place(buffer);
        let copy = batch.first();
        if copy.header.is_none() {
            // An attempt in vain may have left something there.
            buffer.clear();
        }
        Ok(Some(copy))
    }

    /// The newest frame, wanted or [not](FrameReader::only), copied, without moving this reader; `None` as [`Reader::latest`](crate::Reader::latest).
    ///
    /// # Errors
    ///
    /// This is a forked child.
    ///
    /// ```
    /// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let reader = producer.reader(ReaderOptions::lossy())?;
    /// producer.publish(b"one")?;
    /// producer.publish(b"two")?;
    /// let (header, bytes) = reader.latest()?.unwrap();
    /// assert_eq!((header.sequence(), bytes), (1, b"two".to_vec()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn latest(&self) -> Result<Option<(FrameHeader, Vec<u8>)>, ReadError> {
        let mut bytes = Vec::new();
        let found = self.core.latest_frame(&mut bytes)?;
        Ok(found.map(|(sequence, descriptor)| {
            let mut header = FrameHeader::decode(sequence, &descriptor);
            header.published_ns = self.core.wall_ns(sequence);
            (header, bytes)
        }))
    }

    /// Frames published and not yet read.
    pub fn lag(&self) -> u64 {
        self.core.lag()
    }

    /// The next sequence this reader will read.
    pub fn cursor(&self) -> u64 {
        self.core.ledger().cursor
    }

    /// What became of every frame since this reader joined.
    pub fn ledger(&self) -> Ledger {
        self.core.ledger()
    }

    /// As [`Reader::lag_time`](crate::Reader::lag_time).
    pub fn lag_time(&self) -> Option<Duration> {
        self.core.lag_time()
    }

    /// As [`Reader::is_demoted`](crate::Reader::is_demoted).
    pub fn is_demoted(&self) -> bool {
        self.core.is_demoted()
    }

    /// As [`Reader::rejoin`](crate::Reader::rejoin).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn rejoin(&mut self) -> Result<(), ReadError> {
        self.core.rejoin()
    }

    /// As [`Reader::begins_late`](crate::Reader::begins_late).
    pub fn begins_late(&self) -> bool {
        self.core.begins_late()
    }

    /// As [`Reader::is_unverified`](crate::Reader::is_unverified).
    pub fn is_unverified(&self) -> bool {
        self.core.is_unverified()
    }

    /// Unlisted: all slots were taken, or this user may not register. An observer is woken by a timer.
    pub fn is_observer(&self) -> bool {
        self.core.is_observer()
    }
}

fn attempt(core: &mut ReaderCore, taken: &mut Taken) -> Result<News, Fault> {
    let news = core.attempt_frames(taken)?;
    if let News::Records(_) = news {
        core.sized(taken.size());
    }
    Ok(news)
}
