//! A producer of records of one Rust type.

use std::marker::PhantomData;
use std::time::Duration;

use super::core::ProducerCore;
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
    /// As [`Producer::create`].
    pub fn create_with(
        name: &str,
        retain: Retain,
        options: &CreateOptions,
    ) -> Result<Producer<T>, CreateError> {
        Ok(Producer {
            core: ProducerCore::create(name, T::schema(), retain, options)?,
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
    /// As [`Producer::heap`].
    pub fn heap_with(retain: Retain, options: &CreateOptions) -> Result<Producer<T>, CreateError> {
        Ok(Producer {
            core: ProducerCore::heap(T::schema(), retain, options)?,
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
    #[inline]
    pub fn publish(&mut self, record: &T) -> Result<u64, PublishError> {
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
        self.publish_within(Patience::None, record)
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
    pub fn claim(&mut self, count: usize) -> Result<Claim<'_, T>, PublishError> {
        match self.core.claim(count, Patience::ForEver)? {
            Ok(first) => Ok(Claim {
                core: &mut self.core,
                first,
                count,
                records: PhantomData,
            }),
            Err(full) => {
                self.core.refuse(count);
                let (reader, lag) = self.core.in_the_way(full);
                Err(PublishError::Full { reader, lag })
            }
        }
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

/// Records that are claimed and not yet published; see [`Producer::claim`].
#[derive(Debug)]
pub struct Claim<'a, T: Record> {
    core: &'a mut ProducerCore,
    first: u64,
    count: usize,
    records: PhantomData<fn(T)>,
}

impl<T: Record> Claim<'_, T> {
    /// The sequence of the first record claimed.
    pub fn first_sequence(&self) -> u64 {
        self.first
    }

    /// Records claimed.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never: a claim has at least one record.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Writes record `index` of the claim.
    ///
    /// # Panics
    ///
    /// `index` lies outside the claim.
    #[inline]
    pub fn write(&mut self, index: usize, record: &T) {
        self.write_slice(index, std::slice::from_ref(record));
    }

    /// Writes records from `index` of the claim on.
    ///
    /// # Panics
    ///
    /// They pass the end of the claim.
    #[inline]
    pub fn write_slice(&mut self, index: usize, records: &[T]) {
        let fits = index
            .checked_add(records.len())
            .is_some_and(|end| end <= self.count);
        assert!(
            fits,
            "records {index}.. of {} lie outside a claim of {}",
            records.len(),
            self.count
        );
        // Between the claim and this call the process may have forked: a child's claim is its parent's.
        if self.core.check_fork().is_ok() {
            self.core
                .write(self.first + index as u64, cast::as_bytes(records));
        }
    }

    /// Gives the claim up, as dropping it does: readers never see it.
    pub fn abort(self) {}

    /// Publishes all records claimed and returns the first sequence. Those that were not written hold
    /// whatever the ring held there before.
    #[inline]
    pub fn commit(self) -> u64 {
        let count = self.count;
        self.commit_first(count)
    }

    /// Publishes the first `count` records, gives up the rest, and returns the first sequence.
    ///
    /// # Panics
    ///
    /// More than were claimed.
    #[inline]
    pub fn commit_first(self, count: usize) -> u64 {
        assert!(
            count <= self.count,
            "{count} records of a claim of {}",
            self.count
        );
        if self.core.check_fork().is_ok() {
            self.core.commit(count);
            self.core.notify();
        }
        self.first
    }
}
