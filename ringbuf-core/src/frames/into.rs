//! A frame at a time, copied into the caller's bytes.

use std::time::{Duration, Instant};

use super::basket::{Entry, Only};
use super::batch::FrameCopy;
use super::header::FrameHeader;
use super::reader::FrameReader;
use crate::error::ReadError;
use crate::protocol::frames::{Basket, Choice, Span};
use crate::protocol::{Fault, News};
use crate::reader::{Handout, Next, ReaderCore};

/// Room for one frame.
struct Single<'a> {
    only: Option<&'a Only>,
    out: &'a mut [u8],
    taken: Option<Entry>,
}

impl Basket for Single<'_> {
    fn clear(&mut self) {
        self.taken = None;
    }

    fn most(&self) -> usize {
        match self.only {
            None => 1,
            // Nobody knows how many are passed over.
            Some(_) => usize::MAX,
        }
    }

    fn longest(&self) -> u64 {
        self.out.len() as u64
    }

    fn choose(&mut self, sequence: u64, descriptor: &[u8], span: Span) -> Choice {
        let header = FrameHeader::decode(sequence, descriptor);
        if self.only.is_some_and(|only| !only(&header)) {
            return Choice::Skip;
        }
        if self.taken.is_some() || span.len > self.longest() {
            return Choice::Full;
        }
        self.taken = Some(Entry {
            header,
            span,
            offset: 0,
        });
        Choice::Take
    }

    fn room(&mut self, span: Span) -> &mut [u8] {
        &mut self.out[..span.len as usize]
    }

    fn keep_from(&mut self, sequence: u64) -> u64 {
        self.taken = self
            .taken
            .filter(|taken| taken.header.sequence() >= sequence);
        u64::from(self.taken.is_some())
    }
}

impl FrameReader {
    /// Copies the next frame to the front of the caller's bytes, waiting for it at most `timeout`; `Duration::ZERO` takes one
    /// look. What lies behind it may have been written over, and all of it where [`FrameCopy::header`] is `None`.
    ///
    /// # Errors
    ///
    /// As [`FrameReader::next`], and [`ReadError::FrameTooLong`] for a frame that does not fit: it is still to be read, and
    /// so is what is to be told in front of it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ringbuf_core::{FrameProducer, FrameRetain, Next, ReadError, ReaderOptions};
    ///
    /// let mut producer = FrameProducer::heap(FrameRetain::bytes(4096))?;
    /// let mut reader = producer.reader(ReaderOptions::lossless())?;
    /// producer.publish(b"a line")?;
    /// let mut line = [0; 16];
    /// let found = reader.read_into(&mut line[..2], Duration::ZERO);
    /// assert!(matches!(found, Err(ReadError::FrameTooLong { found: 6, room: 2 })));
    /// let Next::Batch(copy) = reader.read_into(&mut line, Duration::ZERO)? else { panic!() };
    /// assert_eq!(&line[..copy.header.unwrap().len()], b"a line");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_into(
        &mut self,
        out: &mut [u8],
        timeout: Duration,
    ) -> Result<Next<FrameCopy>, ReadError> {
        let deadline = Instant::now().checked_add(timeout);
        let (core, taken) = self.parts();
        let mut single = Single {
            only: taken.only(),
            out,
            taken: None,
        };
        let found = core.next_by(deadline, |core| attempt(core, &mut single))?;
        Ok(match found {
            Next::Batch(handout) => Next::Batch(copy(core, single, handout)),
            Next::TimedOut => Next::TimedOut,
            Next::Closed => Next::Closed,
        })
    }
}

fn attempt(core: &mut ReaderCore, single: &mut Single<'_>) -> Result<News, Fault> {
    let news = core.attempt_frames(single)?;
    if let (News::Records(_), Some(taken)) = (news, &single.taken) {
        core.sized(taken.header.len());
    }
    Ok(news)
}

fn copy(core: &mut ReaderCore, single: Single<'_>, handout: Handout) -> FrameCopy {
    let Handout { run, missed, event } = handout;
    let taken = single.taken.filter(|_| run.count > 0);
    let header = taken.map(
        |Entry {
             mut header, span, ..
         }| {
            let index = (header.sequence() - run.first) as usize;
            header.published_ns = core.published_ns(&run, index);
            if core.is_in_place() {
                let bytes = core.held_payload(span);
                single.out[..bytes.len()].copy_from_slice(bytes);
            }
            header
        },
    );
    core.release();
    FrameCopy {
        header,
        missed,
        event,
    }
}
