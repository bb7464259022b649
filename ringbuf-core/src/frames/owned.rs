//! A claimed frame that has its producer, for those who cannot borrow it.

use std::time::Duration;

use super::claim::FrameClaim;
use super::info::FrameInfo;
use super::producer::FrameProducer;
use crate::error::{PublishError, TryPublishError};
use crate::memory::Memory;
use crate::producer::Patience;
use crate::protocol::frames::Want;
use crate::sync::Arc;

/// A frame that is claimed and not yet published, together with its producer, which it gives back at the end: for bindings
/// and state machines that cannot keep a borrow; see [`FrameProducer::claim_owned`].
///
/// Dropping it gives the frame up and closes the ring, as dropping the producer does.
#[derive(Debug)]
pub struct OwnedFrameClaim {
    producer: FrameProducer,
    want: Want,
}

impl FrameProducer {
    /// As [`FrameProducer::claim`], but the claim takes the producer along and gives it back. With a limit it waits at most so
    /// long, on a ring that drops frames, too, and drops nothing: the frame is still the caller's.
    ///
    /// # Errors
    ///
    /// The producer, and why there is no claim: [`TryPublishError::Full`] names the reader in the way when the time is over,
    /// or where `publish` would have dropped a frame, and it is counted as refused then; otherwise as
    /// [`FrameProducer::publish`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{CreateOptions, FrameInfo, FrameProducer, FrameRetain, ReaderOptions};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let camera = FrameProducer::heap_with(FrameRetain::bytes(64), &options)?;
    /// let mut reader = camera.reader(ReaderOptions::lossless())?;
    /// let mut claim = camera.claim_owned(3, None).map_err(|refused| refused.1)?;
    /// claim.bytes_mut()?.copy_from_slice(b"RGB");
    /// let (sequence, camera) = claim.commit_with(FrameInfo::image(1, 1, 3));
    /// assert_eq!(sequence?, 0);
    ///
    /// let Err(refused) = camera.claim_owned(3, Some(Duration::ZERO)) else { panic!() };
    /// let (camera, error) = *refused;
    /// println!("{error}"); // the reader is 1 behind and leaves no room
    /// assert_eq!((camera.published(), camera.refused()), (1, 0));
    /// assert_eq!(reader.poll()?.unwrap().frames().next().unwrap().bytes(), b"RGB");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn claim_owned(
        mut self,
        len: usize,
        limit: Option<Duration>,
    ) -> Result<OwnedFrameClaim, Box<(FrameProducer, TryPublishError)>> {
        let patience = limit.map_or(Patience::ForEver, Patience::of);
        let error = match self.claim_within(len, patience) {
            Ok(Ok(want)) => {
                let producer = self;
                return Ok(OwnedFrameClaim { producer, want });
            }
            Ok(Err(full)) => {
                self.core.give_up(1, patience);
                let (reader, lag) = self.core.in_the_way(full);
                TryPublishError::Full { reader, lag }
            }
            Err(error) => error.into(),
        };
        Err(Box::new((self, error)))
    }
}

impl OwnedFrameClaim {
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

    /// The producer, to be looked at.
    pub fn producer(&self) -> &FrameProducer {
        &self.producer
    }

    /// As [`FrameClaim::write`].
    ///
    /// # Panics
    ///
    /// As there.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.borrowed().write(offset, bytes);
    }

    /// As [`FrameClaim::bytes_mut`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn bytes_mut(&mut self) -> Result<&mut [u8], PublishError> {
        self.producer.bytes_in_place(self.want)
    }

    /// What keeps the bytes of [`OwnedFrameClaim::bytes_mut`] where they are, for those who have their address beyond the
    /// borrow: in a mapping that stays, when the claim, its producer and the ring are gone, until this is.
    pub fn memory(&self) -> RingMemory {
        RingMemory {
            _memory: Arc::clone(self.producer.core.writer.memory()),
        }
    }

    /// Makes the frame shorter than was claimed. Nothing happens if it is that short.
    pub fn truncate(&mut self, len: usize) {
        self.want.span.len = self.want.span.len.min(len as u64);
    }

    /// Gives the frame up: readers never see it.
    pub fn abort(self) -> FrameProducer {
        self.producer
    }

    /// Publishes the frame, with a tag and a description, and gives its sequence, and the producer back.
    ///
    /// # Errors
    ///
    /// The description does not fit the frame ([`PublishError::Shape`]): it is given up.
    pub fn commit_with(mut self, info: FrameInfo) -> (Result<u64, PublishError>, FrameProducer) {
        let sequence = self.borrowed().commit_with(info);
        (sequence, self.producer)
    }

    fn borrowed(&mut self) -> FrameClaim<'_> {
        FrameClaim::new(&mut self.producer, self.want)
    }
}

/// The memory of a ring, which stays as long as this does.
#[derive(Clone, Debug)]
pub struct RingMemory {
    _memory: Arc<Memory>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{CreateOptions, ReaderOptions, WhenFull};
    use crate::{FrameRetain, Next};

    fn camera(when_full: WhenFull) -> FrameProducer {
        let options = CreateOptions::default().in_place(true).when_full(when_full);
        FrameProducer::heap_with(FrameRetain::bytes(128), &options).unwrap()
    }

    fn claim(camera: FrameProducer, len: usize) -> OwnedFrameClaim {
        camera.claim_owned(len, None).unwrap()
    }

    #[test]
    fn what_is_given_up_or_does_not_fit_is_never_seen() {
        let camera = camera(WhenFull::Wait);
        let mut reader = camera.reader(ReaderOptions::lossless()).unwrap();
        let mut given_up = claim(camera, 100);
        given_up.bytes_mut().unwrap().fill(1);
        let unfit = claim(given_up.abort(), 100);
        let (result, camera) = unfit.commit_with(FrameInfo::image(3, 3, 3));
        assert!(matches!(result, Err(PublishError::Shape { .. })));
        let mut shorter = claim(camera, 100);
        shorter.write(0, b"what came");
        shorter.truncate(9);
        assert_eq!((shorter.sequence(), shorter.len()), (0, 9));
        let (result, camera) = shorter.commit_with(FrameInfo::tag(5));
        assert_eq!(result.unwrap(), 0);
        let batch = reader.poll().unwrap().unwrap();
        let frames: Vec<_> = batch.frames().map(|f| (f.tag(), f.bytes())).collect();
        assert_eq!(frames, [(5, &b"what came"[..])]);
        drop(camera);
    }

    #[test]
    fn dropping_a_claim_closes_the_ring() {
        let camera = camera(WhenFull::Wait);
        let mut reader = camera.reader(ReaderOptions::lossless()).unwrap();
        drop(claim(camera, 8));
        assert!(matches!(
            reader.next_timeout(Duration::from_secs(60)),
            Ok(Next::Closed)
        ));
    }

    /// The caller of a limit has the frame still, and is told; who has none is told as by `claim`, and it counts.
    #[test]
    fn only_what_has_no_limit_is_refused() {
        let mut camera = camera(WhenFull::Drop);
        let _slow = camera
            .reader(ReaderOptions::lossless().named("slow"))
            .unwrap();
        camera.publish(&[1; 128]).unwrap();
        let full = |refused: Box<(FrameProducer, TryPublishError)>| {
            let (camera, error) = *refused;
            assert!(matches!(error, TryPublishError::Full { reader, lag: 1 } if reader == "slow"));
            camera
        };
        let limit = Some(Duration::from_millis(1));
        let camera = full(camera.claim_owned(1, limit).unwrap_err());
        assert_eq!(camera.refused(), 0);
        let camera = full(camera.claim_owned(1, None).unwrap_err());
        assert_eq!(camera.refused(), 1);
        let refused = camera.claim_owned(129, None).unwrap_err();
        assert!(matches!(
            refused.1,
            TryPublishError::Publish(PublishError::TooLong { .. })
        ));
    }
}
