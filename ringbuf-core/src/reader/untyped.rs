//! A reader of any ring, through the schema in its file.

use std::time::{Duration, Instant};

use super::core::{Event, Handout, Next, ReaderCore};
use crate::error::{AttachError, ReadError};
use crate::options::ReaderOptions;
use crate::producer::ProducerCore;
use crate::protocol::Ledger;
use crate::records::Records;
use crate::schema::Schema;

/// Follows a ring of any records, with fields found by name.
///
/// ```
/// use ringbuf_core::{Producer, ReaderOptions, Retain};
///
/// let mut producer = Producer::<[f32; 3]>::heap(Retain::records(4))?;
/// let mut reader = producer.untyped_reader(ReaderOptions::lossy())?;
/// producer.publish(&[1.0, 2.0, 3.0])?;
/// let y = reader.schema().column("value[1]").unwrap();
/// let batch = reader.poll()?.unwrap();
/// assert_eq!(batch.records().number(0, &y), Some(2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct UntypedReader {
    pub(super) core: ReaderCore,
}

impl UntypedReader {
    /// As [`Reader::attach`](crate::Reader::attach), for whatever records the ring holds.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn attach(name: &str, options: ReaderOptions) -> Result<UntypedReader, AttachError> {
        let core = ReaderCore::attach(name, &options, None)?;
        Ok(UntypedReader { core })
    }

    pub(crate) fn of(
        producer: &ProducerCore,
        options: ReaderOptions,
    ) -> Result<UntypedReader, AttachError> {
        let core = ReaderCore::of(producer, &options)?;
        Ok(UntypedReader { core })
    }

    /// What a record consists of.
    pub fn schema(&self) -> &Schema {
        self.core.schema()
    }

    /// As [`Reader::poll`](crate::Reader::poll).
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<UntypedBatch<'_>>, ReadError> {
        match self.core.poll()? {
            Next::Batch(handout) => Ok(Some(self.batch(handout))),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// As [`Reader::next`](crate::Reader::next).
    ///
    /// # Errors
    ///
    /// As there.
    // Not an `Iterator`: a batch borrows the reader.
    #[expect(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<UntypedBatch<'_>>, ReadError> {
        match self.core.next(None)? {
            Next::Batch(handout) => Ok(Some(self.batch(handout))),
            Next::TimedOut | Next::Closed => Ok(None),
        }
    }

    /// As [`Reader::next_timeout`](crate::Reader::next_timeout).
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Next<UntypedBatch<'_>>, ReadError> {
        let deadline = Instant::now().checked_add(timeout);
        Ok(match self.core.next(deadline)? {
            Next::Batch(handout) => Next::Batch(self.batch(handout)),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }

    #[inline]
    fn batch(&mut self, handout: Handout) -> UntypedBatch<'_> {
        UntypedBatch {
            core: &mut self.core,
            handout,
        }
    }

    /// The bytes of the newest record and its sequence, without moving this reader; `None` as
    /// [`Reader::latest`](crate::Reader::latest).
    ///
    /// # Errors
    ///
    /// This is a forked child.
    pub fn latest(&self) -> Result<Option<(u64, Vec<u8>)>, ReadError> {
        let mut record = vec![0; self.core.schema().size()];
        let sequence = self.core.latest(&mut record)?;
        Ok(sequence.map(|sequence| (sequence, record)))
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

/// As [`Batch`](crate::Batch), for records of any kind.
#[derive(Debug)]
pub struct UntypedBatch<'a> {
    core: &'a mut ReaderCore,
    handout: Handout,
}

impl UntypedBatch<'_> {
    /// The records. Empty when the batch only brings an [`Event`], or only says what was missed.
    #[inline]
    pub fn records(&self) -> Records<'_> {
        Records::new(self.core.schema(), self.core.bytes(&self.handout.run))
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
    /// and beyond the batch.
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

impl Drop for UntypedBatch<'_> {
    #[inline]
    fn drop(&mut self) {
        self.core.release();
    }
}
