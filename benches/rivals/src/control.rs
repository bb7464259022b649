//! What the roles of one measurement tell each other beside the peer: a page in a file that all map.
//!
//! A measurement consists of rounds of a known number of records, so that nobody needs an end marker in the
//! stream and a consumer that sleeps knows when it has everything.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use benches::clock::now_ns;
use benches::shared::{LINE, Shared};

/// Consumers at most.
pub const CONSUMERS: usize = 64;
/// Times of publication that are kept for those who measure wake-ups.
const STAMPS: usize = 1024;
/// Words of a line.
const WORDS: usize = LINE / 8;
/// Nobody waits longer for somebody else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which line of the page holds what.
mod line {
    pub const READY: usize = 0;
    pub const ROUND: usize = 1;
    pub const RECORDS: usize = 2;
    /// Records that the one consumer has, where the producer waits for each.
    pub const HAS: usize = 3;
    /// One for each consumer, as those behind them.
    pub const DONE: usize = 4;
    pub const ENDED_NS: usize = DONE + super::CONSUMERS;
    pub const MISSED: usize = ENDED_NS + super::CONSUMERS;
    pub const STAMPS: usize = MISSED + super::CONSUMERS;
    pub const END: usize = STAMPS + super::STAMPS / super::WORDS;
}

/// The page.
#[derive(Debug)]
pub struct Control(Shared);

impl Control {
    /// Maps the page of this directory, made if it is not there yet.
    pub fn open(directory: &Path) -> Result<Control> {
        let shared = Shared::file(&directory.join("control"), line::END * LINE)?;
        Ok(Control(shared))
    }

    fn stamp_of(&self, sequence: u64) -> &AtomicU64 {
        let stamp = sequence as usize % STAMPS;
        &self.0.words(line::STAMPS + stamp / WORDS)[stamp % WORDS]
    }

    /// A role has opened all it needs.
    pub fn ready(&self) {
        self.0.word(line::READY).fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until so many roles are ready.
    pub fn await_ready(&self, roles: usize) -> Result<()> {
        wait("the other roles to open the channel", || {
            self.0.word(line::READY).load(Ordering::Acquire) >= roles as u64
        })
    }

    /// The producer begins a round of `records`; 0 is the last one.
    pub fn begin(&self, records: u64) {
        self.0.word(line::RECORDS).store(records, Ordering::Relaxed);
        self.0.word(line::ROUND).fetch_add(1, Ordering::Release);
    }

    /// A consumer waits for the round after `round`: its number of records, `None` when it was the last.
    pub fn next_round(&self, round: &mut u64) -> Result<Option<u64>> {
        *round += 1;
        let due = *round;
        wait("the next round", || {
            self.0.word(line::ROUND).load(Ordering::Acquire) >= due
        })?;
        let records = self.0.word(line::RECORDS).load(Ordering::Relaxed);
        Ok((records > 0).then_some(records))
    }

    /// Rounds begun.
    pub fn round(&self) -> u64 {
        self.0.word(line::ROUND).load(Ordering::Acquire)
    }

    /// Consumer `index` has missed so many records so far; said before it is [done](Control::done).
    pub fn miss(&self, index: usize, missed: u64) {
        let word = self.0.word(line::MISSED + index);
        word.store(missed, Ordering::Relaxed);
    }

    /// Records that the consumers missed until they were last done.
    pub fn missed(&self, consumers: usize) -> u64 {
        let missed = |index| self.0.word(line::MISSED + index).load(Ordering::Relaxed);
        (0..consumers).map(missed).sum()
    }

    /// Consumer `index` has had everything of this round.
    pub fn done(&self, index: usize, round: u64) {
        let ended = self.0.word(line::ENDED_NS + index);
        ended.store(now_ns(), Ordering::Relaxed);
        let done = self.0.word(line::DONE + index);
        done.store(round, Ordering::Release);
    }

    /// The producer waits until all have had everything: when the last one had.
    pub fn await_done(&self, consumers: usize) -> Result<u64> {
        let round = self.0.word(line::ROUND).load(Ordering::Relaxed);
        let done = |index| self.0.word(line::DONE + index).load(Ordering::Acquire);
        wait("the consumers to receive everything", || {
            (0..consumers).all(|index| done(index) >= round)
        })?;
        let ended = |index| self.0.word(line::ENDED_NS + index).load(Ordering::Relaxed);
        Ok((0..consumers).map(ended).max().unwrap_or_else(now_ns))
    }

    /// The one consumer has so many records.
    pub fn has(&self, records: u64) {
        self.0.word(line::HAS).store(records, Ordering::Release);
    }

    /// The producer waits for that.
    pub fn await_has(&self, records: u64) -> Result<()> {
        wait("the consumer to receive a record", || {
            self.0.word(line::HAS).load(Ordering::Acquire) >= records
        })
    }

    /// Notes that this record is published now.
    pub fn stamp(&self, sequence: u64) {
        self.stamp_of(sequence).store(now_ns(), Ordering::Release);
    }

    /// How long ago it was.
    pub fn age_ns(&self, sequence: u64) -> u64 {
        let now = now_ns();
        now.saturating_sub(self.stamp_of(sequence).load(Ordering::Acquire))
    }
}

/// Looks until it is so: often at first, then letting others run.
pub fn wait(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    for _ in 0..10_000 {
        if is_so() {
            return Ok(());
        }
    }
    let since = now_ns();
    while !is_so() {
        std::thread::yield_now();
        if now_ns() - since > PATIENCE.as_nanos() as u64 {
            bail!("waited {PATIENCE:?} for {what} in vain");
        }
    }
    Ok(())
}
