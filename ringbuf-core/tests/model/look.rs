//! One look of a reader, and everything that it brings.

use ringbuf_core::Event;

use crate::handles::{Got, Told};
use crate::ops::Op;
use crate::reader::Seen;
use crate::ring::Kept;
use crate::run::{Outcome, Run};
use crate::same;
use crate::value::Row;

impl Run {
    /// One look, and so many attempts to publish while what it brought is in hand.
    pub fn look(&mut self, at: usize, may_wait: bool, publish: usize) -> Outcome {
        let Some(mut reader) = self.readers[at].take() else {
            return Ok(());
        };
        let seen = self.expected(at, u64::MAX)?;
        let got = reader.look(may_wait, &mut || {
            for _ in 0..publish {
                self.publishes(&Op::TryPublish)?;
                self.check_ring()?;
            }
            Ok(())
        })?;
        if let Some(model) = &mut self.model.readers[at] {
            model.gives_back();
            let ring = model.ring;
            if model.has_ended {
                self.count("ended before the ring");
            }
            self.compare(got, seen, may_wait, ring)?;
        }
        self.readers[at] = Some(reader);
        Ok(())
    }

    /// What a look for so many brings.
    pub fn expected(&mut self, at: usize, most: u64) -> Result<Seen, String> {
        let is_replaced = self.model.is_present;
        let Some(model) = &mut self.model.readers[at] else {
            return Err("a reader without a model".to_owned());
        };
        Ok(model.poll(&self.model.rings[model.ring], is_replaced, most))
    }

    pub fn compare(&mut self, got: Got, seen: Seen, may_wait: bool, ring: usize) -> Outcome {
        self.count(match &got {
            Got::Nothing => "nothing new",
            Got::Closed => "closed",
            Got::Removed => "removed",
            Got::Replaced => "replaced",
            Got::Batch(told) => match told.event {
                Some(Event::Demoted) => "demoted",
                Some(_) => "restarted",
                None if told.rows.is_empty() => "missed all",
                None if told.missed > 0 => "missed some",
                None => "records",
            },
        });
        match (got, seen) {
            (Got::Nothing, Seen::Nothing)
            | (Got::Closed, Seen::Closed)
            | (Got::Removed, Seen::Removed)
            | (Got::Replaced, Seen::Replaced) => Ok(()),
            // `poll` does not tell the end from nothing new.
            (Got::Nothing, Seen::Closed) if !may_wait => Ok(()),
            (
                Got::Batch(told),
                Seen::Batch {
                    first,
                    missed,
                    event,
                    records,
                },
            ) => {
                let rows: Vec<Row> = records.iter().map(|kept| kept.value).collect();
                same!("first", told.first, first);
                same!("missed", told.missed, missed);
                same!("event", told.event, event);
                same!("records", &told.rows, &rows);
                self.times(&told, &records, ring)
            }
            (got, seen) => Err(format!("{got:?}, expected {seen:?}")),
        }
    }

    /// A record has one time, whoever asks, and they grow within an epoch.
    fn times(&mut self, told: &Told, records: &[Kept], ring: usize) -> Outcome {
        let ring = &mut self.model.rings[ring];
        let mut before = None;
        for (kept, &time) in records.iter().zip(&told.times) {
            let is_known = ring.setup.stamped && ring.remembers(kept.epoch);
            if !ring.setup.stamped || is_known {
                same!("has a time", time.is_some(), is_known);
            }
            if let (Some(first), Some(time)) = (kept.time, time) {
                same!("the time it had before", time, first);
            }
            let is_earlier = before.is_some_and(|before| (kept.epoch, time) < before);
            same!("earlier than the one before", is_earlier, false);
            before = Some((kept.epoch, time));
            let is_it = |kept: &&mut Kept, sequence| kept.sequence == sequence;
            let kept = ring.kept.iter_mut().find(|it| is_it(it, kept.sequence));
            if let Some(kept) = kept {
                kept.time = time;
            }
        }
        Ok(())
    }
}
