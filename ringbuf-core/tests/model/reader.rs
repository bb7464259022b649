//! What a reader is by its documents: a place in a ring, and an account of what became of every record.

use ringbuf_core::Event;

use crate::ops::Kind;
use crate::ring::{Kept, Phase, Ring};

/// What a reader keeps its producer from overwriting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Nothing,
    /// This and what follows it.
    From(u64),
    /// The producer took it away.
    Lost,
}

#[derive(Debug)]
pub struct Reader {
    /// Which of the rings there have been.
    pub ring: usize,
    pub name: String,
    pub kind: Kind,
    pub hold: Hold,
    /// It was told that it was demoted.
    pub is_demoted: bool,
    pub begins_late: bool,
    pub until: Option<u64>,
    pub has_ended: bool,
    pub epoch: u64,
    pub joined: u64,
    pub cursor: u64,
    pub read: u64,
    pub missed: u64,
    /// Missed, and not told yet.
    pub untold: u64,
    /// In hand, and not read yet.
    pub in_hand: u64,
    /// The first of each batch that is held on its own in the ring, in its order.
    pub held: Vec<u64>,
}

/// What a look brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Batch {
        first: u64,
        missed: u64,
        event: Option<Event>,
        records: Vec<Kept>,
    },
    Nothing,
    Closed,
    Removed,
    Replaced,
}

impl Reader {
    /// One look for so many. `is_replaced`: another ring has the name.
    pub fn poll(&mut self, ring: &Ring, is_replaced: bool, most: u64) -> Seen {
        let end = self.until.unwrap_or(u64::MAX);
        if self.cursor >= end {
            self.has_ended = true;
            self.hold = self
                .held
                .first()
                .map_or(Hold::Nothing, |&oldest| Hold::From(oldest));
            return match self.untold {
                0 => Seen::Closed,
                _ => self.tells(None, Vec::new()),
            };
        }
        loop {
            let next = ring.epoch_after(self.epoch);
            if let Some((epoch, first)) = next.filter(|&(_, first)| first <= self.cursor)
                && self.cursor < end
            {
                self.epoch = epoch;
                let first_sequence = Some(first);
                let event = Event::Restarted {
                    epoch,
                    first_sequence,
                };
                return self.tells(Some(event), Vec::new());
            }
            let end = next.map_or(end, |(_, first)| first.min(end));
            let end = end.min(ring.published);
            if self.cursor >= end {
                return match ring.phase {
                    _ if self.untold > 0 => self.tells(None, Vec::new()),
                    Phase::Open => Seen::Nothing,
                    Phase::Closed => Seen::Closed,
                    Phase::Gone if is_replaced => Seen::Replaced,
                    Phase::Gone => Seen::Removed,
                };
            }
            if self.hold == Hold::Lost && !self.is_demoted {
                self.is_demoted = true;
                return self.tells(Some(Event::Demoted), Vec::new());
            }
            let first = self.cursor.max(ring.oldest()).min(end);
            self.misses(first);
            if first < end {
                return self.takes(ring, end.min(first.saturating_add(most)));
            }
        }
    }

    /// What is lost up to a sequence.
    fn misses(&mut self, first: u64) {
        let missed = first - self.cursor;
        let holds = matches!(self.hold, Hold::From(_));
        assert!(missed == 0 || !holds, "a record that was held is gone");
        self.cursor += missed;
        self.missed += missed;
        self.untold += missed;
    }

    /// What lies from the cursor on. In place it is at most a quarter of the ring, side by side.
    fn takes(&mut self, ring: &Ring, end: u64) -> Seen {
        let mut count = end - self.cursor;
        if self.kind == Kind::Lossless {
            let cells = ring.setup.capacity.next_power_of_two();
            let side_by_side = cells - self.cursor % cells;
            count = count
                .min((ring.setup.capacity / 4).max(1))
                .min(side_by_side);
        }
        let records = ring.records(self.cursor, self.cursor + count);
        assert_eq!(records.len() as u64, count);
        let seen = self.tells(None, records);
        self.in_hand = count;
        // What is copied is read at once.
        if self.kind != Kind::Lossless {
            self.gives_back();
        }
        seen
    }

    fn tells(&mut self, event: Option<Event>, records: Vec<Kept>) -> Seen {
        Seen::Batch {
            first: self.cursor,
            missed: std::mem::take(&mut self.untold),
            event,
            records,
        }
    }

    /// Drops the batch.
    pub fn gives_back(&mut self) {
        let count = std::mem::take(&mut self.in_hand);
        self.cursor += count;
        self.read += count;
        if count > 0 {
            self.moves_its_hold();
        }
    }

    /// Hands out what is in hand to be held on its own; says whether it stays in the ring for that: the newest record
    /// comes as a copy where it is mirrored.
    pub fn holds_on(&mut self, ring: &Ring) -> bool {
        let is_newest = self.cursor + 1 == ring.published && ring.claimed == ring.published;
        let is_mirrored = ring.setup.mirrored && !ring.setup.in_place;
        let stays = self.in_hand > 0 && !(is_mirrored && is_newest);
        if stays {
            self.held.push(self.cursor);
        }
        self.gives_back();
        stays
    }

    /// One of those held is given back.
    pub fn lets_go_of(&mut self, first: u64) {
        self.held.retain(|&held| held != first);
        self.moves_its_hold();
    }

    fn moves_its_hold(&mut self) {
        if !matches!(self.hold, Hold::From(_)) {
            return;
        }
        self.hold = match self.held.first() {
            Some(&oldest) => Hold::From(oldest),
            None if self.has_ended => Hold::Nothing,
            None => Hold::From(self.cursor),
        };
    }

    /// Records that are kept for what is held.
    pub fn kept(&self) -> u64 {
        self.held.first().map_or(0, |oldest| self.cursor - oldest)
    }

    /// Where a demoted reader may find itself when it joins again: from one sequence to another.
    pub fn rejoins_from(&self, ring: &Ring) -> Option<(u64, u64)> {
        (self.is_demoted && !self.has_ended).then(|| held_from(ring, self.cursor))
    }

    pub fn rejoins(&mut self, held: u64) {
        self.is_demoted = false;
        self.hold = Hold::Lost;
        let end = self.until.unwrap_or(u64::MAX);
        self.misses(held.min(end).max(self.cursor));
        self.hold = Hold::From(held);
    }
}

/// From where on a reader can hold the producer that wants to: not what is gone, and not for certain what the
/// producer may overwrite before it looks.
pub fn held_from(ring: &Ring, wanted: u64) -> (u64, u64) {
    let latest = ring.granted.saturating_sub(ring.setup.capacity);
    let first = wanted.max(ring.oldest());
    (first, first.max(latest))
}
