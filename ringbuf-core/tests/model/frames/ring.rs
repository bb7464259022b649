//! What a ring of frames keeps, by its documents.

use ringbuf_core::{Element, FrameInfo};

use super::{Part, Setup};

/// A frame that was published.
#[derive(Clone, Debug)]
pub struct Made {
    pub number: u64,
    pub start: u64,
    pub len: u64,
    /// When it was published, as the first who asked was told.
    pub time: Option<i64>,
}

impl Made {
    fn end(&self) -> u64 {
        (self.start + self.len).next_multiple_of(64)
    }

    pub fn tag(&self) -> u64 {
        self.number % 3
    }

    pub fn shape(&self) -> Option<[usize; 2]> {
        let is_array = self.number.is_multiple_of(2) && self.len.is_multiple_of(4);
        is_array.then_some([self.len as usize / 4, 1])
    }

    pub fn info(&self) -> FrameInfo {
        match self.shape() {
            Some(shape) => FrameInfo::array(Element::F32, &shape),
            None => FrameInfo::default(),
        }
        .tagged(self.tag())
    }

    /// No two frames agree in any word.
    pub fn content(&self) -> Vec<u8> {
        let word = |i: u64| (self.number << 32 | i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let words = (1..=self.len.div_ceil(8)).map(|i| word(i).to_le_bytes());
        let mut bytes: Vec<u8> = words.flatten().collect();
        bytes.truncate(self.len as usize);
        bytes
    }
}

#[derive(Debug)]
pub struct Ring {
    pub setup: Setup,
    pub arena: u64,
    /// All frames ever.
    pub made: Vec<Made>,
    position: u64,
    pub claimed: u64,
    /// How far the producer may believe that there is room, at most, without looking at its readers again.
    granted: u64,
    pub refused: u64,
    /// The first sequence of each epoch, from epoch 1 on.
    pub epochs: Vec<u64>,
    pub is_closed: bool,
}

impl Ring {
    pub fn new(setup: Setup) -> Ring {
        Ring {
            setup,
            arena: setup.arena * 64,
            made: Vec::new(),
            position: 0,
            claimed: 0,
            granted: 0,
            refused: 0,
            epochs: vec![0],
            is_closed: false,
        }
    }

    pub fn published(&self) -> u64 {
        self.made.len() as u64
    }

    pub fn oldest(&self) -> u64 {
        self.claimed.saturating_sub(self.setup.frames)
    }

    pub fn newest(&self) -> Option<&Made> {
        self.made
            .last()
            .filter(|_| self.oldest() < self.published())
    }

    /// Bytes from the oldest frame that is kept to the newest.
    pub fn kept_bytes(&self) -> u64 {
        let first = self.made.get(self.oldest() as usize);
        match (first, self.newest()) {
            (Some(first), Some(newest)) => newest.start + newest.len - first.start,
            _ => 0,
        }
    }

    pub fn len(&self, part: Part) -> u64 {
        match part {
            0..=1000 => self.arena * part / 1000,
            _ => self.arena + 1,
        }
    }

    /// Where the next frame begins, and what has to be claimed for it.
    pub fn next(&self, len: u64) -> (u64, u64) {
        let left = self.arena - self.position % self.arena;
        let start = self.position + if len > left { left } else { 0 };
        let end = (start + len).next_multiple_of(64);
        let is_overwritten = |made: &&Made| made.start + self.arena < end;
        let kept = &self.made[self.oldest() as usize..];
        let overwritten = kept.iter().take_while(is_overwritten).count() as u64;
        let claimed = (self.oldest() + overwritten + self.setup.frames).max(self.published() + 1);
        (start, claimed)
    }

    /// At the next look at the readers no more is granted than that, or an eighth further on.
    pub fn may_grant(&mut self, start: u64, len: u64, claimed: u64) {
        let end = (start + len).next_multiple_of(64) + self.arena / 8;
        let kept = &self.made[self.oldest() as usize..];
        let is_within = |made: &&Made| made.end() + self.arena <= end;
        let within = kept.iter().take_while(is_within).count() as u64;
        let step = (self.setup.frames / 8).max(1);
        let granted = [
            self.oldest() + within + self.setup.frames,
            self.published() + step,
            claimed,
        ];
        self.granted = granted.into_iter().fold(self.granted, u64::max);
    }

    pub fn publish(&mut self, number: u64, start: u64, len: u64) {
        let made = Made {
            number,
            start,
            len,
            time: None,
        };
        self.position = made.end();
        self.made.push(made);
    }

    pub fn restart(&mut self) {
        self.position = self.newest().map_or(0, Made::end);
        self.epochs.push(self.published());
        self.is_closed = false;
    }

    pub fn epoch_of(&self, sequence: u64) -> u64 {
        let begun = self.epochs.iter().filter(|&&first| first <= sequence);
        begun.count() as u64
    }

    /// From where on a reader can hold the producer that wants to: from one sequence to another.
    pub fn held_from(&self, wanted: u64) -> std::ops::RangeInclusive<u64> {
        let first = wanted.max(self.oldest());
        first..=first.max(self.granted.saturating_sub(self.setup.frames))
    }
}
