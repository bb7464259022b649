//! This machine's own figures, from files that the kernel keeps and this process keeps open.
//!
//! Every group of figures has a meter: it looks for its files once, says which fields it has, and then fills them in
//! from one sample to the next without asking for memory. What cannot be read is NaN, and never an error.

mod cpu;
mod devices;
mod disk;
mod kept;
mod load;
mod memory;
mod network;
#[cfg(test)]
mod odd_tests;
mod pressure;
mod temperature;
#[cfg(test)]
mod tests;
mod text;
mod window;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::bail;
use ringbuf_core::{Clock, Element, Field, Schema};

use self::window::Span;
use super::{
    Sensor,
    synth::{TIME, unix_ns},
};
use crate::{
    config::{Group, SystemOptions},
    pace::nanos,
};

/// The figures of a group.
trait Meter {
    /// Its fields, always the same.
    fn fields(&self) -> Vec<Field>;

    /// Fills in a value for every field that has one at the moment, in nanoseconds on a clock that never goes back.
    /// The others stay as they are.
    fn read(&mut self, now: u64, values: &mut [f64]);

    /// What there is to say about what was found.
    fn note(&self) -> Option<String> {
        None
    }
}

/// Where meters look, and over what time they measure.
struct Setting<'a> {
    root: &'a Path,
    span: Span,
}

/// All meters, as one sensor.
pub(crate) struct SystemSource {
    schema: Schema,
    /// Each with the number of its fields.
    meters: Vec<(Box<dyn Meter>, usize)>,
    values: Vec<f64>,
    notes: Vec<String>,
    window: Duration,
    began: Instant,
}

impl SystemSource {
    /// Looks for what there is to measure.
    ///
    /// # Errors
    ///
    /// A group that was asked for by name is not there, or none is.
    pub(crate) fn open(options: &SystemOptions) -> anyhow::Result<SystemSource> {
        let setting = Setting {
            root: &options.root,
            span: Span::new(nanos(options.window), (1e9 / options.rate) as u64),
        };
        let (mut meters, mut notes) = (Vec::new(), Vec::new());
        for &group in &options.groups {
            match open(group, &setting) {
                Ok(meter) => meters.push(meter),
                Err(reason) if options.is_chosen => bail!(
                    "there is no {} to measure: {reason}; leave it out of --only",
                    group.name()
                ),
                Err(reason) => notes.push(format!("without {}: {reason}", group.name())),
            }
        }
        if meters.is_empty() {
            bail!(
                "nothing is found to measure in {:?}, expected the directory in which proc and sys are, as / is on \
                 Linux\n{}",
                options.root,
                notes.join("\n")
            );
        }
        notes.extend(meters.iter().filter_map(|meter| meter.note()));
        SystemSource::of(meters, notes, options.window)
    }

    fn of(
        meters: Vec<Box<dyn Meter>>,
        notes: Vec<String>,
        window: Duration,
    ) -> anyhow::Result<SystemSource> {
        let mut fields = vec![Field::new(TIME, Element::DateTimeNs).time(Clock::Unix)];
        let meters = meters
            .into_iter()
            .map(|meter| {
                let own = meter.fields();
                let count = own.len();
                fields.extend(own);
                (meter, count)
            })
            .collect();
        let values = vec![f64::NAN; fields.len() - 1];
        Ok(SystemSource {
            schema: Schema::packed(fields)?,
            meters,
            values,
            notes,
            window,
            began: Instant::now(),
        })
    }

    /// Measures now, where the two clocks say so.
    fn sample_at(&mut self, time: i64, now: u64, record: &mut [u8]) {
        self.values.fill(f64::NAN);
        let mut rest = self.values.as_mut_slice();
        for (meter, count) in &mut self.meters {
            let (values, others) = rest.split_at_mut(*count);
            meter.read(now, values);
            rest = others;
        }
        // Every field is of eight bytes, and the first is the time.
        let (places, _) = record.as_chunks_mut();
        let values = self.values.iter().map(|value| value.to_le_bytes());
        for (place, value) in places
            .iter_mut()
            .zip([time.to_le_bytes()].into_iter().chain(values))
        {
            *place = value;
        }
    }
}

impl Sensor for SystemSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn settles(&self) -> Duration {
        self.window
    }

    fn sample(&mut self, record: &mut [u8]) {
        let (time, now) = (unix_ns(), nanos(self.began.elapsed()));
        self.sample_at(time, now, record);
    }
}

fn open(group: Group, setting: &Setting<'_>) -> Result<Box<dyn Meter>, String> {
    Ok(match group {
        Group::Cpu => Box::new(cpu::Cpu::open(setting)?),
        Group::Memory => Box::new(memory::Memory::open(setting)?),
        Group::Network => Box::new(network::Network::open(setting)?),
        Group::Disk => Box::new(disk::Disk::open(setting)?),
        Group::Load => Box::new(load::Load::open(setting)?),
        Group::Pressure => Box::new(pressure::Pressure::open(setting)?),
        Group::Temperature => Box::new(temperature::Temperature::open(setting)?),
    })
}

/// A field that holds one number.
fn number(name: impl Into<String>, unit: &str) -> Field {
    let field = Field::new(name, Element::F64);
    match unit {
        "" => field,
        unit => field.unit(unit),
    }
}

/// What part of all it is, in percent; when two clocks disagree a little, no more than all. NaN stays NaN.
fn percent(part: f64, all: f64) -> f64 {
    (part / all * 100.0).clamp(0.0, 100.0)
}
