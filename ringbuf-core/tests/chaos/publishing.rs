//! Publishing in every way there is, each held against what it says it has done.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use ringbuf_core::inspect::RingInfo;
use ringbuf_core::{Producer, TryPublishError};

use crate::content::{Item, Key};
use crate::fault::{Verdict, ensure, fails};
use crate::note::{Note, Produced};
use crate::producing::{CLOSE, Order};
use crate::ring::Ring;
use crate::setting::chance;
use crate::support::Numbers;

/// Bytes published at once, at most.
const AT_ONCE: u64 = 128 * 1024;

pub struct Publisher<T: Item> {
    pub ring: Ring<T>,
    pub drops: bool,
    pub capacity: u64,
    pub key: Key,
    pub epoch: u64,
    pub note: Note,
    pub noted: Produced,
    pub numbers: Numbers,
    pub records: Vec<T>,
    pub bytes: Vec<u8>,
    /// Bytes of the arena, if frames go through the ring.
    pub arena: u64,
    pub in_place: bool,
}

/// Whether a call drops what finds no room, or only says so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Patient,
    Limited,
}

impl<T: Item> Publisher<T> {
    pub fn new(
        ring: Ring<T>,
        order: &Order,
        info: &RingInfo,
        note: Note,
        noted: Produced,
    ) -> Publisher<T> {
        Publisher {
            ring,
            drops: order.setting.drop,
            capacity: order.setting.capacity,
            key: Key::of(&info.ring_id),
            epoch: info.epoch,
            note,
            noted,
            numbers: Numbers::new(order.seed),
            records: Vec::new(),
            bytes: Vec::new(),
            arena: order.setting.frames.map_or(0, |frames| frames.arena),
            in_place: order.setting.is_in_place(),
        }
    }

    /// Begins slowly, with nothing or with one record: what the producer before has left is still there.
    pub fn begin(&mut self) -> Verdict {
        let nap = Duration::from_millis(self.numbers.below(40));
        match self.numbers.below(3) {
            0 => return Ok(()),
            1 => self.publish_one()?,
            _ => {}
        }
        sleep(nap);
        Ok(())
    }

    pub fn pause(&mut self) {
        match self.numbers.below(128) {
            0 => sleep(Duration::from_millis(self.numbers.below(6))),
            1..20 => sleep(Duration::from_micros(self.numbers.below(400))),
            _ => {}
        }
    }

    /// Says that it may publish so many now.
    pub fn intend(&mut self, count: u64) {
        self.noted.possible = self.noted.committed + count;
        self.note.set_produced(&self.noted);
    }

    /// Checks what became of `count` records offered, and notes it.
    pub fn account(&mut self, what: &str, count: u64, published: u64, manner: Manner) -> Verdict {
        let before = self.noted;
        let refused = self.ring.refused();
        let dropped = refused.wrapping_sub(before.refused);
        let found = self.ring.published();
        ensure(found == before.committed + published, || {
            format!(
                "{what} of {count} from {}: published {found}, expected {}",
                before.committed,
                before.committed + published
            )
        })?;
        let expected = match manner {
            Manner::Patient if self.drops => count - published,
            _ => 0,
        };
        ensure(dropped == expected, || {
            format!(
                "{what} of {count} from {}: {published} published and {dropped} refused, expected {expected}",
                before.committed
            )
        })?;
        ensure(
            manner == Manner::Limited || self.drops || published == count,
            || {
                format!(
                    "{what} of {count} from {}: only {published} published",
                    before.committed
                )
            },
        )?;
        self.noted = Produced {
            committed: found,
            possible: found,
            refused,
            steps: before.steps + 1,
        };
        self.note.set_produced(&self.noted);
        Ok(())
    }

    /// Makes the next `count` records.
    pub fn make(&mut self, count: u64) {
        let next = self.noted.committed;
        let (key, epoch) = (self.key, self.epoch);
        self.records.clear();
        self.records
            .extend((next..next + count).map(|sequence| T::of(key.mark(epoch, sequence))));
        if matches!(self.ring, Ring::Untyped(_)) {
            self.bytes.clear();
            for record in &self.records {
                record.push_to(&mut self.bytes);
            }
        }
    }

    /// So many records, in proportion to the ring.
    pub fn some(&mut self, most: u64) -> u64 {
        let room = (AT_ONCE / size_of::<T>() as u64).max(1);
        1 + self.numbers.below(most.min(room))
    }

    pub fn step(&mut self) -> Verdict {
        if matches!(self.ring, Ring::Frames(_)) {
            return self.publish_frames();
        }
        let way = self.numbers.below(8);
        if matches!(self.ring, Ring::Untyped(_)) {
            let count = match way {
                0..4 => 1,
                _ => self.some(2 * self.capacity),
            };
            return self.publish_bytes(count);
        }
        match way {
            0 => self.publish_one_by_one(),
            1..3 => self.publish_slice(),
            3..6 => self.publish_a_claim(),
            6 => self.try_publish(),
            _ => self.publish_slice_timeout(),
        }
    }

    fn typed(&mut self) -> &mut Producer<T> {
        match &mut self.ring {
            Ring::Typed(producer) => producer,
            _ => unreachable!("only what is typed"),
        }
    }

    fn publish_one(&mut self) -> Verdict {
        match self.ring {
            Ring::Typed(_) => self.try_publish(),
            Ring::Untyped(_) => self.publish_bytes(1),
            Ring::Frames(_) => self.publish_frame(),
        }
    }

    fn publish_bytes(&mut self, count: u64) -> Verdict {
        self.make(count);
        self.intend(count);
        let Ring::Untyped(producer) = &mut self.ring else {
            unreachable!("only what is untyped");
        };
        let stop = || CLOSE.load(Ordering::Relaxed);
        let (done, manner) = match chance(&mut self.numbers, 2) {
            true => (producer.publish_bytes(&self.bytes), Manner::Patient),
            false => (
                producer.publish_bytes_until(&self.bytes, &stop),
                // Told to stop it publishes less.
                match self.drops {
                    true => Manner::Patient,
                    false => Manner::Limited,
                },
            ),
        };
        let done = done.map_err(fails("publish_bytes"))?;
        self.account("publish_bytes", count, done as u64, manner)
    }

    fn publish_one_by_one(&mut self) -> Verdict {
        let count = self.some(100);
        let next = self.noted.committed;
        self.intend(count);
        let mut published = 0;
        for _ in 0..count {
            let record = T::of(self.key.mark(self.epoch, next + published));
            let refused = self.ring.refused();
            let sequence = self.typed().publish(&record).map_err(fails("publish"))?;
            ensure(sequence == next + published, || {
                format!(
                    "publish gave sequence {sequence}, expected {}",
                    next + published
                )
            })?;
            published += u64::from(self.ring.refused() == refused);
        }
        self.account("publish", count, published, Manner::Patient)
    }

    fn publish_slice(&mut self) -> Verdict {
        let count = self.some(3 * self.capacity);
        self.make(count);
        self.intend(count);
        let records = std::mem::take(&mut self.records);
        let next = self.typed().publish_slice(&records);
        let next = next.map_err(fails("publish_slice"))?;
        self.records = records;
        let published = next.wrapping_sub(self.noted.committed);
        self.account("publish_slice", count, published, Manner::Patient)
    }

    fn try_publish(&mut self) -> Verdict {
        self.make(1);
        self.intend(1);
        let record = self.records[0];
        let patient = chance(&mut self.numbers, 2);
        let producer = self.typed();
        let done = match patient {
            true => producer.publish_timeout(&record, Duration::from_millis(1)),
            false => producer.try_publish(&record),
        };
        let published = match done {
            Ok(_) => 1,
            Err(TryPublishError::Full { .. }) => 0,
            Err(error) => return Err(format!("try_publish: {error}")),
        };
        self.account("try_publish", 1, published, Manner::Limited)
    }

    fn publish_slice_timeout(&mut self) -> Verdict {
        let count = self.some(2 * self.capacity);
        self.make(count);
        self.intend(count);
        let records = std::mem::take(&mut self.records);
        let limit = Duration::from_millis(self.numbers.below(3));
        let done = self.typed().publish_slice_timeout(&records, limit);
        let done = done.map_err(fails("publish_slice_timeout"))?;
        self.records = records;
        self.account("publish_slice_timeout", count, done as u64, Manner::Limited)
    }
}
