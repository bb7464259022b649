//! One run: open the source, create the ring, publish every record when it is due, report.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{
    config::{Config, SourceConfig},
    feed::Feed,
    pace::{Schedule, Timing},
    report::say,
    source::{Source, csv::CsvSource, synth::SynthSource},
    stop::Stop,
    stream::Stream,
};

/// How often to look for readers while waiting for them.
const LOOK: Duration = Duration::from_millis(10);

/// Runs to the end and prints the summary, also when the run failed half-way.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot listen for signals")?;
    let mut source = open(&config.source)?;
    let (timing, time_offset) = timing(config, source.as_ref())?;
    let mut stream = Stream::create(&config.ring, source.schema())?;
    wait_for_readers(config, &stream, &stop);

    let schedule = Schedule::new(timing, time_offset);
    let (ring, promise) = (&config.ring.name, config.ring.keep.promise());
    let mut feed = Feed::new(ring, promise, schedule, config.limits, &stop);
    let fed = feed.run(source.as_mut(), &mut stream);
    let summary = feed.summary(&stream);
    stream.close();
    let printed = summary.print(config.json);
    fed?;
    printed.context("standard output")
}

fn open(source: &SourceConfig) -> anyhow::Result<Box<dyn Source>> {
    Ok(match source {
        SourceConfig::Synth(options) => Box::new(SynthSource::new(options)?),
        SourceConfig::Csv(options) => {
            let mut csv = CsvSource::open(options)?;
            match csv.time() {
                Some((name, format)) => say(&format!(
                    "time is the column {name:?}: {}",
                    format.meaning()
                )),
                None if options.no_time => {}
                None => say("no time column was found; if there is one, name it with --time"),
            }
            // Who corrects the options then does not meet a ring with the fields of the wrong ones.
            csv.read_ahead()?;
            Box::new(csv)
        }
    })
}

/// How to time the records, and where in a record its time is.
fn timing(config: &Config, source: &dyn Source) -> anyhow::Result<(Timing, usize)> {
    let time = source
        .schema()
        .time_field()
        .map(ringbuf_core::Field::offset);
    let timing = match (config.timing, time) {
        (Some(Timing::Recorded { .. }), None) => anyhow::bail!(
            "--speed and --max-gap follow the times of a recording, and there is no time column; \
             name it with --time, or use --rate"
        ),
        (Some(timing), _) => timing,
        (None, Some(_)) => Timing::Recorded {
            speed: 1.0,
            max_gap: None,
        },
        (None, None) => Config::default_timing(),
    };
    Ok((timing, time.unwrap_or(0)))
}

fn wait_for_readers(config: &Config, stream: &Stream, stop: &Stop) {
    let wanted = config.wait_for_readers;
    if stream.readers() >= wanted {
        return;
    }
    let ring = &config.ring.name;
    say(&format!(
        "the ring {ring:?} is ready; waiting for {wanted} registered reader(s)"
    ));
    while stream.readers() < wanted && !stop.is_asked() {
        stop.sleep_until(Instant::now() + LOOK);
    }
}
