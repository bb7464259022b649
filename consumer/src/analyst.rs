//! Who looks at what comes: an analysis of records, or of frames.

use std::io;

use ringbuf_core::{FrameReader, Records, UntypedReader};

use crate::analysis::{Analysis, View};
use crate::frames::{FrameAnalysis, FrameView};
use crate::output::Output;
use crate::reader::{RingBatch, RingReader};
use crate::reporter::Reporter;

/// Looks at what this reader reads.
pub trait Analyst<R: RingReader> {
    /// The first `read` of these. Returns how many it is done with, fewer only when it failed.
    fn update(
        &mut self,
        batch: &R::Batch<'_>,
        read: usize,
        output: &mut Output,
    ) -> (usize, io::Result<()>);

    /// What it has to say of them.
    fn reporter(&self) -> &dyn Reporter;

    /// The same, to be asked to say it.
    fn reporter_mut(&mut self) -> &mut dyn Reporter;
}

/// An analysis of records.
pub struct OfRecords(pub Box<dyn Analysis>);

/// An analysis of frames.
pub struct OfFrames(pub Box<dyn FrameAnalysis>);

impl Analyst<UntypedReader> for OfRecords {
    fn update(
        &mut self,
        batch: &<UntypedReader as RingReader>::Batch<'_>,
        read: usize,
        output: &mut Output,
    ) -> (usize, io::Result<()>) {
        let all = batch.records();
        let view = View {
            records: Records::new(all.schema(), &all.bytes()[..read * all.schema().size()]),
            first_sequence: RingBatch::first_sequence(batch),
            missed: RingBatch::missed(batch),
            published: &|record| batch.published_ns(record),
            now: &|| batch.now_ns(),
        };
        let result = self.0.update(&view, output);
        (if result.is_ok() { read } else { 0 }, result)
    }

    fn reporter(&self) -> &dyn Reporter {
        &*self.0
    }

    fn reporter_mut(&mut self) -> &mut dyn Reporter {
        &mut *self.0
    }
}

impl Analyst<FrameReader> for OfFrames {
    fn update(
        &mut self,
        batch: &<FrameReader as RingReader>::Batch<'_>,
        read: usize,
        output: &mut Output,
    ) -> (usize, io::Result<()>) {
        let (first, missed) = (batch.first_sequence(), batch.missed());
        if let Err(error) = self.0.begin(first, missed, batch.now_ns(), output) {
            return (0, Err(error));
        }
        for (done, frame) in batch.frames().take(read).enumerate() {
            if let Err(error) = self.0.frame(&FrameView::of(&frame), output) {
                return (done, Err(error));
            }
        }
        (read, Ok(()))
    }

    fn reporter(&self) -> &dyn Reporter {
        &*self.0
    }

    fn reporter_mut(&mut self) -> &mut dyn Reporter {
        &mut *self.0
    }
}
