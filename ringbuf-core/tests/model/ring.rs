//! What a ring is by its documents: the newest records, and where they belong.

use std::collections::VecDeque;

use crate::ops::Setup;
use crate::value;

/// Epochs whose beginning a ring remembers, besides the newest.
pub const REMEMBERED: u64 = 14;

/// A record that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub sequence: u64,
    pub value: value::Row,
    pub epoch: u64,
    /// When it was published, as the first who asked was told.
    pub time: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Open,
    Closed,
    /// Removed or replaced.
    Gone,
}

#[derive(Debug)]
pub struct Ring {
    pub setup: Setup,
    /// The readable ones, oldest first, without a gap, up to the newest.
    pub kept: VecDeque<Kept>,
    /// What lies in the cells: what was claimed and not written shows it.
    cells: Vec<value::Row>,
    /// The next sequence.
    pub published: u64,
    /// How far the producer may have begun to write; never goes back.
    pub claimed: u64,
    /// How far it may believe that there is room, without looking at its readers again.
    pub granted: u64,
    pub refused: u64,
    /// The first sequence of each epoch, from epoch 1 on.
    epochs: Vec<u64>,
    pub phase: Phase,
}

impl Ring {
    pub fn new(setup: &Setup) -> Ring {
        let cells = setup.capacity.next_power_of_two() as usize;
        Ring {
            setup: setup.clone(),
            kept: VecDeque::new(),
            cells: vec![value::NOTHING; cells],
            published: 0,
            claimed: 0,
            granted: 0,
            refused: 0,
            epochs: vec![0],
            phase: Phase::Open,
        }
    }

    /// The oldest sequence that may still be read.
    pub fn oldest(&self) -> u64 {
        let gone = self.claimed.saturating_sub(self.setup.capacity);
        gone.min(self.published)
    }

    pub fn epoch(&self) -> u64 {
        self.epochs.len() as u64
    }

    /// The epoch of a record, or of the next one.
    pub fn epoch_of(&self, sequence: u64) -> u64 {
        let begun = self.epochs.iter().filter(|&&first| first <= sequence);
        begun.count() as u64
    }

    /// The next epoch a reader of this one hears of, and where that begins.
    pub fn epoch_after(&self, epoch: u64) -> Option<(u64, u64)> {
        let next = (epoch + 1).max(self.epoch().saturating_sub(REMEMBERED));
        let first = self.epochs.get(next as usize - 1)?;
        Some((next, *first))
    }

    /// Whether the ring knows the clocks of an epoch.
    pub fn remembers(&self, epoch: u64) -> bool {
        self.epoch() - epoch < REMEMBERED
    }

    /// What a record takes: there is room, or it is made by overwriting.
    pub fn claim(&mut self, count: u64) {
        self.claimed = self.claimed.max(self.published + count);
        let oldest = self.oldest();
        while self.kept.front().is_some_and(|kept| kept.sequence < oldest) {
            self.kept.pop_front();
        }
    }

    pub fn write(&mut self, sequence: u64, value: value::Row) {
        let cells = self.cells.len() as u64;
        self.cells[(sequence % cells) as usize] = value;
    }

    pub fn commit(&mut self, count: u64) {
        for sequence in self.published..self.published + count {
            let cells = self.cells.len() as u64;
            self.kept.push_back(Kept {
                sequence,
                value: self.cells[(sequence % cells) as usize],
                epoch: self.epoch(),
                time: None,
            });
        }
        self.published += count;
        assert!(self.kept.len() as u64 <= self.setup.capacity);
    }

    /// Another producer goes on.
    pub fn restart(&mut self) {
        self.epochs.push(self.published);
        self.phase = Phase::Open;
    }

    /// The records from one sequence up to another, which are kept.
    pub fn records(&self, from: u64, end: u64) -> Vec<Kept> {
        let inside = |kept: &&Kept| (from..end).contains(&kept.sequence);
        self.kept.iter().filter(inside).cloned().collect()
    }
}
