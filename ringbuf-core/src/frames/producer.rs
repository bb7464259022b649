//! A producer of frames.

use std::time::Duration;

use super::claim::FrameClaim;
use super::header;
use super::info::FrameInfo;
use super::reader::FrameReader;
use super::retain::FrameRetain;
use crate::error::{AttachError, CreateError, PublishError, TryPublishError};
use crate::options::{CreateOptions, ReaderOptions};
use crate::producer::{Patience, ProducerCore};
use crate::protocol::Full;
use crate::protocol::frames::{Arena, Want};

/// The one process that publishes frames: bytes of any number, each with a tag, and what kind of array it is.
///
/// Dropping it closes the ring: readers read what is left and end.
///
/// ```
/// use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
///
/// let mut camera = FrameProducer::heap(FrameRetain::frames(4, 6 * 4 * 3))?;
/// let mut reader = camera.reader(ReaderOptions::lossless())?;
/// camera.publish_with(&[128; 6 * 4 * 3], FrameInfo::image(6, 4, 3).tagged(1))?;
/// camera.publish(b"and a few words")?;
/// drop(camera);
/// let mut found = Vec::new();
/// while let Some(batch) = reader.next()? {
///     for frame in batch.frames() {
///         found.push((frame.sequence(), frame.tag(), frame.shape().to_vec(), frame.len()));
///     }
/// }
/// assert_eq!(found, [(0, 1, vec![6, 4, 3], 72), (1, 0, vec![], 15)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FrameProducer {
    pub(super) core: ProducerCore,
    pub(super) arena: Arena,
}

impl FrameProducer {
    /// Creates the ring `name`, or continues one of frames that keeps as much and whose producer is gone.
    ///
    /// A reference with a `/` in it is the path of the data file. See [`CreateOptions`] for the choices.
    ///
    /// # Errors
    ///
    /// As [`Producer::create`](crate::Producer::create).
    pub fn create(name: &str, retain: FrameRetain) -> Result<FrameProducer, CreateError> {
        FrameProducer::create_with(name, retain, &CreateOptions::default())
    }

    /// As [`FrameProducer::create`], with choices. Nothing is mirrored: a ring made for
    /// [latency](crate::Preset::Latency) is read as one for throughput.
    ///
    /// # Errors
    ///
    /// As [`Producer::create_with`](crate::Producer::create_with).
    pub fn create_with(
        name: &str,
        retain: FrameRetain,
        options: &CreateOptions,
    ) -> Result<FrameProducer, CreateError> {
        let geometry = retain.geometry()?;
        FrameProducer::of(ProducerCore::create(
            name,
            header::schema().clone(),
            geometry,
            options,
        )?)
    }

    /// A ring in the memory of this process; its readers come from [`FrameProducer::reader`].
    ///
    /// # Errors
    ///
    /// It would keep nothing, or far too much.
    pub fn heap(retain: FrameRetain) -> Result<FrameProducer, CreateError> {
        FrameProducer::heap_with(retain, &CreateOptions::default())
    }

    /// As [`FrameProducer::heap`], with choices.
    ///
    /// # Errors
    ///
    /// As [`FrameProducer::heap`], or the choices contradict each other ([`CreateError::InPlace`]).
    pub fn heap_with(
        retain: FrameRetain,
        options: &CreateOptions,
    ) -> Result<FrameProducer, CreateError> {
        let geometry = retain.geometry()?;
        FrameProducer::of(ProducerCore::heap(
            header::schema().clone(),
            geometry,
            options,
        )?)
    }

    fn of(core: ProducerCore) -> Result<FrameProducer, CreateError> {
        let writer = &core.writer;
        let indices = (
            writer.published(),
            writer.oldest() + core.geometry().capacity,
        );
        let arena = Arena::of(writer.memory(), indices).ok_or_else(|| core.damaged_arena())?;
        Ok(FrameProducer { core, arena })
    }

    /// A reader of this very ring, on the heap or in a file, for another thread.
    ///
    /// # Errors
    ///
    /// As [`FrameReader::attach`].
    pub fn reader(&self, options: ReaderOptions) -> Result<FrameReader, AttachError> {
        FrameReader::of(&self.core, options)
    }

    /// Publishes a frame and returns its sequence. Waits while a lossless reader holds what it would overwrite, and for a
    /// bounded one as long as that may take.
    ///
    /// On a ring that drops ([`WhenFull::Drop`](crate::WhenFull::Drop)) it never waits: then
    /// [`FrameProducer::refused`] has grown, and the sequence returned is that of the next frame published.
    ///
    /// # Errors
    ///
    /// The frame is longer than the arena, this is a forked child, or the system cannot wait.
    pub fn publish(&mut self, bytes: &[u8]) -> Result<u64, PublishError> {
        self.publish_with(bytes, FrameInfo::default())
    }

    /// As [`FrameProducer::publish`], with a tag and a description.
    ///
    /// # Errors
    ///
    /// As there, or the description does not fit ([`PublishError::Shape`]).
    pub fn publish_with(&mut self, bytes: &[u8], info: FrameInfo) -> Result<u64, PublishError> {
        match self.publish_within(bytes, info, Patience::ForEver)? {
            Ok(sequence) => Ok(sequence),
            Err(_) => {
                self.core.refuse(1);
                Ok(self.core.published())
            }
        }
    }

    /// As [`FrameProducer::publish_with`], but gives up waiting when `stop` says so, which is asked about every 10 ms while
    /// blocked. `None`: it was given up, or dropped.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn publish_until(
        &mut self,
        bytes: &[u8],
        info: FrameInfo,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<u64>, PublishError> {
        let patience = Patience::Unless(stop);
        match self.publish_within(bytes, info, patience)? {
            Ok(sequence) => Ok(Some(sequence)),
            Err(_) => {
                self.core.give_up(1, patience);
                Ok(None)
            }
        }
    }

    /// As [`FrameProducer::publish_with`], without waiting.
    ///
    /// # Errors
    ///
    /// As there, and [`TryPublishError::Full`] names the reader in the way.
    ///
    /// ```
    /// use ringbuf_core::{FrameInfo, FrameProducer, FrameRetain, ReaderOptions, TryPublishError};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(128))?;
    /// let _reader = producer.reader(ReaderOptions::lossless().named("slow"))?;
    /// producer.try_publish(&[1; 128], FrameInfo::default())?;
    /// let Err(TryPublishError::Full { reader, lag }) = producer.try_publish(b"no room", FrameInfo::default()) else {
    ///     panic!()
    /// };
    /// assert_eq!((reader.as_str(), lag), ("slow", 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_publish(&mut self, bytes: &[u8], info: FrameInfo) -> Result<u64, TryPublishError> {
        self.publish_or(bytes, info, Patience::None)
    }

    /// As [`FrameProducer::try_publish`], but waits at most `limit`, on a ring that drops too.
    ///
    /// # Errors
    ///
    /// As there, when the time is over.
    pub fn publish_timeout(
        &mut self,
        bytes: &[u8],
        info: FrameInfo,
        limit: Duration,
    ) -> Result<u64, TryPublishError> {
        self.publish_or(bytes, info, Patience::of(limit))
    }

    fn publish_or(
        &mut self,
        bytes: &[u8],
        info: FrameInfo,
        patience: Patience<'_>,
    ) -> Result<u64, TryPublishError> {
        self.publish_within(bytes, info, patience)?.map_err(|full| {
            let (reader, lag) = self.core.in_the_way(full);
            TryPublishError::Full { reader, lag }
        })
    }

    #[inline]
    fn publish_within(
        &mut self,
        bytes: &[u8],
        info: FrameInfo,
        patience: Patience<'_>,
    ) -> Result<Result<u64, Full>, PublishError> {
        info.check(bytes.len())?;
        let want = match self.claim_within(bytes.len(), patience)? {
            Ok(want) => want,
            Err(full) => return Ok(Err(full)),
        };
        self.core.writer.write_payload(want, 0, bytes);
        Ok(Ok(self.commit(want, &info)))
    }

    /// Claims a frame of `len` bytes, to be written and then committed; waits as [`FrameProducer::publish`] does. Dropping the
    /// claim gives it up: readers never see it. In a forked child it does nothing.
    ///
    /// # Errors
    ///
    /// As [`FrameProducer::publish`]. [`PublishError::Full`] where `publish` would have dropped the frame.
    ///
    /// ```
    /// use ringbuf_core::{FrameProducer, FrameRetain};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut claim = producer.claim(1000)?;
    /// claim.write(0, b"what came");
    /// claim.truncate(9);
    /// assert_eq!(claim.commit(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn claim(&mut self, len: usize) -> Result<FrameClaim<'_>, PublishError> {
        match self.claim_within(len, Patience::ForEver)? {
            Ok(want) => Ok(FrameClaim::new(self, want)),
            Err(full) => {
                self.core.refuse(1);
                let (reader, lag) = self.core.in_the_way(full);
                Err(PublishError::Full { reader, lag })
            }
        }
    }

    /// As [`FrameProducer::claim`], but gives up waiting when `stop` says so, as [`FrameProducer::publish_until`] does. `None`:
    /// it was given up, or dropped.
    ///
    /// # Errors
    ///
    /// As [`FrameProducer::publish`].
    ///
    /// ```
    /// use ringbuf_core::{FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(128))?;
    /// let _slow = producer.reader(ReaderOptions::lossless())?;
    /// producer.publish(&[1; 128])?;
    /// assert!(producer.claim_until(1, &|| true)?.is_none());
    /// assert_eq!(producer.published(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn claim_until(
        &mut self,
        len: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<FrameClaim<'_>>, PublishError> {
        let patience = Patience::Unless(stop);
        match self.claim_within(len, patience)? {
            Ok(want) => Ok(Some(FrameClaim::new(self, want))),
            Err(_) => {
                self.core.give_up(1, patience);
                Ok(None)
            }
        }
    }

    /// The bytes of a claim where they lie.
    #[inline]
    pub(super) fn bytes_in_place(&mut self, want: Want) -> Result<&mut [u8], PublishError> {
        self.core.check_fork()?;
        if !self.core.geometry().in_place {
            return Err(self.core.not_in_place());
        }
        let payload = self.core.writer.payload_in_place(want);
        Ok(payload.expect("a claim is claimed").bytes())
    }

    #[inline]
    pub(super) fn claim_within(
        &mut self,
        len: usize,
        patience: Patience<'_>,
    ) -> Result<Result<Want, Full>, PublishError> {
        self.core.check_fork()?;
        let writer = &mut self.core.writer;
        let want = self
            .arena
            .want(writer, len as u64)
            .ok_or(PublishError::TooLong {
                found: len,
                arena: writer.memory().geometry().arena,
            })?;
        if writer.prepare_frame(&self.arena, want) {
            self.core.stay_awake_for(len as u64);
        }
        let claimed = self.core.claim(want.count as usize, patience)?;
        Ok(claimed.map(|_| want))
    }

    #[inline]
    pub(super) fn commit(&mut self, want: Want, info: &FrameInfo) -> u64 {
        let sequence = self.core.published();
        self.core.write(sequence, &header::encode(want.span, info));
        self.core.commit(1);
        self.arena.commit(want);
        self.core.notify();
        sequence
    }

    /// Frames that found no room on a ring that drops, since it was created.
    pub fn refused(&self) -> u64 {
        self.core.refused()
    }

    /// The time between the oldest and the newest frame kept, once something was overwritten. `None` before, and without
    /// publication times ([`CreateOptions::stamp`]).
    pub fn kept(&self) -> Option<Duration> {
        if self.core.writer.oldest() == 0 {
            return None;
        }
        crate::times::kept(self.core.writer.memory())
    }

    /// Bytes of the arena that the frames kept take up.
    pub fn kept_bytes(&self) -> u64 {
        self.arena.kept(&self.core.writer)
    }

    /// The next sequence to be published.
    pub fn published(&self) -> u64 {
        self.core.published()
    }

    /// The most frames the ring keeps.
    pub fn capacity(&self) -> u64 {
        self.core.geometry().capacity
    }

    /// Bytes of the arena: the longest frame.
    pub fn arena(&self) -> u64 {
        self.core.geometry().arena
    }

    /// The ring's name.
    pub fn name(&self) -> &str {
        self.core.name()
    }

    /// Readers that are registered and live; observers are not seen.
    pub fn registered_readers(&self) -> usize {
        self.core.registered_readers()
    }

    /// Closes the ring, as dropping does.
    pub fn close(mut self) {
        self.core.close();
    }
}
