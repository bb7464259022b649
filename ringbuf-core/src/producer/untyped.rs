//! A producer of records whose schema is only known at run time.

use std::time::Duration;

use super::claim::{Claimed, UntypedClaim};
use super::core::{ProducerCore, geometry};
use super::room::Patience;
use crate::error::{AttachError, CreateError, PublishError};
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
