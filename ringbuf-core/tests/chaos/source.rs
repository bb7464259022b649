//! A reader of any kind, as the role sees it.

use std::time::Duration;

use ringbuf_core::{
    AttachError, Event, FrameReader, Ledger, Next, ReadError, Reader, ReaderOptions, UntypedReader,
};

use crate::content::{
    self, Content, Descriptors, Item, Mark, bytes_are_of, describes, is_frame_of, mark_in,
};
use crate::kinds::ReaderKind;
use crate::setting::Frames;

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
    /// In a way that only this kind has, now and then.
    fn look_otherwise(
        &mut self,
        _how: How,
        _take: &mut dyn FnMut(Seen<'_>),
    ) -> Result<Option<Look>, ReadError> {
        Ok(None)
    }

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
    (frames, kind): (Option<Frames>, &ReaderKind),
) -> Result<Box<dyn Source>, AttachError> {
    Ok(match (frames, kind.typed) {
        (None, true) => Box::new(Reader::<T>::attach(ring, options)?),
        (None, false) => Box::new(UntypedReader::attach(ring, options)?),
        (Some(Frames { arena, .. }), true) => {
            let mut reader = FrameReader::attach(ring, options)?;
            if kind.chooses {
                reader.only(|frame| ReaderKind::wants(frame.sequence()));
            }
            Box::new(OfFrames {
                reader,
                arena,
                looks: 0,
                buffer: Vec::new(),
            })
        }
        (Some(Frames { arena, .. }), false) => Box::new(OfDescriptors {
            reader: UntypedReader::attach(ring, options)?,
            arena,
        }),
    })
}

/// Of frames; every other one by itself, if it waits.
struct OfFrames {
    reader: FrameReader,
    arena: u64,
    looks: u64,
    buffer: Vec<u8>,
}

/// Of frames, of which it sees what is said of them.
struct OfDescriptors {
    reader: UntypedReader,
    arena: u64,
}

/// What all readers do by the same names; what they bring, and its first and last publication time.
macro_rules! alike {
    ($this:ident => $reader:expr, $batch:ident => $records:expr, $times:expr) => {
        fn look(&mut self, how: How, take: &mut dyn FnMut(Seen<'_>)) -> Result<Look, ReadError> {
            let $this = self;
            if let Some(look) = $this.look_otherwise(how, take)? {
                return Ok(look);
            }
            let found = match how {
                How::Poll => $reader.poll()?.map_or(Next::TimedOut, Next::Batch),
                How::Next => $reader.next()?.map_or(Next::Closed, Next::Batch),
                How::Timeout(timeout) => $reader.next_timeout(timeout)?,
            };
            Ok(match found {
                Next::Batch($batch) => {
                    take(Seen {
                        first: $batch.first_sequence(),
                        missed: $batch.missed(),
                        event: $batch.event(),
                        records: &$records,
                        times: $times,
                    });
                    Look::Batch
                }
                Next::TimedOut => Look::Nothing,
                Next::Closed => Look::Closed,
            })
        }

        fn ledger(&self) -> Ledger {
            let $this = self;
            $reader.ledger()
        }

        fn is_demoted(&self) -> bool {
            let $this = self;
            $reader.is_demoted()
        }

        fn is_observer(&self) -> bool {
            let $this = self;
            $reader.is_observer()
        }

        fn rejoin(&mut self) -> Result<(), ReadError> {
            let $this = self;
            $reader.rejoin()
        }
    };
}

impl<T: Item> Source for Reader<T> {
    alike!(this => this, batch => batch.records(), {
        let last = batch.records().len().saturating_sub(1);
        [batch.published_ns(0), batch.published_ns(last)]
    });

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.latest()?;
        Ok(latest.map(|(sequence, record)| {
            let mark = record.mark();
            (sequence, mark, record.is_of(mark))
        }))
    }
}

impl Source for UntypedReader {
    alike!(this => this, batch => batch.records(), {
        let last = batch.records().len().saturating_sub(1);
        [batch.published_ns(0), batch.published_ns(last)]
    });

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.latest()?;
        Ok(latest.map(|(sequence, record)| {
            let mark = Mark::of_bytes(&record);
            (sequence, mark, bytes_are_of(&record, mark))
        }))
    }
}

impl Source for OfDescriptors {
    alike!(this => this.reader, batch => Descriptors {
        records: batch.records(),
        arena: this.arena,
    }, {
        let last = batch.records().len().saturating_sub(1);
        [batch.published_ns(0), batch.published_ns(last)]
    });

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.reader.latest()?;
        Ok(latest.map(|(sequence, record)| {
            let mark = mark_in(&record);
            (sequence, mark, describes(&record, mark, self.arena))
        }))
    }
}

impl Source for OfFrames {
    alike!(this => this.reader, batch => content::Frames {
        frames: batch.frames().map(|frame| (*frame.header(), frame.bytes())).collect(),
        arena: this.arena,
    }, {
        let times = || batch.frames().map(|frame| frame.published_ns());
        [times().next().flatten(), times().last().flatten()]
    });

    fn look_otherwise(
        &mut self,
        how: How,
        take: &mut dyn FnMut(Seen<'_>),
    ) -> Result<Option<Look>, ReadError> {
        self.looks += 1;
        if !matches!(how, How::Next) || self.looks.is_multiple_of(2) {
            return Ok(None);
        }
        let Some(copy) = self.reader.next_into(&mut self.buffer)? else {
            return Ok(Some(Look::Closed));
        };
        let header = copy.header;
        let time = header.and_then(|header| header.published_ns());
        take(Seen {
            first: header.map_or(self.reader.cursor(), |header| header.sequence()),
            missed: copy.missed,
            event: copy.event,
            records: &content::Frames {
                frames: header
                    .into_iter()
                    .map(|header| (header, &*self.buffer))
                    .collect(),
                arena: self.arena,
            },
            times: [time, time],
        });
        Ok(Some(Look::Batch))
    }

    fn latest(&self) -> Result<Option<(u64, Mark, bool)>, ReadError> {
        let latest = self.reader.latest()?;
        Ok(latest.map(|(header, bytes)| {
            let mark = Mark::of(header.tag());
            let is_whole = is_frame_of(&header, &bytes, mark, self.arena);
            (header.sequence(), mark, is_whole)
        }))
    }
}
