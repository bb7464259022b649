//! The ring this process publishes to: everything that touches the library's producer.

use std::time::Duration;

use ringbuf_core::{
    CreateError, CreateOptions, Delivery, Retain, Schema, UntypedProducer, inspect,
};

use crate::{
    config::{Access, RingConfig},
    keep::Keep,
    supply::Held,
};

/// The data of a ring whose capacity nobody named.
const DEFAULT_BYTES: u64 = 4 * 1024 * 1024;

/// An open ring with this process as its producer.
#[derive(Debug)]
pub(crate) struct Stream {
    producer: UntypedProducer,
    /// What producers before this one had refused.
    refused_before: u64,
}

impl Stream {
    /// Creates the ring, or continues one that is the same.
    pub(crate) fn create(config: &RingConfig, schema: &Schema) -> anyhow::Result<Stream> {
        let options = options(config);
        let retain = retain(config, schema);
        let producer = UntypedProducer::create_with(&config.name, schema.clone(), retain, &options)
            .map_err(advice)?;
        Ok(Stream {
            refused_before: producer.refused(),
            producer,
        })
    }

    /// Publishes whole records, waiting for readers if that is what the ring does; returns how many
    /// went out. Fewer than given: `stop` said so, or there was no room for the others.
    pub(crate) fn publish(
        &mut self,
        records: &[u8],
        stop: &dyn Fn() -> bool,
    ) -> anyhow::Result<u64> {
        Ok(self.producer.publish_bytes_until(records, stop)? as u64)
    }

    /// Records of this run that found no room and were dropped.
    pub(crate) fn refused(&self) -> u64 {
        self.producer.refused().saturating_sub(self.refused_before)
    }

    /// The time between the oldest and the newest record kept, if it can be known.
    pub(crate) fn kept(&self) -> Option<Duration> {
        self.producer.kept()
    }

    /// What the ring keeps at the moment, once `published` of this run have filled it.
    pub(crate) fn held(&self, published: u64) -> Option<Held> {
        let count = self.producer.capacity();
        let time = self.kept().filter(|_| published > count)?;
        Some(Held { count, time })
    }

    /// How many readers have registered.
    pub(crate) fn readers(&self) -> u64 {
        self.producer.registered_readers() as u64
    }

    /// Closes the ring: readers read what is left and end.
    pub(crate) fn close(self) {
        self.producer.close();
    }
}

/// The reader a blocked producer waits for, in words.
pub(crate) fn reader_in_the_way(ring: &str) -> String {
    let readers = inspect::info(ring).ok().and_then(|info| info.readers);
    readers
        .into_iter()
        .flatten()
        .filter(|reader| {
            reader.is_alive && !reader.is_demoted && reader.delivery != Delivery::Lossy
        })
        .max_by_key(|reader| reader.lag)
        .map_or("a reader".to_owned(), |reader| {
            format!("the {} reader {:?}", reader.delivery.name(), reader.name)
        })
}

/// What the command line says of any ring.
pub(crate) fn options(config: &RingConfig) -> CreateOptions {
    let options = CreateOptions::default()
        .replace(config.replace)
        .allow(config.allow)
        .when_full(config.when_full)
        .stamp(config.stamp);
    with_access(options, config.access)
}

/// Adds who may open the files.
fn with_access(options: CreateOptions, access: Access) -> CreateOptions {
    let options = match access.mode {
        Some(mode) => options.mode(mode),
        None => options,
    };
    match access.register {
        Some(who) => options.register(who),
        None => options,
    }
}

/// How many records to keep.
fn retain(config: &RingConfig, schema: &Schema) -> Retain {
    match config.keep {
        Keep::Records(count) => Retain::records(count),
        Keep::Lasting(promise) => promise.retain(),
        Keep::AsFound => {
            // A ring that is to be replaced says nothing about the new one.
            let found = (!config.replace)
                .then(|| inspect::info(&config.name).ok())
                .flatten()
                .map(|info| info.capacity);
            Retain::records(found.unwrap_or_else(|| default_capacity(schema.size())))
        }
    }
}

/// The library's words, and which option of this program they come down to.
pub(crate) fn advice(error: CreateError) -> anyhow::Error {
    match error {
        CreateError::Different { .. } | CreateError::Unverified { .. } => {
            anyhow::anyhow!("{error}\n--replace replaces it")
        }
        other => other.into(),
    }
}

/// As many records as fit into [`DEFAULT_BYTES`], but at least some.
fn default_capacity(stride: usize) -> u64 {
    const FEWEST: u64 = 16;
    (DEFAULT_BYTES / stride.max(1) as u64).max(FEWEST)
}

#[cfg(test)]
mod tests {
    use ringbuf_core::{Element, Field, ReaderOptions, UntypedReader};

    use super::*;

    #[test]
    fn the_reader_in_the_way_is_the_one_furthest_behind_that_is_waited_for() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let ring = directory.path().join("r").display().to_string();
        assert_eq!(reader_in_the_way(&ring), "a reader");
        let schema = Schema::packed([Field::new("v", Element::F64)]).expect("a schema");
        let producer = UntypedProducer::create(&ring, schema, Retain::records(100));
        let mut producer = producer.expect("a ring");
        let attach = |options: ReaderOptions, name: &str| {
            UntypedReader::attach(&ring, options.named(name)).expect("attaches")
        };
        let _careless = attach(ReaderOptions::lossy(), "careless");
        let behind = attach(ReaderOptions::bounded(Duration::from_secs(60)), "a \"b\"");
        producer.publish_bytes(&[0; 80]).expect("publishes");
        let ahead = attach(ReaderOptions::lossless(), "ahead");
        assert_eq!(
            reader_in_the_way(&ring),
            "the bounded reader \"a \\\"b\\\"\""
        );
        drop(behind);
        assert_eq!(reader_in_the_way(&ring), "the lossless reader \"ahead\"");
        drop(ahead);
    }

    #[test]
    fn the_default_is_four_mebibytes() {
        assert_eq!(default_capacity(8), 524_288);
        assert_eq!(default_capacity(40), 104_857);
        assert_eq!(default_capacity(100_000_000), 16);
    }
}
