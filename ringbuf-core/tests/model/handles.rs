//! Typed and untyped producers and readers as one.

use std::time::Duration;

use ringbuf_core::{
    AttachError, Event, Ledger, Next, Producer, ReadError, Reader, ReaderOptions, UntypedProducer,
    UntypedReader,
};

use crate::run::Outcome;
use crate::same;
use crate::value::{self, Row};

pub enum AnyProducer {
    Typed(Producer<Row>),
    Untyped(UntypedProducer),
}

pub enum AnyReader {
    Typed(Reader<Row>),
    Untyped(UntypedReader),
}

/// A batch, copied.
#[derive(Debug)]
pub struct Told {
    pub first: u64,
    pub missed: u64,
    pub event: Option<Event>,
    pub rows: Vec<Row>,
    pub times: Vec<Option<i64>>,
}

/// What a look brought.
#[derive(Debug)]
pub enum Got {
    Batch(Told),
    Nothing,
    Closed,
    Removed,
    Replaced,
}

macro_rules! producer {
    ($any:expr, $producer:ident => $call:expr) => {
        match $any {
            AnyProducer::Typed($producer) => $call,
            AnyProducer::Untyped($producer) => $call,
        }
    };
}

macro_rules! reader {
    ($any:expr, $reader:ident => $call:expr) => {
        match $any {
            AnyReader::Typed($reader) => $call,
            AnyReader::Untyped($reader) => $call,
        }
    };
}

impl AnyProducer {
    pub fn published(&self) -> u64 {
        producer!(self, producer => producer.published())
    }

    pub fn capacity(&self) -> u64 {
        producer!(self, producer => producer.capacity())
    }

    pub fn refused(&self) -> u64 {
        producer!(self, producer => producer.refused())
    }

    pub fn registered_readers(&self) -> usize {
        producer!(self, producer => producer.registered_readers())
    }

    pub fn kept(&self) -> Option<Duration> {
        producer!(self, producer => producer.kept())
    }

    pub fn close(self) {
        producer!(self, producer => producer.close());
    }

    pub fn reader(&self, untyped: bool, options: ReaderOptions) -> Result<AnyReader, AttachError> {
        match self {
            AnyProducer::Typed(producer) if untyped => {
                producer.untyped_reader(options).map(AnyReader::Untyped)
            }
            AnyProducer::Typed(producer) => producer.reader(options).map(AnyReader::Typed),
            AnyProducer::Untyped(producer) => producer.reader(options).map(AnyReader::Untyped),
        }
    }
}

impl AnyReader {
    pub fn attach(
        reference: &str,
        untyped: bool,
        options: ReaderOptions,
    ) -> Result<AnyReader, AttachError> {
        match untyped {
            true => UntypedReader::attach(reference, options).map(AnyReader::Untyped),
            false => Reader::attach(reference, options).map(AnyReader::Typed),
        }
    }

    pub fn ledger(&self) -> Ledger {
        reader!(self, reader => reader.ledger())
    }

    pub fn cursor(&self) -> u64 {
        reader!(self, reader => reader.cursor())
    }

    pub fn lag(&self) -> u64 {
        reader!(self, reader => reader.lag())
    }

    pub fn lag_time(&self) -> Option<Duration> {
        reader!(self, reader => reader.lag_time())
    }

    pub fn is_demoted(&self) -> bool {
        reader!(self, reader => reader.is_demoted())
    }

    pub fn begins_late(&self) -> bool {
        reader!(self, reader => reader.begins_late())
    }

    pub fn is_plain(&self) -> bool {
        reader!(self, reader => !reader.is_observer() && !reader.is_unverified())
    }

    /// By who can hold anything on its own.
    pub fn held(&self) -> Option<u64> {
        match self {
            AnyReader::Typed(_) => None,
            AnyReader::Untyped(reader) => Some(reader.held()),
        }
    }

    pub fn rejoin(&mut self) -> Result<(), ReadError> {
        reader!(self, reader => reader.rejoin())
    }

    pub fn latest(&self) -> Result<Option<(u64, Row)>, ReadError> {
        match self {
            AnyReader::Typed(reader) => reader.latest(),
            AnyReader::Untyped(reader) => {
                let latest = reader.latest()?;
                Ok(latest.map(|(sequence, bytes)| (sequence, value::rows(&bytes)[0])))
            }
        }
    }

    /// One look, by the call that may wait or by the other, and what is done while the batch is in hand: the
    /// records in it stay what they are.
    pub fn look(
        &mut self,
        may_wait: bool,
        meanwhile: &mut dyn FnMut() -> Outcome,
    ) -> Result<Got, String> {
        macro_rules! look {
            ($reader:ident, $batch:ident => $rows:expr) => {{
                let next = match may_wait {
                    true => $reader.next_timeout(Duration::ZERO),
                    false => $reader
                        .poll()
                        .map(|batch| batch.map_or(Next::TimedOut, Next::Batch)),
                };
                let $batch = match next {
                    Ok(Next::Batch(batch)) => batch,
                    Ok(Next::TimedOut) => return Ok(Got::Nothing),
                    Ok(Next::Closed) => return Ok(Got::Closed),
                    Err(ReadError::Removed) => return Ok(Got::Removed),
                    Err(ReadError::Replaced) => return Ok(Got::Replaced),
                    Err(error) => return Err(error.to_string()),
                };
                let rows: Vec<Row> = $rows;
                let times = (0..rows.len()).map(|i| $batch.published_ns(i)).collect();
                same!("the time of none", $batch.published_ns(rows.len()), None);
                meanwhile()?;
                same!("what is in hand", &$rows, &rows);
                Got::Batch(Told {
                    first: $batch.first_sequence(),
                    missed: $batch.missed(),
                    event: $batch.event(),
                    rows,
                    times,
                })
            }};
        }
        Ok(match self {
            AnyReader::Typed(reader) => look!(reader, batch => batch.records().to_vec()),
            AnyReader::Untyped(reader) => {
                look!(reader, batch => value::rows(batch.records().bytes()))
            }
        })
    }
}
