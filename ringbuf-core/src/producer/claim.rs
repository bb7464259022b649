//! Records that are claimed and not yet published: written through, or where they lie.

use std::marker::PhantomData;

use super::core::ProducerCore;
use super::room::Patience;
use crate::cast;
use crate::error::PublishError;
use crate::protocol::Full;
use crate::record::Record;
use crate::sequence;

/// A claim in bytes. Dropping it gives it up.
#[derive(Debug)]
pub(super) struct Claimed<'a> {
    core: &'a mut ProducerCore,
    first: u64,
    count: usize,
}

impl<'a> Claimed<'a> {
    /// Exactly so many records.
    #[inline]
    pub(super) fn of(core: &'a mut ProducerCore, count: usize) -> Result<Self, PublishError> {
        core.check_claim(count)?;
        Claimed::checked(core, count)
    }

    /// As [`Claimed::of`], when the caller has checked the count.
    // Into the caller, as publishing one record.
    #[inline(always)]
    fn checked(core: &'a mut ProducerCore, count: usize) -> Result<Self, PublishError> {
        let first = match core.claim_at_once(count) {
            Ok(first) => first,
            Err(full) => wait(core, count, full)?,
        };
        Ok(Claimed { core, first, count })
    }

    /// At most so many, up to where the cells wrap, in a ring that is written in place.
    #[inline]
    pub(super) fn side_by_side(
        core: &'a mut ProducerCore,
        most: usize,
    ) -> Result<Self, PublishError> {
        core.check_claim(most)?;
        if !core.geometry().in_place {
            return Err(core.not_in_place());
        }
        let cells = core.geometry().cells;
        let count = sequence::until_wrap(core.published(), most as u64, cells);
        Claimed::checked(core, count as usize)
    }

    #[inline]
    fn write(&mut self, index: usize, records: &[u8]) {
        // Between the claim and this call the process may have forked: a child's claim is its parent's.
        if self.core.check_fork().is_ok() {
            self.core.write(self.first + index as u64, records);
        }
    }

    /// The records where they lie: two pieces if they wrap.
    #[inline]
    fn slices_mut(&mut self) -> Result<(&mut [u8], &mut [u8]), PublishError> {
        self.core.check_fork()?;
        if !self.core.geometry().in_place {
            return Err(self.core.not_in_place());
        }
        let pieces = self.core.writer.in_place(self.first, self.count as u64);
        let (first, rest) = pieces.expect("a claim is claimed");
        Ok((first.bytes(), rest.bytes()))
    }

    /// The records of [`Claimed::side_by_side`] where they lie; none in a forked child.
    #[inline]
    fn slice_mut(&mut self) -> &mut [u8] {
        if self.core.check_fork().is_err() {
            return &mut [];
        }
        let piece = self.core.writer.in_one_piece(self.first, self.count as u64);
        piece.expect("a claim is claimed").bytes()
    }

    #[inline]
    fn commit_first(self, count: usize) -> u64 {
        assert!(
            count <= self.count,
            "{count} records of a claim of {}",
            self.count
        );
        self.commit(count)
    }

    /// As `commit_first`, of no more than are claimed.
    // Into the caller, as publishing one record.
    #[inline(always)]
    fn commit(self, count: usize) -> u64 {
        if self.core.check_fork().is_ok() {
            self.core.commit(count);
            self.core.notify();
        }
        self.first
    }
}

/// Claims when there was no room at once.
#[cold]
fn wait(core: &mut ProducerCore, count: usize, full: Full) -> Result<u64, PublishError> {
    core.wait_and_claim(count as u64, full, Patience::ForEver)?
        .map_err(|full| {
            core.refuse(count);
            let (reader, lag) = core.in_the_way(full);
            PublishError::Full { reader, lag }
        })
}

/// Records that are claimed and not yet published; see [`Producer::claim`](crate::Producer::claim).
#[derive(Debug)]
pub struct Claim<'a, T: Record> {
    claimed: Claimed<'a>,
    records: PhantomData<fn(T)>,
}

impl<'a, T: Record> Claim<'a, T> {
    pub(super) fn new(claimed: Claimed<'a>) -> Self {
        Claim {
            claimed,
            records: PhantomData,
        }
    }

    /// The sequence of the first record claimed.
    pub fn first_sequence(&self) -> u64 {
        self.claimed.first
    }

    /// Records claimed.
    pub fn len(&self) -> usize {
        self.claimed.count
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
            .is_some_and(|end| end <= self.len());
        assert!(
            fits,
            "records {index}.. of {} lie outside a claim of {}",
            records.len(),
            self.len()
        );
        self.claimed.write(index, cast::as_bytes(records));
    }

    /// The records of the claim where they lie, to be written there: in two pieces, one behind the other, as
    /// [`VecDeque::as_mut_slices`](std::collections::VecDeque::as_mut_slices) gives them. The second is empty unless the
    /// claim goes around the end of the ring's cells. They hold whatever the ring held there before.
    ///
    /// A child that is forked while it has the slices must not touch them: they are its parent's.
    ///
    /// # Errors
    ///
    /// The ring was not created [`in_place`](crate::CreateOptions::in_place), or this is a forked child.
    ///
    /// ```
    /// use ringbuf_core::{CreateOptions, Producer, ReaderOptions, Retain};
    ///
    /// let options = CreateOptions::default().in_place(true);
    /// let mut producer = Producer::<u32>::heap_with(Retain::records(4), &options)?;
    /// producer.publish_slice(&[0, 1, 2])?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// let mut claim = producer.claim(2)?;
    /// let (first, rest) = claim.slices_mut()?;
    /// (first[0], rest[0]) = (3, 4);
    /// assert_eq!(claim.commit(), 3);
    /// assert_eq!(reader.poll()?.unwrap().records(), [3]);
    /// assert_eq!(reader.poll()?.unwrap().records(), [4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn slices_mut(&mut self) -> Result<(&mut [T], &mut [T]), PublishError> {
        let (first, rest) = self.claimed.slices_mut()?;
        Ok((cast::as_records_mut(first), cast::as_records_mut(rest)))
    }

    /// Gives the claim up, as dropping it does: readers never see it.
    pub fn abort(self) {}

    /// Publishes all records claimed and returns the first sequence. Those that were not written hold
    /// whatever the ring held there before.
    #[inline]
    pub fn commit(self) -> u64 {
        let count = self.len();
        self.claimed.commit(count)
    }

    /// Publishes the first `count` records, gives up the rest, and returns the first sequence.
    ///
    /// # Panics
    ///
    /// More than were claimed.
    #[inline]
    pub fn commit_first(self, count: usize) -> u64 {
        self.claimed.commit_first(count)
    }
}

/// Records side by side that are written where they lie; see
/// [`Producer::claim_in_place`](crate::Producer::claim_in_place).
#[derive(Debug)]
pub struct ClaimInPlace<'a, T: Record> {
    claimed: Claimed<'a>,
    records: PhantomData<fn(T)>,
}

impl<'a, T: Record> ClaimInPlace<'a, T> {
    pub(super) fn new(claimed: Claimed<'a>) -> Self {
        ClaimInPlace {
            claimed,
            records: PhantomData,
        }
    }

    /// The sequence of the first record claimed.
    pub fn first_sequence(&self) -> u64 {
        self.claimed.first
    }

    /// Records claimed: perhaps fewer than were asked for.
    pub fn len(&self) -> usize {
        self.claimed.count
    }

    /// Never: a claim has at least one record.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The records where they lie, to be written. They hold whatever the ring held there before.
    ///
    /// In a forked child there are none: they are its parent's, and so are those that it got before the fork.
    #[inline]
    pub fn records_mut(&mut self) -> &mut [T] {
        cast::as_records_mut(self.claimed.slice_mut())
    }

    /// Gives the claim up, as dropping it does: readers never see it.
    pub fn abort(self) {}

    /// As [`Claim::commit`].
    #[inline]
    pub fn commit(self) -> u64 {
        let count = self.len();
        self.claimed.commit(count)
    }

    /// As [`Claim::commit_first`].
    ///
    /// # Panics
    ///
    /// More than were claimed.
    #[inline]
    pub fn commit_first(self, count: usize) -> u64 {
        self.claimed.commit_first(count)
    }
}

/// Records side by side that are written where they lie, as bytes; see
/// [`UntypedProducer::claim_in_place`](crate::UntypedProducer::claim_in_place).
#[derive(Debug)]
pub struct UntypedClaim<'a> {
    claimed: Claimed<'a>,
}

impl<'a> UntypedClaim<'a> {
    pub(super) fn new(claimed: Claimed<'a>) -> Self {
        UntypedClaim { claimed }
    }

    /// The sequence of the first record claimed.
    pub fn first_sequence(&self) -> u64 {
        self.claimed.first
    }

    /// Records claimed: perhaps fewer than were asked for.
    pub fn len(&self) -> usize {
        self.claimed.count
    }

    /// Never: a claim has at least one record.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// As [`ClaimInPlace::records_mut`], in bytes: whole records, laid out as the schema says.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.claimed.slice_mut()
    }

    /// Gives the claim up, as dropping it does: readers never see it.
    pub fn abort(self) {}

    /// As [`Claim::commit`].
    #[inline]
    pub fn commit(self) -> u64 {
        let count = self.len();
        self.claimed.commit(count)
    }

    /// As [`Claim::commit_first`]; `count` counts records.
    ///
    /// # Panics
    ///
    /// More than were claimed.
    #[inline]
    pub fn commit_first(self, count: usize) -> u64 {
        self.claimed.commit_first(count)
    }
}
