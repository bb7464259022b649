//! One run: open the source, create the ring, publish everything when it is due, report.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{
    config::{Config, SourceConfig},
    feed::Feed,
    frame_supply::Frames,
    live::Live,
    pace::{Schedule, Timing},
    records::Records,
    report::say,
    source::{
        Sensor, Source, SystemSource,
        csv::{CsvOptions, CsvSource},
        synth::SynthSource,
    },
    stop::Stop,
    stream::Stream,
    supply::Supply,
};

/// How often to look for readers while waiting for them.
const LOOK: Duration = Duration::from_millis(10);

/// Runs to the end and prints the summary, also when the run failed half-way.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot listen for signals")?;
    let (mut supply, schedule) = open(config)?;
    wait_for_readers(config, supply.as_ref(), &stop);

    let (ring, promise) = (&config.ring.name, config.ring.keep.promise());
    let kind = supply.kind();
    let mut feed = Feed::new(ring, kind, promise, schedule, config.limits, &stop);
    let fed = feed.run(supply.as_mut());
    let summary = feed.summary(supply.as_ref());
    supply.close();
    let printed = summary.print(config.json);
    fed?;
    printed.context("standard output")
}

fn open(config: &Config) -> anyhow::Result<(Box<dyn Supply>, Schedule)> {
    let source: Box<dyn Source> = match &config.source {
        SourceConfig::Synth(options) => Box::new(SynthSource::new(options)?),
        SourceConfig::Csv(options) => Box::new(open_csv(options)?),
        SourceConfig::Frames(options) => {
            let supply = Frames::open(options, &config.ring)?;
            let timing = config.timing.unwrap_or(Timing::AsFast);
            return Ok((Box::new(supply), Schedule::new(timing, 0)));
        }
        SourceConfig::System(options) => {
            let sensor = SystemSource::open(options)?;
            sensor.notes().iter().for_each(|note| say(note));
            let stream = Stream::create(&config.ring, sensor.schema())?;
            let supply = Live::new(Box::new(sensor), stream);
            return Ok((Box::new(supply), Schedule::live(options.rate)));
        }
    };
    let (timing, time_offset) = timing(config, source.as_ref())?;
    let stream = Stream::create(&config.ring, source.schema())?;
    let supply = Records::new(source, stream);
    Ok((Box::new(supply), Schedule::new(timing, time_offset)))
}

fn open_csv(options: &CsvOptions) -> anyhow::Result<CsvSource> {
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
    Ok(csv)
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

fn wait_for_readers(config: &Config, supply: &dyn Supply, stop: &Stop) {
    let wanted = config.wait_for_readers;
    if supply.readers() >= wanted {
        return;
    }
    let ring = &config.ring.name;
    say(&format!(
        "the ring {ring:?} is ready; waiting for {wanted} registered reader(s)"
    ));
    while supply.readers() < wanted && !stop.is_asked() {
        stop.sleep_until(Instant::now() + LOOK);
    }
}
