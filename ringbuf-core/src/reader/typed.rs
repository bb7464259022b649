//! A reader of records of one Rust type.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use super::core::{Event, Handout, Next, ReaderCore};
use crate::cast;
use crate::error::{AttachError, ReadError};
use crate::options::ReaderOptions;
use crate::producer::ProducerCore;
use crate::protocol::Ledger;
use crate::record::Record;

/// Follows a ring of records of type `T`, at its own pace.
///
/// # Missing records
///
/// A lossy reader that falls a full ring behind loses the oldest records. It is told how many in front of
/// the batch it goes on with ([`Batch::missed`]), so the sequence of every record stays known:
///
/// ```
/// use ringbuf_core::{Producer, ReaderOptions, Retain};
///
/// let mut producer = Producer::<u64>::heap(Retain::records(4))?;
/// let mut reader = producer.reader(ReaderOptions::lossy())?;
/// producer.publish_slice(&[0, 1, 2, 3, 4, 5])?;
/// let batch = reader.poll()?.unwrap();
/// assert_eq!(batch.missed(), 2);
/// assert_eq!(batch.first_sequence(), 2);
/// assert_eq!(batch.records(), [2, 3, 4, 5]);
/// # drop(batch);
/// assert!(reader.ledger().adds_up());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<T: Record> {
    core: ReaderCore,
    records: PhantomData<fn() -> T>,
}

impl<T: Record> Reader<T> {
    /// Attaches to the ring `name`; with a `/` in it, the path of a data file.
    ///
    /// # Errors
    ///
    /// [`AttachError::NotFound`] when there is no such ring (yet); otherwise what was found in its place,
    /// or why this delivery cannot be had.
    pub fn attach(name: &str, options: ReaderOptions) -> Result<Reader<T>, AttachError> {
        let core = ReaderCore::attach(name, &options, Some(&T::schema()))?;
        Ok(Reader {
            core,
            records: PhantomData,
        })
    }

    pub(crate) fn of(
        producer: &ProducerCore,
        options: ReaderOptions,
    ) -> Result<Reader<T>, AttachError> {
        let core = ReaderCore::of(producer, &options)?;
        Ok(Reader {
            core,
            records: PhantomData,
        })
    }

    /// What is new, if anything; never waits.
    ///
    /// # Errors
    ///
    /// The ring was removed, replaced or damaged, or this is a forked child.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<Batch<'_, T>>, ReadError> {
        match self.core.poll()? {
            Next::Batch(handout) => Ok(Some(self.batch(handout))),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// What is new, waiting for it. `None`: the producer closed the ring, and everything was read.
    ///
    /// # Errors
    ///
    /// As [`Reader::poll`], or the system cannot wait.
    // Not an `Iterator`: a batch borrows the reader.
    #[expect(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Batch<'_, T>>, ReadError> {
        match self.core.next(None)? {
            Next::Batch(handout) => Ok(Some(self.batch(handout))),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// What is new, waiting at most `timeout` for it. It may take some 50 µs longer: in a stream records are let come
    /// together first ([`Preset::Throughput`](crate::Preset::Throughput)), and others are let run before a sleep.
    ///
    /// # Errors
    ///
    /// As [`Reader::next`].
    #[inline]
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Next<Batch<'_, T>>, ReadError> {
        let deadline = Instant::now().checked_add(timeout);
        Ok(match self.core.next(deadline)? {
            Next::Batch(handout) => Next::Batch(self.batch(handout)),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }

    #[inline]
    fn batch(&mut self, handout: Handout) -> Batch<'_, T> {
        Batch {
            core: &mut self.core,
            handout,
            records: PhantomData,
        }
    }

    /// The newest record and its sequence, without moving this reader; `None` before the first, and
    /// while the producer has claimed the whole ring.
    ///
    /// In a ring that is written [in place](crate::CreateOptions::in_place) only what this reader holds may be looked at:
    /// there it is `None` too when everything was read.
    ///
    /// # Errors
    ///
    /// This is a forked child.
    ///
    /// ```
    /// use ringbuf_core::{Producer, ReaderOptions, Retain};
    ///
    /// let mut producer = Producer::<f32>::heap(Retain::records(4))?;
    /// let mut reader = producer.reader(ReaderOptions::lossy())?;
    /// producer.publish_slice(&[1.0, 2.0])?;
    /// assert_eq!(reader.latest()?, Some((1, 2.0)));
    /// assert_eq!(reader.lag(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn latest(&self) -> Result<Option<(u64, T)>, ReadError> {
        let mut words = vec![0; size_of::<T>().div_ceil(8)];
        let bytes = &mut cast::words_as_bytes(&mut words)[..size_of::<T>()];
        let sequence = self.core.latest(bytes)?;
        Ok(sequence.map(|sequence| (sequence, cast::as_records(bytes)[0])))
    }

    /// Records published and not yet read.
    pub fn lag(&self) -> u64 {
        self.core.lag()
    }

    /// The next sequence this reader will read.
    pub fn cursor(&self) -> u64 {
        self.core.ledger().cursor
    }

    /// What became of every record since this reader joined.
    pub fn ledger(&self) -> Ledger {
        self.core.ledger()
    }

    /// How long the oldest record not yet read has been published: the lag in time, zero when everything is read.
    /// `None` on a ring without publication times ([`CreateOptions::stamp`](crate::CreateOptions::stamp)), and when
    /// no producer has opened the ring since the system booted.
    pub fn lag_time(&self) -> Option<Duration> {
        self.core.lag_time()
    }

    /// This bounded reader was demoted and reads as a lossy one. It becomes so when it reads the news
    /// ([`Event::Demoted`]), not at the moment of the demotion.
    pub fn is_demoted(&self) -> bool {
        self.core.is_demoted()
    }

    /// Holds the producer again, as a bounded reader that was demoted; otherwise it does nothing.
    ///
    /// Nothing is lost by it when the reader has caught up ([`Reader::lag`]) to within what the ring keeps less an eighth
    /// of it, or less the largest claim that the producer makes at once; further behind it may miss records, which the
    /// next batch tells.
    ///
    /// # Errors
    ///
    /// The ring is damaged, or this is a forked child.
    pub fn rejoin(&mut self) -> Result<(), ReadError> {
        self.core.rejoin()
    }

    /// This reader began at a time ([`Start::At`](crate::Start::At)), and the ring does not reach back so far: records of
    /// that time may have been overwritten, nobody knows how many, and they are not counted as missed.
    pub fn begins_late(&self) -> bool {
        self.core.begins_late()
    }

    /// The ring lies on a disk and its end was not written in order, see
    /// [`ReaderOptions::unverified`](crate::ReaderOptions::unverified).
    pub fn is_unverified(&self) -> bool {
        self.core.is_unverified()
    }

    /// Unlisted: all slots were taken, or this user may not register. An observer is woken by a timer.
    pub fn is_observer(&self) -> bool {
        self.core.is_observer()
    }
}

/// Records in order, without a gap between them. A lossless reader gives their cells back to the producer
/// when the batch is dropped.
#[derive(Debug)]
pub struct Batch<'a, T: Record> {
    core: &'a mut ReaderCore,
    handout: Handout,
    records: PhantomData<fn() -> T>,
}

impl<T: Record> Batch<'_, T> {
    /// The records. Empty when the batch only brings an [`Event`], or only says what was missed.
    #[inline]
    pub fn records(&self) -> &[T] {
        cast::as_records(self.core.bytes(&self.handout.run))
    }

    /// The sequence of the first record; the others follow it one by one.
    #[inline]
    pub fn first_sequence(&self) -> u64 {
        self.handout.run.first
    }

    /// How many records just before the first one this reader missed.
    #[inline]
    pub fn missed(&self) -> u64 {
        self.handout.missed
    }

    /// When the record at `index` of this batch was published, nanoseconds since the Unix epoch: by the monotonic
    /// clock, set to the wall clock when its producer opened the ring. `None` on a ring without publication times,
    /// beyond the batch, and if so many producers came since that the ring has forgotten this one.
    pub fn published_ns(&self, index: usize) -> Option<i64> {
        self.core.published_ns(&self.handout.run, index)
    }

    /// This moment, on the clock of [`published_ns`](Self::published_ns): the difference is how long ago a record was
    /// published, by the monotonic clock alone while one producer runs. `None` on a ring without publication times,
    /// and if no producer has opened it since the system booted.
    pub fn now_ns(&self) -> Option<i64> {
        self.core.now_ns()
    }

    /// What happened just before the first record.
    #[inline]
    pub fn event(&self) -> Option<Event> {
        self.handout.event
    }
}

impl<T: Record> Drop for Batch<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.core.release();
    }
}
