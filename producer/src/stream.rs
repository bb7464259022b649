//! The ring this process publishes to: everything that touches the library's producer.

use ringbuf_core::{CreateError, CreateOptions, Delivery, Retain, Schema, UntypedProducer};

use crate::config::{Allow, RingConfig};

/// The data of a ring whose capacity nobody named.
const DEFAULT_BYTES: u64 = 4 * 1024 * 1024;

/// An open ring with this process as its producer.
#[derive(Debug)]
pub(crate) struct Stream {
    producer: UntypedProducer,
}

impl Stream {
    /// Creates the ring, or continues one that is the same.
    pub(crate) fn create(config: &RingConfig, schema: &Schema) -> anyhow::Result<Stream> {
        let capacity = config
            .capacity
            .unwrap_or_else(|| default_capacity(schema.size()));
        let options = CreateOptions::default()
            .replace(config.replace)
            .allow(match config.allow {
                Allow::Lossy => Delivery::Lossy,
                Allow::Lossless => Delivery::Lossless,
            });
        let retain = Retain::records(capacity);
        let producer = UntypedProducer::create_with(&config.name, schema.clone(), retain, &options)
            .map_err(advice)?;
        Ok(Stream { producer })
    }

    /// Publishes whole records, waiting for lossless readers; returns how many went out before
    /// `stop` said so.
    pub(crate) fn publish(
        &mut self,
        records: &[u8],
        stop: &dyn Fn() -> bool,
    ) -> anyhow::Result<u64> {
        Ok(self.producer.publish_bytes_until(records, stop)? as u64)
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

/// The library's words, and which option of this program they come down to.
fn advice(error: CreateError) -> anyhow::Error {
    match error {
        CreateError::Different { .. } => anyhow::anyhow!("{error}\n--replace replaces it"),
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
    use super::*;

    #[test]
    fn the_default_is_four_mebibytes() {
        assert_eq!(default_capacity(8), 524_288);
        assert_eq!(default_capacity(40), 104_857);
        assert_eq!(default_capacity(100_000_000), 16);
    }
}
