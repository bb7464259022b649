//! Who attaches, where it begins, and where one that was demoted holds the producer again.

use std::time::Duration;

use ringbuf_core::{AttachError, Delivery, ReaderOptions, Start, Until};

use crate::handles::AnyReader;
use crate::ops::{Begin, Kind};
use crate::reader::{Hold, Reader, held_from};
use crate::run::{Outcome, Run, text};
use crate::same;

impl Run {
    pub fn attach(
        &mut self,
        at: usize,
        kind: Kind,
        begin: Begin,
        until: Option<i64>,
        untyped: bool,
    ) -> Outcome {
        self.detach(at);
        let ring = self.model.ring();
        let (published, oldest) = (ring.published, ring.oldest());
        let until = until.map(|by| published.saturating_add_signed(by));
        let wanted = match begin {
            Begin::Now => published,
            Begin::Last(by) | Begin::Back(by) => published.saturating_sub(by).max(oldest),
            _ => oldest,
        };
        let range = match kind {
            Kind::Lossy => (wanted, wanted),
            _ => held_from(ring, wanted),
        };
        // Records whose clocks are forgotten are nowhere in time.
        let has_times = ring.kept.iter().all(|kept| ring.remembers(kept.epoch));
        if is_hidden(range, until) || begin.is_by_time() && !has_times {
            return Ok(());
        }

        self.names += 1;
        let name = format!("reader {}", self.names);
        let start = start(begin, published);
        let mut options = match kind.delivery() {
            Delivery::Lossless => ReaderOptions::lossless(),
            Delivery::Bounded(most) => ReaderOptions::bounded(most),
            _ => ReaderOptions::lossy(),
        };
        options = options.named(&name).start(start);
        if let Some(until) = until {
            options = options.until(Until::Sequence(until));
        }
        let found = match (&self.producer, &self.reference) {
            // From the producer or by name, as it comes.
            (Some(producer), reference) if reference.is_none() || at.is_multiple_of(2) => {
                producer.reader(untyped, options)
            }
            (_, Some(reference)) => AnyReader::attach(reference, untyped, options),
            _ => return Ok(()),
        };
        let refused = match &found {
            Ok(_) => None,
            Err(error) => Some(self.refusal(error, kind, start)?),
        };
        same!("attached", refused, self.expected_refusal(kind, begin));
        self.count(refused.unwrap_or("attached"));
        let Ok(reader) = found else {
            return Ok(());
        };

        let held = held(range, reader.cursor())?;
        let joined = match begin {
            Begin::Back(by) => held.min(published.saturating_sub(by)),
            _ => held,
        };
        // What it misses beyond its end does not count.
        let cursor = until.map_or(held, |until| held.min(until.max(joined)));
        self.model.readers[at] = Some(Reader {
            ring: self.model.rings.len() - 1,
            name,
            kind,
            hold: match kind {
                Kind::Lossy => Hold::Nothing,
                _ => Hold::From(held),
            },
            is_demoted: false,
            begins_late: begin == Begin::Ages && oldest > 0 && oldest < published,
            until,
            has_ended: false,
            epoch: self.model.ring().epoch_of(held),
            joined,
            cursor,
            read: 0,
            missed: cursor - joined,
            untold: cursor - joined,
            in_hand: 0,
            held: Vec::new(),
        });
        self.readers[at] = Some(reader);
        Ok(())
    }

    /// Why it could not attach, and that what is said of it is so.
    fn refusal(
        &self,
        error: &AttachError,
        kind: Kind,
        start: Start,
    ) -> Result<&'static str, String> {
        Ok(match *error {
            AttachError::NotFound { .. } => "not found",
            AttachError::NotAllowed {
                wanted, allowed, ..
            } => {
                same!("allowed", allowed, self.case.setup.allow.delivery());
                same!("wanted", wanted, kind.delivery());
                "not allowed"
            }
            AttachError::InPlace { wanted, .. } => {
                same!("wanted in place", wanted, kind.delivery());
                "in place"
            }
            AttachError::NotYet {
                found, published, ..
            } => {
                same!("published", published, self.model.ring().published);
                same!("found", Start::Sequence(found), start);
                "not yet"
            }
            AttachError::NoTimes { .. } => "no times",
            AttachError::TimeNotYet { .. } => "time not yet",
            ref error => return Err(text(error)),
        })
    }

    fn expected_refusal(&self, kind: Kind, begin: Begin) -> Option<&'static str> {
        let setup = &self.case.setup;
        match begin {
            _ if !self.model.is_present => Some("not found"),
            _ if setup.in_place && kind != Kind::Lossless => Some("in place"),
            _ if kind > setup.allow => Some("not allowed"),
            Begin::Ahead(_) => Some("not yet"),
            _ if begin.is_by_time() && !setup.stamped => Some("no times"),
            Begin::Future => Some("time not yet"),
            _ => None,
        }
    }

    pub fn rejoin(&mut self, at: usize) -> Outcome {
        let (Some(reader), Some(model)) = (&mut self.readers[at], &mut self.model.readers[at])
        else {
            return Ok(());
        };
        let range = model.rejoins_from(&self.model.rings[model.ring]);
        if range.is_some_and(|range| is_hidden(range, model.until)) {
            return Ok(());
        }
        reader.rejoin().map_err(text)?;
        if let Some(range) = range {
            model.rejoins(held(range, reader.cursor())?);
            self.count("joined again");
        }
        Ok(())
    }
}

impl Begin {
    fn is_by_time(self) -> bool {
        matches!(self, Begin::Hour | Begin::Ages | Begin::Future)
    }
}

fn start(begin: Begin, published: u64) -> Start {
    match begin {
        Begin::Now => Start::Now,
        Begin::Oldest => Start::Oldest,
        Begin::Last(count) => Start::Last(count),
        Begin::Back(by) => Start::Sequence(published.saturating_sub(by)),
        Begin::Ahead(by) => Start::Sequence(published + by),
        Begin::Hour => Start::LastFor(Duration::from_secs(3600)),
        Begin::Ages => Start::At(0),
        Begin::Future => Start::At(i64::MAX),
    }
}

/// Where it ends may be in front of where it holds the producer, so that nobody can tell where that is.
fn is_hidden((first, latest): (u64, u64), until: Option<u64>) -> bool {
    first < latest && until.is_some_and(|until| until < latest)
}

/// Where it holds the producer: where it has begun, unless that is known.
fn held((first, latest): (u64, u64), cursor: u64) -> Result<u64, String> {
    if first == latest {
        return Ok(first);
    }
    match (first..=latest).contains(&cursor) {
        true => Ok(cursor),
        false => Err(format!("begins at {cursor}, expected {first}..={latest}")),
    }
}
