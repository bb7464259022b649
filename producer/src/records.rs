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
    /// How much of the source was made before the block, and with it.
    shares: Option<(f64, f64)>,
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
            shares: None,
        }
    }
}

impl Supply for Records {
    fn kind(&self) -> Kind {
        Kind::Records
    }

    fn next_due(&mut self, schedule: &mut Schedule, most: u64, _now: u64) -> anyhow::Result<Due> {
        if self.block.next_due().is_none() {
            let before = self.shares.map_or(0.0, |(_, with)| with);
            self.block.refill(self.source.as_mut(), schedule, most)?;
            self.shares = self.source.share().map(|with| (before, with));
        }
        Ok(match self.block.next_due() {
            Some(due) => Due::At(due),
            None if self.source.is_waiting() => Due::Unknown,
            None => Due::Never,
        })
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

    fn last_due(&self) -> Option<u64> {
        self.block.last_due()
    }

    fn share(&self) -> Option<f64> {
        let (before, with) = self.shares?;
        Some(before + (with - before) * self.block.share())
    }

    fn readers(&self) -> u64 {
        self.stream.readers()
    }

    fn close(self: Box<Self>) {
        self.stream.close();
    }
}
