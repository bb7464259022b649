//! Everything that can be seen of a ring and its readers, compared with the model.

use std::time::Duration;

use ringbuf_core::{AttachError, Ledger, WhenFull, inspect};

use crate::reader::Hold;
use crate::ring::Phase;
use crate::run::{Outcome, Run, text};
use crate::same;

impl Run {
    pub fn check(&self) -> Outcome {
        self.check_ring()?;
        self.check_readers()?;
        self.check_held()
    }

    pub fn check_ring(&self) -> Outcome {
        self.check_producer()?;
        self.check_info()
    }

    fn check_producer(&self) -> Outcome {
        let Some(producer) = &self.producer else {
            return Ok(());
        };
        let ring = self.model.ring();
        same!("published", producer.published(), ring.published);
        same!("capacity", producer.capacity(), ring.setup.capacity);
        same!("refused", producer.refused(), ring.refused);
        let registered = self.model.registered().count();
        same!("registered", producer.registered_readers(), registered);
        let has_gone_around = ring.published > ring.setup.capacity;
        if !ring.setup.stamped || !has_gone_around {
            same!("kept", producer.kept(), None);
        } else if self.model.has_times(self.model.rings.len() - 1) {
            same!("kept for some time", producer.kept().is_some(), true);
        }
        Ok(())
    }

    pub fn check_readers(&self) -> Outcome {
        for (reader, model) in self.readers.iter().zip(&self.model.readers) {
            let (Some(reader), Some(model)) = (reader, model) else {
                continue;
            };
            let ring = &self.model.rings[model.ring];
            let name = &model.name;
            same!(name, reader.ledger(), ledger(model));
            same!(format!("cursor of {name}"), reader.cursor(), model.cursor);
            let lag = ring.published - model.cursor;
            same!(format!("lag of {name}"), reader.lag(), lag);
            if let Some(held) = reader.held() {
                same!(format!("held by {name}"), held, model.kept());
            }
            let is_demoted = model.is_demoted;
            same!(format!("{name} demoted"), reader.is_demoted(), is_demoted);
            let late = model.begins_late;
            same!(format!("{name} begins late"), reader.begins_late(), late);
            same!(format!("{name} registered"), reader.is_plain(), true);
            let newest = ring.kept.back().map(|kept| (kept.sequence, kept.value));
            // Written in place: only what it holds the producer for.
            let is_held = |sequence| match model.hold {
                Hold::From(gate) => sequence >= gate,
                Hold::Nothing | Hold::Lost => false,
            };
            let newest = newest.filter(|(sequence, _)| !ring.setup.in_place || is_held(*sequence));
            same!("latest", reader.latest().map_err(text)?, newest);
            if !ring.setup.stamped {
                same!("lag in time", reader.lag_time(), None);
            } else if lag == 0 {
                same!("lag in time", reader.lag_time(), Some(Duration::ZERO));
            } else if self.model.has_times(model.ring) {
                same!("has a lag in time", reader.lag_time().is_some(), true);
            }
        }
        Ok(())
    }

    fn check_info(&self) -> Outcome {
        let Some(reference) = &self.reference else {
            return Ok(());
        };
        let info = match inspect::info(reference) {
            Ok(info) if self.model.is_present => info,
            Err(AttachError::NotFound { .. }) if !self.model.is_present => return Ok(()),
            other => return Err(format!("info: {other:?}")),
        };
        let ring = self.model.ring();
        let setup = &ring.setup;
        same!("info: capacity", info.capacity, setup.capacity);
        same!("info: allow", info.allow, setup.allow.delivery());
        let drops = info.when_full == WhenFull::Drop;
        same!("info: drops", drops, setup.drops);
        same!("info: stamped", info.stamped, setup.stamped);
        same!("info: in place", info.in_place, setup.in_place);
        let is_mirrored = setup.mirrored && !setup.in_place;
        same!("info: mirror", info.mirror, is_mirrored);
        same!("info: published", info.published, ring.published);
        same!("info: oldest", info.oldest, ring.oldest());
        same!("info: refused", info.refused, ring.refused);
        same!("info: epoch", info.epoch, ring.epoch());
        same!("info: unverified", info.is_unverified, false);
        let producer = match ring.phase {
            Phase::Open => inspect::ProducerState::Live,
            _ => inspect::ProducerState::Closed,
        };
        same!("info: producer", info.producer, producer);
        if !setup.stamped {
            same!("info: kept", info.kept, None);
        } else if self.model.has_times(self.model.rings.len() - 1) {
            same!("info: kept for some time", info.kept.is_some(), true);
        }

        let listed = info.readers.ok_or("info: no readers")?;
        same!(
            "info: readers",
            listed.len(),
            self.model.registered().count()
        );
        for model in self.model.registered() {
            let name = &model.name;
            let is_it = |reader: &&inspect::ReaderInfo| reader.name == *name;
            let found = listed.iter().find(is_it);
            let found = found.ok_or_else(|| format!("info: {name} is not listed"))?;
            let expected = Some(ledger(model));
            same!(format!("info: {name}"), found.ledger, expected);
            let lag = ring.published - model.cursor;
            same!(format!("info: lag of {name}"), found.lag, Some(lag));
            let delivery = model.kind.delivery();
            same!(format!("info: {name}"), found.delivery, delivery);
            same!(format!("info: {name} lives"), found.is_alive, true);
            let is_lost = model.hold == Hold::Lost;
            let is_demoted = found.is_demoted;
            same!(format!("info: {name} demoted"), is_demoted, is_lost);
        }
        Ok(())
    }
}

fn ledger(model: &crate::reader::Reader) -> Ledger {
    Ledger {
        joined: model.joined,
        cursor: model.cursor,
        read: model.read,
        missed: model.missed,
        skipped: 0,
    }
}
