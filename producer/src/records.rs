//! Records of a source, published to a ring of records.

use std::time::Duration;

use crate::{
    block::Block,
    pace::Schedule,
    source::Source,
    stream::Stream,
    supply::{Due, Held, Kind, Sent, Supply},
};

/// Records and their ring.
pub(crate) struct Records {
    source: Box<dyn Source>,
    stream: Stream,
    block: Block,
    stride: usize,
}

impl Records {
    /// What this source makes goes to this ring.
    pub(crate) fn new(source: Box<dyn Source>, stream: Stream) -> Records {
        let stride = source.schema().size();
        Records {
            source,
            stream,
            block: Block::new(stride),
            stride,
        }
    }
}

impl Supply for Records {
    fn kind(&self) -> Kind {
        Kind::Records
    }

    fn next_due(&mut self, schedule: &mut Schedule, most: u64, _now: u64) -> anyhow::Result<Due> {
        if self.block.next_due().is_none() {
            self.block.refill(self.source.as_mut(), schedule, most)?;
        }
        Ok(self.block.next_due().map_or(Due::Never, Due::At))
    }

    fn publish_due(&mut self, now: u64, end: u64, stop: &dyn Fn() -> bool) -> anyhow::Result<Sent> {
        let records = self.block.take_due(now, end);
        Ok(Sent {
            made: (records.len() / self.stride) as u64,
            published: self.stream.publish(records, stop)?,
        })
    }

    fn refused(&self) -> u64 {
        self.stream.refused()
    }

    fn kept(&self) -> Option<Duration> {
        self.stream.kept()
    }

    fn held(&self, published: u64) -> Option<Held> {
        self.stream.held(published)
    }

    fn readers(&self) -> u64 {
        self.stream.readers()
    }

    fn close(self: Box<Self>) {
        self.stream.close();
    }
}
