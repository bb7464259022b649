//! A reader of either kind, as the role sees it.

use std::time::Duration;

use ringbuf_core::{
    AttachError, Event, Ledger, Next, ReadError, Reader, ReaderOptions, UntypedReader,
};

use crate::content::{Content, Item, Mark, bytes_are_of};

/// How to look for what is new.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Poll,
    Next,
    Timeout(Duration),
}

/// A batch.
pub struct Seen<'a> {
    pub first: u64,
    pub missed: u64,
    pub event: Option<Event>,
    pub records: &'a dyn Content,
    /// Publication times of the first and the last record.
    pub times: [Option<i64>; 2],
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Batch,
    Nothing,
    Closed,
}

pub trait Source {
    fn look(&mut self, how: How, take: &mut dyn FnMut(Seen<'_>)) -> Result<Look, ReadError>;
    /// The newest record: its sequence, its mark, and whether it is whole.
    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError>;
    fn ledger(&self) -> Ledger;
    fn is_demoted(&self) -> bool;
    fn is_observer(&self) -> bool;
    fn rejoin(&mut self) -> Result<(), ReadError>;
}

pub fn attach<T: Item>(
    ring: &str,
    options: ReaderOptions,
    typed: bool,
) -> Result<Box<dyn Source>, AttachError> {
    Ok(match typed {
        true => Box::new(Reader::<T>::attach(ring, options)?),
        false => Box::new(UntypedReader::attach(ring, options)?),
    })
}

macro_rules! alike {
    () => {
        fn look(&mut self, how: How, take: &mut dyn FnMut(Seen<'_>)) -> Result<Look, ReadError> {
            let found = match how {
                How::Poll => self.poll()?.map_or(Next::TimedOut, Next::Batch),
                How::Next => self.next()?.map_or(Next::Closed, Next::Batch),
                How::Timeout(timeout) => self.next_timeout(timeout)?,
            };
            Ok(match found {
                Next::Batch(batch) => {
                    let records = batch.records();
                    let last = records.len().saturating_sub(1);
                    take(Seen {
                        first: batch.first_sequence(),
                        missed: batch.missed(),
                        event: batch.event(),
                        records: &records,
                        times: [batch.published_ns(0), batch.published_ns(last)],
                    });
                    Look::Batch
                }
                Next::TimedOut => Look::Nothing,
                Next::Closed => Look::Closed,
            })
        }

        fn ledger(&self) -> Ledger {
            self.ledger()
        }

        fn is_demoted(&self) -> bool {
            self.is_demoted()
        }

        fn is_observer(&self) -> bool {
            self.is_observer()
        }

        fn rejoin(&mut self) -> Result<(), ReadError> {
            self.rejoin()
        }
    };
}

impl<T: Item> Source for Reader<T> {
    alike!();

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.latest()?;
        Ok(latest.map(|(sequence, record)| {
            let mark = record.mark();
            (sequence, mark, record.is_of(mark))
        }))
    }
}

impl Source for UntypedReader {
    alike!();

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.latest()?;
        Ok(latest.map(|(sequence, record)| {
            let mark = Mark::of_bytes(&record);
            (sequence, mark, bytes_are_of(&record, mark))
        }))
    }
}
