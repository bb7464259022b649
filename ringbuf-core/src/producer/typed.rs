//! A producer of records of one Rust type.

use std::marker::PhantomData;
use std::time::Duration;

use super::claim::{Claim, ClaimInPlace, Claimed};
use super::core::{ProducerCore, geometry};
use super::room::Patience;
use crate::cast;
use crate::error::{AttachError, CreateError, PublishError, TryPublishError};
use crate::options::{CreateOptions, ReaderOptions, Retain};
use crate::reader::{Reader, UntypedReader};
use crate::record::Record;

/// The one process that publishes records of type `T`.
///
/// Dropping it closes the ring: readers read what is left and end.
///
/// ```
/// use ringbuf_core::{Producer, ReaderOptions, Retain};
///
/// let mut producer = Producer::<f64>::heap(Retain::records(16))?;
/// let mut reader = producer.reader(ReaderOptions::lossless())?;
/// assert_eq!(producer.publish(&20.5)?, 0);
/// assert_eq!(producer.publish_slice(&[21.0, 21.5])?, 3);
/// drop(producer);
/// let mut sum = 0.0;
/// while let Some(batch) = reader.next()? {
///     sum += batch.records().iter().sum::<f64>();
/// }
/// assert_eq!(sum, 63.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Producer<T: Record> {
    core: ProducerCore,
    records: PhantomData<fn(T)>,
}

impl<T: Record> Producer<T> {
    /// Creates the ring `name`, or continues one of the same capacity and records whose producer is gone.
    ///
    /// A reference with a `/` in it is the path of the data file. See [`CreateOptions`] for the choices.
    ///
    /// # Errors
    ///
    /// The ring has a living producer, or is a different one; the name, the directory or the space will
    /// not do. Nothing is left half made.
    pub fn create(name: &str, retain: Retain) -> Result<Producer<T>, CreateError> {
        Producer::create_with(name, retain, &CreateOptions::default())
    }

    /// As [`Producer::create`], with choices.
    ///
    /// # Errors
    ///
    /// As [`Producer::create`], or the choices contradict each other ([`CreateError::InPlace`], [`CreateError::Mode`]).
    pub fn create_with(
        name: &str,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<Producer<T>, CreateError> {
        let schema = T::schema();
        let geometry = geometry(&schema, retain)?;
        Ok(Producer {
            core: ProducerCore::create(name, schema, geometry, options)?,
            records: PhantomData,
        })
    }

    /// A ring in the memory of this process; its readers come from [`Producer::reader`].
    ///
    /// # Errors
    ///
    /// The capacity is zero or far too large.
    pub fn heap(retain: Retain) -> Result<Producer<T>, CreateError> {
        Producer::heap_with(retain, &CreateOptions::default())
    }

    /// As [`Producer::heap`], with choices.
    ///
    /// # Errors
    ///
    /// As [`Producer::heap`], or the choices contradict each other ([`CreateError::InPlace`]).
    pub fn heap_with(retain: Retain, options: &CreateOptions) -> Result<Producer<T>, CreateError> {
        let schema = T::schema();
        let geometry = geometry(&schema, retain)?;
        Ok(Producer {
            core: ProducerCore::heap(schema, geometry, options)?,
            records: PhantomData,
        })
    }

    /// A reader of this very ring, on the heap or in a file, for another thread.
    ///
    /// # Errors
    ///
    /// As [`Reader::attach`].
    pub fn reader(&self, options: ReaderOptions) -> Result<Reader<T>, AttachError> {
        Reader::of(&self.core, options)
    }

    /// As [`Producer::reader`], for a reader that finds fields by name.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn untyped_reader(&self, options: ReaderOptions) -> Result<UntypedReader, AttachError> {
        UntypedReader::of(&self.core, options)
    }

    /// Publishes one record and returns its sequence. Waits while a lossless reader is a full ring behind, and
    /// for a bounded one as long as that may take.
    ///
    /// On a ring that drops records ([`WhenFull::Drop`](crate::WhenFull::Drop)) it never waits: then
    /// [`Producer::refused`] has grown, and the sequence returned is that of the next record published.
    ///
    /// # Errors
    ///
    /// This is a forked child, or the system cannot wait.
    #[inline(always)]
    pub fn publish(&mut self, record: &T) -> Result<u64, PublishError> {
        match self.publish_at_once(record) {
            Some(sequence) => Ok(sequence),
            None => self.publish_by_claim(record),
        }
    }

    // As in `Writer`.
    #[inline(always)]
    fn publish_at_once(&mut self, record: &T) -> Option<u64> {
        let bytes = cast::as_bytes(std::slice::from_ref(record));
        self.core.publish_at_once(bytes)
    }

    #[inline(never)]
    fn publish_by_claim(&mut self, record: &T) -> Result<u64, PublishError> {
        match self.core.claim(1, Patience::ForEver)? {
            Ok(first) => Ok(self.publish_at(first, record)),
            Err(_) => {
                self.core.refuse(1);
                Ok(self.core.published())
            }
        }
    }

    #[inline]
    fn publish_at(&mut self, first: u64, record: &T) -> u64 {
        self.core
            .write(first, cast::as_bytes(std::slice::from_ref(record)));
        self.core.commit(1);
        self.core.notify();
        first
    }

    /// Publishes records in order, in pieces, and returns the sequence of the next one to come. Waits as
    /// [`Producer::publish`] does. Much cheaper than one by one.
    ///
    /// # Errors
    ///
    /// As [`Producer::publish`].
    #[inline]
    pub fn publish_slice(&mut self, records: &[T]) -> Result<u64, PublishError> {
        self.core
            .publish(cast::as_bytes(records), Patience::ForEver)?;
        Ok(self.core.published())
    }

    /// Publishes one record without waiting and returns its sequence.
    ///
    /// # Errors
    ///
    /// [`TryPublishError::Full`] names the reader in the way.
    ///
    /// ```
    /// use ringbuf_core::{Producer, ReaderOptions, Retain, TryPublishError};
    ///
    /// let mut producer = Producer::<u8>::heap(Retain::records(1))?;
    /// let _reader = producer.reader(ReaderOptions::lossless().named("slow"))?;
    /// producer.try_publish(&1)?;
    /// let Err(TryPublishError::Full { reader, lag }) = producer.try_publish(&2) else { panic!() };
    /// assert_eq!((reader.as_str(), lag), ("slow", 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_publish(&mut self, record: &T) -> Result<u64, TryPublishError> {
        match self.publish_at_once(record) {
            Some(sequence) => Ok(sequence),
            None => self.publish_within(Patience::None, record),
        }
    }

    /// As [`Producer::publish`], but waits at most `limit`, on a ring that drops records too.
    ///
    /// # Errors
    ///
    /// As [`Producer::try_publish`], when the time is over.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{Producer, ReaderOptions, Retain, TryPublishError};
    ///
    /// let mut producer = Producer::<u64>::heap(Retain::records(1))?;
    /// let reader = producer.reader(ReaderOptions::lossless().named("slow"))?;
    /// producer.publish(&1)?;
    /// let error = producer.publish_timeout(&2, Duration::from_millis(1)).unwrap_err();
    /// assert!(matches!(error, TryPublishError::Full { reader, .. } if reader == "slow"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publish_timeout(&mut self, record: &T, limit: Duration) -> Result<u64, TryPublishError> {
        self.publish_within(Patience::of(limit), record)
    }

    #[inline]
    fn publish_within(
        &mut self,
        patience: Patience<'_>,
        record: &T,
    ) -> Result<u64, TryPublishError> {
        match self.core.claim(1, patience)? {
            Ok(first) => Ok(self.publish_at(first, record)),
            Err(full) => {
                let (reader, lag) = self.core.in_the_way(full);
                Err(TryPublishError::Full { reader, lag })
            }
        }
    }

    /// As [`Producer::publish_slice`], but waits at most `limit` in all, and returns how many records were
    /// published: fewer than given when the time is over.
    ///
    /// # Errors
    ///
    /// As [`Producer::publish_slice`].
    pub fn publish_slice_timeout(
        &mut self,
        records: &[T],
        limit: Duration,
    ) -> Result<usize, PublishError> {
        self.core
            .publish(cast::as_bytes(records), Patience::of(limit))
    }

    /// Claims `count` records to be written and then committed together; waits as [`Producer::publish`]
    /// does. Dropping the claim gives it up: readers never see it. In a forked child it does nothing.
    ///
    /// # Errors
    ///
    /// As [`Producer::publish`], and if `count` is zero or more than the capacity. [`PublishError::Full`] where
    /// `publish` would have dropped as many records.
    ///
    /// ```
    /// use ringbuf_core::{Producer, Retain};
    ///
    /// let mut producer = Producer::<u32>::heap(Retain::records(8))?;
    /// let mut claim = producer.claim(3)?;
    /// claim.write(0, &7);
    /// claim.write_slice(1, &[8, 9]);
    /// assert_eq!(claim.commit(), 0);
    /// producer.claim(8)?.abort();
    /// assert_eq!(producer.published(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn claim(&mut self, count: usize) -> Result<Claim<'_, T>, PublishError> {
        Claimed::of(&mut self.core, count).map(Claim::new)
    }

    /// Claims records that lie side by side, to be written where they lie and then committed together, in a ring that
    /// was created [`in_place`](CreateOptions::in_place): `most` of them (1 to the capacity), or as many as there are before
    /// the cells wrap. Waits as [`Producer::publish`] does, for room for that many.
    ///
    /// So a stream is written in pieces. Exactly so many records at once, wherever they lie, are a [`Producer::claim`]
    /// and its two [`Claim::slices_mut`]; what must lie in one piece, like a picture, is best one record: a record never
    /// wraps.
    ///
    /// # Errors
    ///
    /// As [`Producer::claim`], and [`PublishError::NotInPlace`] in every other ring.
    ///
    /// ```
    /// use ringbuf_core::{CreateOptions, Producer, Retain};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let mut producer = Producer::<u8>::heap_with(Retain::records(8), &options)?;
    /// let mut device: &[u8] = b"twelve bytes";
    /// while !device.is_empty() {
    ///     let mut claim = producer.claim_in_place(5)?;
    ///     let read = std::io::Read::read(&mut device, claim.records_mut())?;
    ///     claim.commit_first(read); // pieces of 5, 3 up to the end of the cells, and 4
    /// }
    /// assert_eq!(producer.published(), 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn claim_in_place(&mut self, most: usize) -> Result<ClaimInPlace<'_, T>, PublishError> {
        Claimed::side_by_side(&mut self.core, most).map(ClaimInPlace::new)
    }

    /// Records that were dropped because a reader left no room for them, since the ring was created; only on a ring
    /// that drops them ([`WhenFull::Drop`](crate::WhenFull::Drop)).
    pub fn refused(&self) -> u64 {
        self.core.refused()
    }

    /// The time between the oldest and the newest record that the ring keeps: what is left of
    /// [`Retain::lasting`] when records come faster than was said. `None` as long as everything is kept, and on a
    /// ring without publication times ([`CreateOptions::stamp`]).
    pub fn kept(&self) -> Option<Duration> {
        self.core.kept()
    }

    /// The next sequence to be published: how many records have been, over all epochs.
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

    /// Closes the ring, as dropping does: readers read what is left and end. The files stay, and a new
    /// producer may continue them.
    pub fn close(mut self) {
        self.core.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::wake;
    use crate::sync::{Arc, Ordering};

    /// Or who sleeps hears of it when its time is over.
    #[test]
    fn every_way_to_publish_wakes_who_sleeps() {
        const LONG: Duration = Duration::from_secs(60);
        let ways: [fn(&mut Producer<u64>); 9] = [
            |producer| assert!(producer.publish(&1).is_ok()),
            |producer| assert!(producer.publish_by_claim(&1).is_ok()),
            |producer| assert!(producer.try_publish(&1).is_ok()),
            |producer| assert!(producer.publish_timeout(&1, LONG).is_ok()),
            |producer| assert!(producer.publish_slice(&[1, 2]).is_ok()),
            |producer| assert!(producer.publish_slice_timeout(&[1, 2], LONG).is_ok()),
            |producer| assert!(producer.claim(2).unwrap().commit() > 0),
            |producer| assert!(producer.claim(2).unwrap().commit_first(1) > 0),
            |producer| assert!(producer.claim_in_place(2).unwrap().commit() > 0),
        ];
        let options = CreateOptions::default().in_place(true);
        let mut producer = Producer::heap_with(Retain::records(64), &options).unwrap();
        producer.publish(&0).unwrap();
        let memory = Arc::clone(producer.core.writer.memory());
        let word = &memory.control().wake.0;
        for (i, publish) in ways.into_iter().enumerate() {
            // Once more, for who has a shorter way the second time.
            for _ in 0..2 {
                wake::arm(word);
                publish(&mut producer);
                assert_eq!(word.load(Ordering::Relaxed) & 1, 0, "way {i}");
            }
        }
    }
}
