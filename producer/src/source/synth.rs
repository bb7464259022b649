//! A made-up sensor: several channels and the time each sample was taken.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ringbuf_core::{Clock, Element, Field, Schema, SchemaError};

use super::{
    Source,
    signal::{Channel, ChannelSpec},
    unit,
};

/// The name of the time field.
pub(crate) const TIME: &str = "time";

/// What signals take for the sampling rate when records are made as fast as possible.
const NOMINAL_RATE: f64 = 100.0;

/// What to make up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SynthOptions {
    pub(crate) channels: Vec<ChannelSpec>,
    pub(crate) seed: u64,
    /// Leave the time field out.
    pub(crate) no_time: bool,
    /// Samples a second; 0 for as fast as possible.
    pub(crate) rate: f64,
}

/// A made-up sensor. The same options make the same values, whatever the clock says.
#[derive(Debug)]
pub(crate) struct SynthSource {
    schema: Schema,
    channels: Vec<(usize, Channel)>,
    time: Option<(usize, SampleClock)>,
    rate: f64,
    made: u64,
}

impl SynthSource {
    /// Prepares a sensor; it starts to sample at the first fill.
    pub(crate) fn new(options: &SynthOptions) -> Result<SynthSource, SchemaError> {
        let time = Field::new(TIME, Element::DateTimeNs).time(Clock::Unix);
        let values = options.channels.iter().map(|channel| {
            let field = Field::new(&channel.name, Element::F64);
            match unit::in_brackets(&channel.name) {
                Some((_, unit)) => field.unit(unit),
                None => field,
            }
        });
        let schema = Schema::packed((!options.no_time).then_some(time).into_iter().chain(values))?;
        let offset = |name: &str| schema.field(name).map(Field::offset);
        let channels = options
            .channels
            .iter()
            .enumerate()
            .filter_map(|(i, spec)| {
                Some((offset(&spec.name)?, Channel::new(spec, options.seed, i)))
            })
            .collect();
        let time = schema
            .time_field()
            .map(|field| (field.offset(), SampleClock::new(options.rate)));
        Ok(SynthSource {
            channels,
            time,
            rate: if options.rate > 0.0 {
                options.rate
            } else {
                NOMINAL_RATE
            },
            made: 0,
            schema,
        })
    }
}

impl Source for SynthSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn fill(&mut self, out: &mut Vec<u8>, max: usize) -> anyhow::Result<usize> {
        let (start, stride) = (out.len(), self.schema.size());
        out.resize(start + max * stride, 0);
        let records = &mut out[start..];
        if let Some((offset, clock)) = &mut self.time {
            clock.write(self.made, records, *offset, stride);
        }
        for (offset, channel) in &mut self.channels {
            channel.write(self.made, self.rate, records, *offset, stride);
        }
        self.made += max as u64;
        Ok(max)
    }
}

/// When samples are taken, on the wall clock read once at the start: `start + n / rate`, so that
/// neither lateness nor a clock that is set later gets into the times.
#[derive(Debug)]
struct SampleClock {
    /// Nanoseconds between samples; 0 for as fast as possible.
    period: f64,
    start: Option<(i64, Instant)>,
    /// As fast as possible: when the last sample so far was taken, from the start.
    last: u64,
}

impl SampleClock {
    fn new(rate: f64) -> SampleClock {
        SampleClock {
            period: if rate > 0.0 { 1e9 / rate } else { 0.0 },
            start: None,
            last: 0,
        }
    }

    fn write(&mut self, first: u64, out: &mut [u8], offset: usize, stride: usize) {
        let (start, began) = *self
            .start
            .get_or_insert_with(|| (unix_ns(), Instant::now()));
        let elapsed = began.elapsed().as_nanos() as u64;
        let count = (out.len() / stride).max(1) as u64;
        // Without a rate the samples of one fill share the time since the fill before evenly.
        let (origin, period, first) = if self.period > 0.0 {
            (start, self.period, first)
        } else {
            let each = elapsed.saturating_sub(self.last) as f64 / count as f64;
            (start.saturating_add(self.last as i64), each, 0)
        };
        self.last = elapsed;
        for (i, record) in out.chunks_exact_mut(stride).enumerate() {
            let ns = ((first + i as u64) as f64 * period).round() as i64;
            let time = origin.saturating_add(ns);
            record[offset..offset + 8].copy_from_slice(&time.to_le_bytes());
        }
    }
}

/// The wall clock, in nanoseconds since 1970.
pub(super) fn unix_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(rate: f64, no_time: bool) -> SynthOptions {
        SynthOptions {
            channels: ChannelSpec::defaults(),
            seed: 7,
            no_time,
            rate,
        }
    }

    fn bytes(options: &SynthOptions, fills: &[usize]) -> Vec<u8> {
        let mut source = SynthSource::new(options).expect("opens");
        let mut out = Vec::new();
        for &max in fills {
            assert_eq!(source.fill(&mut out, max).expect("fills"), max);
        }
        out
    }

    fn times(bytes: &[u8], stride: usize) -> Vec<i64> {
        bytes
            .chunks_exact(stride)
            .map(|record| i64::from_le_bytes(*record.first_chunk().expect("8 bytes")))
            .collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_values_however_they_are_asked_for() {
        let one = bytes(&options(100.0, true), &[1000]);
        assert_eq!(one, bytes(&options(100.0, true), &[1, 499, 0, 500]));
        assert_eq!(one, bytes(&options(0.0, true), &[1000]));
        let other = SynthOptions {
            seed: 8,
            ..options(100.0, true)
        };
        assert_ne!(one, bytes(&other, &[1000]));
    }

    #[test]
    fn channels_do_not_share_their_randomness() {
        let spec = ChannelSpec::parse("a=gaussian:0,1").expect("parses");
        let twin = ChannelSpec {
            name: "b".to_owned(),
            ..spec.clone()
        };
        let pair = SynthOptions {
            channels: vec![spec, twin],
            ..options(1.0, true)
        };
        let values = bytes(&pair, &[100]);
        assert!(
            values
                .chunks_exact(16)
                .all(|record| record[..8] != record[8..])
        );
    }

    #[test]
    fn one_channel_alone_is_one_float() {
        let channels = vec![ChannelSpec::parse("value=gaussian:50,10").expect("parses")];
        let source = SynthSource::new(&SynthOptions {
            channels,
            ..options(100.0, true)
        })
        .expect("opens");
        assert_eq!(source.schema().size(), 8);
        assert!(source.schema().time_field().is_none());
    }

    #[test]
    fn times_are_start_plus_n_over_rate_without_drift() {
        let bytes = bytes(&options(3.0, false), &[10, 3_000_000]);
        let times = times(&bytes, 40);
        assert_eq!(times[3_000_000] - times[0], 1_000_000_000_000_000);
        assert_eq!(times[1] - times[0], 333_333_333);
        assert_eq!(times[2] - times[0], 666_666_667);
        let age = unix_ns() - times[0];
        assert!((0..60_000_000_000).contains(&age), "{age}");
    }

    #[test]
    fn times_without_a_rate_never_go_back_and_never_lie_ahead() {
        let bytes = bytes(&options(0.0, false), &[1000, 1, 1000, 1000]);
        let times = times(&bytes, 40);
        assert!(times.is_sorted());
        assert!(
            times
                .last()
                .is_some_and(|&last| last <= unix_ns() + 1_000_000_000)
        );
    }

    #[test]
    fn two_channels_of_one_name_are_refused() {
        let spec = ChannelSpec::parse("time=gaussian:0,1").expect("parses");
        let twice = SynthOptions {
            channels: vec![spec.clone(), spec.clone()],
            ..options(1.0, true)
        };
        assert!(SynthSource::new(&twice).is_err());
        let clash = SynthOptions {
            channels: vec![spec],
            ..options(1.0, false)
        };
        assert!(SynthSource::new(&clash).is_err());
    }
}
