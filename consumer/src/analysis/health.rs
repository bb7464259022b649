//! `health`: whether the sensor and its clock behave.
//!
//! Every check is small and stands by itself; what it finds is told where it begins, and where it ends if it lasts.
//!
//! | check | what | judged by default |
//! | --- | --- | --- |
//! | [`stuck`] | the same value for much longer than usual | fields that are measured (see [`nature`]) |
//! | nan | values that are not finite: [`episode`] | all fields |
//! | [`saturation`] | values end at a wall | fields that are measured |
//! | [`order`] | time goes back: some records late, or the clock was set; the same time twice | with a time field |
//! | [`steps`] | a hole: a step far longer than usual | by the time field, else by publication |
//! | [`drift`] | the rate changes; the clock goes slower or faster than that of publication | where they are steady |
//! | [`silence`] | nothing comes | with `--expect` |
//!
//! Records that were missed are never the sensor's fault: what lies across a gap is not judged. Apart from silence,
//! which has a timer, what is found is the same however the records are cut into batches. The memory of a field is a
//! few dozen numbers, that of a clock two sketches of its steps.

mod drift;
mod episode;
mod field;
mod finding;
pub mod frames;
mod nature;
mod order;
mod report;
mod saturation;
mod silence;
mod steps;
mod stuck;
mod telling;
mod timing;
mod what;
mod words;

use std::io;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ringbuf_console::times::{Time, Times};
use ringbuf_console::usage::Usage;
use ringbuf_core::Records;

use self::field::{Places, Watched};
use self::finding::{At, CLOCK, Check, Counts, Log, State};
use self::report::{Covered, FieldReport};
use self::silence::Silence;
pub use self::stuck::Patience;
use self::telling::Telling;
use self::timing::Timing;
use self::what::What;
use super::{Analysis, Subject, View};
use crate::output::Output;
use crate::progress::{Ended, Summary};
use crate::reporter::Reporter;

/// Records of which the findings are put in order at a time.
const CHUNK: usize = 4096;

/// What is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How long it may take until the next record comes.
    pub expect: Option<Duration>,
    /// Records a second, if they are declared.
    pub rate: Option<f64>,
    /// How much of it is no drift.
    pub tolerance: f64,
    pub stuck: Patience,
    /// Between which values a field is not saturated.
    pub range: Option<(f64, f64)>,
}

/// Whether the sensor and its clock behave.
pub struct Health {
    times: Times,
    fields: Vec<Watched>,
    ring: Ring,
    /// Of the records at hand.
    ns: Vec<Option<i128>>,
}

/// What is the same for records and frames.
struct Ring {
    telling: Telling,
    timing: Timing,
    silence: Silence,
    log: Log,
    /// All periods before this one.
    total: Counts,
    is_stamped: bool,
    is_declared: bool,
    next_sequence: u64,
    /// The producer died, or another carries on, and nobody was told.
    untold: Vec<What>,
}

impl Ring {
    fn of(telling: Telling, is_stamped: bool, options: &Options) -> Ring {
        let is_own = telling.clock().is_some();
        let mut timing = Timing::of(is_own, options.rate, options.tolerance);
        if !is_own && options.expect.is_some() {
            // They are silence, and how long it may be was said.
            timing.without_holes();
        }
        Ring {
            telling,
            timing,
            silence: Silence::after(options.expect, Instant::now()),
            log: Log::default(),
            total: Counts::default(),
            is_stamped,
            is_declared: options.rate.is_some(),
            next_sequence: 0,
            untold: Vec::new(),
        }
    }

    /// Something has come, if only news of the producer.
    fn begin(&mut self, first_sequence: u64, missed: u64, output: &mut Output) -> io::Result<()> {
        self.next_sequence = first_sequence;
        if missed > 0 {
            self.timing.lost();
        }
        for what in std::mem::take(&mut self.untold) {
            self.happened(&what, output)?;
        }
        Ok(())
    }

    /// The next record.
    #[inline]
    fn add(&mut self, at: At, published: Option<i64>, follows: bool) {
        self.silence.record(at, published, follows, &mut self.log);
        self.timing.add(at, published, &mut self.log);
    }

    /// All of them were looked at; the last one was published then.
    fn end(&mut self, next_sequence: u64, published: Option<i64>, now: Option<i64>) {
        self.next_sequence = next_sequence;
        let age = now.and_then(|now| u64::try_from(now.checked_sub(published?)?).ok());
        self.silence
            .came(Instant::now(), age.map(Duration::from_nanos));
    }

    fn happened(&mut self, what: &What, output: &mut Output) -> io::Result<()> {
        if what.state() != State::End {
            self.log.count(what.check());
        }
        let now = Time::Wall(Timestamp::now());
        self.telling.happened(self.next_sequence, now, what, output)
    }

    fn died(&mut self) {
        self.silence.died();
        self.untold.push(What::Died {
            state: State::Begin,
        });
    }

    fn restarted(&mut self) {
        self.timing.restarted(&mut self.log);
        if self.silence.restarted() {
            self.untold.push(What::Died { state: State::End });
        }
    }

    fn silent(&mut self, now: Instant, output: &mut Output) -> io::Result<()> {
        let what = self.silence.begins(now);
        self.happened(&what, output)
    }

    fn tell(&mut self, fields: &[Watched], output: &mut Output) -> io::Result<()> {
        for found in self.log.take() {
            let field = found
                .place
                .checked_sub(1)
                .and_then(|place| fields.get(place));
            let field = field.map(|field| field.column.name());
            self.telling.found(&found, field, output)?;
        }
        Ok(())
    }

    /// Tells what is known only now that nothing more comes.
    fn finish(
        &mut self,
        summary: &Summary,
        fields: &[Watched],
        output: &mut Output,
    ) -> io::Result<()> {
        self.timing.finish(&mut self.log);
        self.tell(fields, output)?;
        if summary.ended != Some(Ended::Closed) {
            return Ok(());
        }
        match self.silence.closed(Instant::now()) {
            Some(what) => self.happened(&what, output),
            None => Ok(()),
        }
    }

    fn covered<'a>(&'a mut self, all: bool, fields: Vec<FieldReport<'a>>) -> Covered<'a> {
        let period = std::mem::take(&mut self.log.counts);
        self.total.merge(&period);
        let mut open = self.timing.open();
        open.extend(self.silence.is_open().then_some(Check::Silence));
        Covered {
            counts: if all { self.total } else { period },
            is_stamped: self.is_stamped,
            lengths: self.timing.lengths(all),
            usual_rate: self.timing.usual_rate(),
            is_declared: self.is_declared,
            open,
            clock: self.telling.clock(),
            fields,
        }
    }
}

impl Health {
    pub fn of(what: &Subject<'_>, options: &Options) -> Result<Health, Usage> {
        let columns = what.numbers()?;
        let times = Times::of(what.schema);
        let clock = what.schema.time_field().filter(|_| times.known());
        let names = columns.iter().map(|column| column.name());
        let telling = Telling::of(
            clock.map(|field| field.name()),
            &times,
            what.is_stamped,
            names,
        );
        let fields = columns.into_iter();
        Ok(Health {
            fields: fields
                .map(|column| Watched::of(column, options.stuck, options.range))
                .collect(),
            ring: Ring::of(telling, what.is_stamped, options),
            times,
            ns: Vec::new(),
        })
    }

    /// Looks at records that begin with the one of this number among those at hand.
    fn look(&mut self, view: &View<'_>, begin: usize, records: &Records<'_>) {
        let first_sequence = view.first_sequence.saturating_add(begin as u64);
        self.ns.clear();
        for record in 0..records.len() {
            let published = (view.published)(begin + record);
            let ns = match self.times.known() {
                true => self.times.nanoseconds(records, record),
                false => published.map(i128::from),
            };
            self.ns.push(ns);
            let sequence = first_sequence.saturating_add(record as u64);
            let follows = view.missed == 0 || begin + record > 0;
            (self.ring.log.record, self.ring.log.place) = (record, CLOCK);
            self.ring.add(At { sequence, ns }, published, follows);
        }
        let places = Places {
            first_sequence,
            ns: &self.ns,
        };
        for (index, field) in self.fields.iter_mut().enumerate() {
            self.ring.log.place = index + 1;
            field.update(records, places, &mut self.ring.log);
        }
    }
}

impl Analysis for Health {
    fn update(&mut self, view: &View<'_>, output: &mut Output) -> io::Result<()> {
        if view.missed > 0 {
            self.fields.iter_mut().for_each(Watched::lost);
        }
        self.ring.begin(view.first_sequence, view.missed, output)?;
        let schema = view.records.schema();
        let mut begin = 0;
        for chunk in view.records.bytes().chunks(CHUNK * schema.size()) {
            let records = Records::new(schema, chunk);
            self.look(view, begin, &records);
            self.ring.tell(&self.fields, output)?;
            begin += records.len();
        }
        if let Some(last) = begin.checked_sub(1) {
            let next = view.first_sequence.saturating_add(begin as u64);
            self.ring.end(next, (view.published)(last), (view.now)());
        }
        Ok(())
    }
}

impl Reporter for Health {
    fn report(&mut self, summary: &Summary, output: &mut Output) -> io::Result<()> {
        if summary.last {
            self.ring.finish(summary, &self.fields, output)?;
        }
        let reports = self.fields.iter_mut().map(|field| FieldReport {
            values: field.values(summary.last),
            kind: field.kind(),
            longest: field.longest(),
            extremes: field.extremes(),
            open: field.open(),
            unit: field.column.unit(),
            name: field.column.name(),
        });
        let reports = reports.collect();
        let covered = self.ring.covered(summary.last, reports);
        covered.write(summary, output)
    }

    fn died(&mut self) {
        self.ring.died();
    }

    fn restarted(&mut self) {
        self.fields.iter_mut().for_each(Watched::lost);
        self.ring.restarted();
    }

    fn alarm(&self) -> Option<Instant> {
        self.ring.silence.alarm()
    }

    fn silence(&mut self, now: Instant, output: &mut Output) -> io::Result<()> {
        self.ring.silent(now, output)
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
