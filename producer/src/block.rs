//! Records that are made but not yet published, each with the time it is due.

use crate::{pace::Schedule, source::Source};

/// About how many bytes are made in one go: enough to make the cost per call disappear, little
/// enough to stay in the processor's cache.
const BLOCK_BYTES: usize = 64 * 1024;

/// A run of records waiting for their time.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    dues: Vec<u64>,
    /// Records handed out already.
    taken: usize,
    stride: usize,
}

impl Block {
    /// An empty block for records of `stride` bytes.
    pub(crate) fn new(stride: usize) -> Block {
        Block {
            bytes: Vec::new(),
            dues: Vec::new(),
            taken: 0,
            stride,
        }
    }

    /// Fills the emptied block with at most `most` records; without any when the source has ended.
    pub(crate) fn refill(
        &mut self,
        source: &mut dyn Source,
        schedule: &mut Schedule,
        most: u64,
    ) -> anyhow::Result<()> {
        self.bytes.clear();
        self.dues.clear();
        self.taken = 0;
        let room = (BLOCK_BYTES / self.stride).max(1);
        source.fill(
            &mut self.bytes,
            usize::try_from(most).map_or(room, |most| room.min(most)),
        )?;
        let records = self.bytes.chunks_exact(self.stride);
        self.dues.extend(records.map(|record| schedule.due(record)));
        Ok(())
    }

    /// When the next record is due; `None` when the block is empty.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.dues.get(self.taken).copied()
    }

    /// When the last record that was handed out was due.
    pub(crate) fn last_due(&self) -> Option<u64> {
        self.dues.get(self.taken.checked_sub(1)?).copied()
    }

    /// How much of the block has been handed out, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        self.taken as f64 / self.dues.len().max(1) as f64
    }

    /// The records due until `now` and before `end`, oldest first.
    pub(crate) fn take_due(&mut self, now: u64, end: u64) -> &[u8] {
        let first = self.taken;
        let waiting = &self.dues[first..];
        // Dues never go back, so the first that is not ready ends the run.
        self.taken += waiting.partition_point(|&due| due <= now && due < end);
        &self.bytes[first * self.stride..self.taken * self.stride]
    }
}

#[cfg(test)]
mod tests {
    use ringbuf_core::{Element, Field, Schema};

    use super::*;
    use crate::pace::Timing;

    struct Numbers(Schema, u64, u64);

    impl Source for Numbers {
        fn schema(&self) -> &Schema {
            &self.0
        }

        fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
            let count = (self.2 - self.1).min(max as u64);
            for n in self.1..self.1 + count {
                out.extend_from_slice(&n.to_le_bytes());
            }
            self.1 += count;
            Ok(count as usize)
        }
    }

    #[test]
    fn records_come_out_when_due_and_once() {
        let schema = Schema::packed([Field::new("n", Element::U64)]).expect("schema");
        let mut source = Numbers(schema, 0, 10);
        let mut schedule = Schedule::new(Timing::Rate(1e9), None);
        let mut block = Block::new(8);
        assert_eq!(block.next_due(), None);
        block.refill(&mut source, &mut schedule, 8).expect("fills");
        assert_eq!((block.last_due(), block.share()), (None, 0.0));
        assert_eq!(block.take_due(2, u64::MAX).len(), 3 * 8);
        assert_eq!((block.last_due(), block.share()), (Some(2), 0.375));
        assert_eq!(block.next_due(), Some(3));
        assert!(block.take_due(2, u64::MAX).is_empty());
        assert_eq!(block.take_due(100, 5).len(), 2 * 8);
        assert_eq!(block.take_due(100, u64::MAX).len(), 3 * 8);
        block
            .refill(&mut source, &mut schedule, u64::MAX)
            .expect("fills");
        assert_eq!(block.next_due(), Some(8));
        assert_eq!(
            block.take_due(100, u64::MAX),
            [8_u64.to_le_bytes(), 9_u64.to_le_bytes()].as_flattened()
        );
        block
            .refill(&mut source, &mut schedule, u64::MAX)
            .expect("fills");
        assert_eq!(block.next_due(), None);
    }
}
