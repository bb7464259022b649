//! A producer of records whose schema is only known at run time.

use std::time::Duration;

use super::claim::{Claimed, UntypedClaim};
use super::core::{ProducerCore, geometry};
use super::room::Patience;
use crate::error::{AttachError, CreateError, PublishError, TryPublishError};
use crate::options::{CreateOptions, ReaderOptions, Retain};
use crate::reader::UntypedReader;
use crate::schema::Schema;

/// A producer of records given as bytes, laid out as a [`Schema`] says.
///
/// ```
/// use ringbuf_core::{Element, Field, Retain, Schema, UntypedProducer};
///
/// let schema = Schema::packed([Field::new("value", Element::F64)])?;
/// let mut producer = UntypedProducer::heap(schema, Retain::records(16))?;
/// producer.publish_bytes(&20.5f64.to_le_bytes())?;
/// assert_eq!(producer.published(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct UntypedProducer {
    core: ProducerCore,
}

impl UntypedProducer {
    /// As [`Producer::create`](crate::Producer::create).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create(
        name: &str,
        schema: Schema,
        retain: Retain,
    ) -> Result<UntypedProducer, CreateError> {
        UntypedProducer::create_with(name, schema, retain, &CreateOptions::default())
    }

    /// As [`UntypedProducer::create`], with choices.
    ///
    /// # Errors
    ///
    /// As [`Producer::create_with`](crate::Producer::create_with).
    pub fn create_with(
        name: &str,
        schema: Schema,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<UntypedProducer, CreateError> {
        let geometry = geometry(&schema, retain)?;
        let core = ProducerCore::create(name, schema, geometry, options)?;
        Ok(UntypedProducer { core })
    }

    /// A ring in the memory of this process.
    ///
    /// # Errors
    ///
    /// The capacity is zero or far too large.
    pub fn heap(schema: Schema, retain: Retain) -> Result<UntypedProducer, CreateError> {
        UntypedProducer::heap_with(schema, retain, &CreateOptions::default())
    }

    /// As [`UntypedProducer::heap`], with choices.
    ///
    /// # Errors
    ///
    /// As [`Producer::heap_with`](crate::Producer::heap_with).
    pub fn heap_with(
        schema: Schema,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<UntypedProducer, CreateError> {
        let geometry = geometry(&schema, retain)?;
        let core = ProducerCore::heap(schema, geometry, options)?;
        Ok(UntypedProducer { core })
    }

    /// A reader of this very ring, for another thread.
    ///
    /// # Errors
    ///
    /// As [`Reader::attach`](crate::Reader::attach).
    pub fn reader(&self, options: ReaderOptions) -> Result<UntypedReader, AttachError> {
        UntypedReader::of(&self.core, options)
    }

    /// Publishes whole records in order, and returns how many. Waits while a lossless reader is a full
    /// ring behind.
    ///
    /// # Errors
    ///
    /// The bytes are not whole records, this is a forked child, or the system cannot wait.
    pub fn publish_bytes(&mut self, records: &[u8]) -> Result<usize, PublishError> {
        self.core.publish(records, Patience::ForEver)
    }

    /// As [`UntypedProducer::publish_bytes`], but gives up waiting when `stop` says so, and then returns
    /// fewer than were given. It is asked about every 10 ms while blocked.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn publish_bytes_until(
        &mut self,
        records: &[u8],
        stop: &dyn Fn() -> bool,
    ) -> Result<usize, PublishError> {
        self.core.publish(records, Patience::Unless(stop))
    }

    /// Publishes whole records in order without waiting, and returns how many: as many as there is room for, and at
    /// least one, unless none were given. What finds no room is never counted as refused: it is still the caller's.
    ///
    /// # Errors
    ///
    /// [`TryPublishError::Full`] names the reader in the way of the first of them; otherwise as
    /// [`UntypedProducer::publish_bytes`].
    ///
    /// ```
    /// use ringbuf_core::{
    ///     Element, Field, ReaderOptions, Retain, Schema, TryPublishError, UntypedProducer,
    /// };
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U8)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(2))?;
    /// let _reader = producer.reader(ReaderOptions::lossless().named("slow"))?;
    /// assert_eq!(producer.try_publish_bytes(&[1, 2, 3])?, 2);
    /// let Err(TryPublishError::Full { reader, lag }) = producer.try_publish_bytes(&[3]) else { panic!() };
    /// assert_eq!((reader.as_str(), lag), ("slow", 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_publish_bytes(&mut self, records: &[u8]) -> Result<usize, TryPublishError> {
        if records.len() == self.core.geometry().stride
            && self.core.publish_at_once(records).is_some()
        {
            return Ok(1);
        }
        self.publish_what_fits(records)
    }

    #[inline(never)]
    fn publish_what_fits(&mut self, records: &[u8]) -> Result<usize, TryPublishError> {
        loop {
            let published = self.core.publish(records, Patience::None)?;
            if published > 0 || records.is_empty() {
                return Ok(published);
            }
            // Only asked who is in the way: a claim that is not committed is given up.
            if let Err(full) = self.core.claim(1, Patience::None)? {
                let (reader, lag) = self.core.in_the_way(full);
                return Err(TryPublishError::Full { reader, lag });
            }
        }
    }

    /// As [`UntypedProducer::publish_bytes`], but waits at most `limit` in all, on a ring that drops records too, and
    /// returns how many records were published: fewer than given when the time is over.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Element, Field, ReaderOptions, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U8)])?;
    /// let mut producer = UntypedProducer::heap(schema, Retain::records(2))?;
    /// let _slow = producer.reader(ReaderOptions::lossless())?;
    /// assert_eq!(producer.publish_bytes_timeout(&[1, 2, 3], Duration::from_millis(1))?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_bytes_timeout(
        &mut self,
        records: &[u8],
        limit: Duration,
    ) -> Result<usize, PublishError> {
        self.core.publish(records, Patience::of(limit))
    }

    /// As [`Producer::claim_in_place`](crate::Producer::claim_in_place), to be written as bytes; `most` counts records.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// ```
    /// use ringbuf_core::{CreateOptions, Element, Field, Retain, Schema, UntypedProducer};
    ///
    /// let schema = Schema::packed([Field::new("value", Element::U16)])?;
    /// let options = CreateOptions::default().in_place(true);
    /// let mut producer = UntypedProducer::heap_with(schema, Retain::records(16), &options)?;
    /// let mut claim = producer.claim_in_place(2)?;
    /// claim.bytes_mut().copy_from_slice(&[1, 0, 2, 0]);
    /// claim.commit();
    /// assert_eq!(producer.published(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn claim_in_place(&mut self, most: usize) -> Result<UntypedClaim<'_>, PublishError> {
        Claimed::side_by_side(&mut self.core, most).map(UntypedClaim::new)
    }

    /// As [`Producer::refused`](crate::Producer::refused).
    pub fn refused(&self) -> u64 {
        self.core.refused()
    }

    /// As [`Producer::kept`](crate::Producer::kept).
    pub fn kept(&self) -> Option<Duration> {
        self.core.kept()
    }

    /// What a record consists of.
    pub fn schema(&self) -> &Schema {
        &self.core.schema
    }

    /// The next sequence to be published.
    pub fn published(&self) -> u64 {
        self.core.published()
    }

    /// Records the ring keeps.
    pub fn capacity(&self) -> u64 {
        self.core.geometry().capacity
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::WhenFull;
    use crate::protocol::wake;
    use crate::schema::{Element, Field};
    use crate::sync::{Arc, Ordering};

    fn bytes(records: u64, when_full: WhenFull) -> UntypedProducer {
        let schema = Schema::packed([Field::new("value", Element::U8)]).unwrap();
        let options = CreateOptions::default().when_full(when_full);
        UntypedProducer::heap_with(schema, Retain::records(records), &options).unwrap()
    }

    /// Two records in a ring of four, whose reader has taken none.
    fn half_full(when_full: WhenFull) -> (UntypedProducer, UntypedReader) {
        let mut producer = bytes(4, when_full);
        let reader = producer
            .reader(ReaderOptions::lossless().named("slow"))
            .unwrap();
        assert_eq!(producer.try_publish_bytes(&[0, 1]).unwrap(), 2);
        (producer, reader)
    }

    #[test]
    fn trying_publishes_what_fits_and_refuses_nothing() {
        for when_full in [WhenFull::Wait, WhenFull::Drop] {
            let (mut producer, mut reader) = half_full(when_full);
            assert_eq!(producer.try_publish_bytes(&[]).unwrap(), 0);
            assert_eq!(producer.try_publish_bytes(&[2, 3, 4, 5]).unwrap(), 2);
            for records in [&[4][..], &[4, 5]] {
                let error = producer.try_publish_bytes(records).unwrap_err();
                assert!(
                    matches!(error, TryPublishError::Full { reader, lag: 4 } if reader == "slow")
                );
            }
            assert_eq!((producer.published(), producer.refused()), (4, 0));
            let mut read = Vec::new();
            while let Some(batch) = reader.poll().unwrap() {
                read.extend_from_slice(batch.records().bytes());
            }
            assert_eq!(read, [0, 1, 2, 3]);
            assert_eq!(producer.try_publish_bytes(&[4, 5]).unwrap(), 2);
        }
    }

    #[test]
    fn who_has_a_limit_is_told_what_was_published() {
        const SHORT: Duration = Duration::from_millis(1);
        for when_full in [WhenFull::Wait, WhenFull::Drop] {
            let (mut producer, mut reader) = half_full(when_full);
            assert_eq!(
                producer.publish_bytes_timeout(&[2, 3, 4], SHORT).unwrap(),
                2
            );
            assert_eq!((producer.published(), producer.refused()), (4, 0));
            let reading = std::thread::spawn(move || {
                let mut read = Vec::new();
                while let Some(batch) = reader.next().unwrap() {
                    read.extend_from_slice(batch.records().bytes());
                }
                read
            });
            let long = Duration::from_secs(60);
            assert_eq!(
                producer
                    .publish_bytes_timeout(&[4, 5, 6, 7, 8], long)
                    .unwrap(),
                5
            );
            producer.close();
            assert_eq!(reading.join().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        }
    }

    #[test]
    fn half_a_record_is_an_error() {
        let schema = Schema::packed([Field::new("value", Element::U32)]).unwrap();
        let mut producer = UntypedProducer::heap(schema, Retain::records(4)).unwrap();
        let expected = |error: PublishError| {
            matches!(
                error,
                PublishError::Bytes {
                    found: 7,
                    record_size: 4
                }
            )
        };
        let limit = Duration::ZERO;
        assert!(expected(
            producer.publish_bytes_timeout(&[0; 7], limit).unwrap_err()
        ));
        let Err(TryPublishError::Publish(error)) = producer.try_publish_bytes(&[0; 7]) else {
            panic!("half a record was published, or found no room");
        };
        assert!(expected(error));
        assert_eq!(producer.published(), 0);
    }

    /// As for the producer of one type.
    #[test]
    fn every_way_to_publish_bytes_wakes_who_sleeps() {
        const LONG: Duration = Duration::from_secs(60);
        let ways: [fn(&mut UntypedProducer); 5] = [
            |producer| assert!(producer.publish_bytes(&[1]).is_ok()),
            |producer| assert!(producer.publish_bytes_until(&[1], &|| false).is_ok()),
            |producer| assert!(producer.try_publish_bytes(&[1]).is_ok()),
            |producer| assert!(producer.try_publish_bytes(&[1, 2]).is_ok()),
            |producer| assert!(producer.publish_bytes_timeout(&[1, 2], LONG).is_ok()),
        ];
        let mut producer = bytes(64, WhenFull::Wait);
        let memory = Arc::clone(producer.core.writer.memory());
        let word = &memory.control().wake.0;
        for (i, publish) in ways.into_iter().enumerate() {
            for _ in 0..2 {
                wake::arm(word);
                publish(&mut producer);
                assert_eq!(word.load(Ordering::Relaxed) & 1, 0, "way {i}");
            }
        }
    }
}
