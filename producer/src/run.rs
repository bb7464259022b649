//! One run: open the source, create the ring, publish everything when it is due, report.

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::{
    config::{Config, Limits, SourceConfig, StdinOptions},
    feed::Feed,
    frame_supply::Frames,
    live::Live,
    pace::{Schedule, Timing},
    records::Records,
    report::{Summary, say},
    source::{
        Sensor, Source, SystemSource,
        csv::{CsvOptions, CsvSource},
        synth::SynthSource,
    },
    stdin,
    stop::Stop,
    stream::Stream,
    supply::Supply,
    when::When,
};

/// How often to look for readers while waiting for them.
const LOOK: Duration = Duration::from_millis(10);

/// As good as for ever, and not more than a clock can hold.
const LONG: Duration = Duration::from_secs(3600);

/// Runs to the end and prints the summary, also when the run failed half-way.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let stop = Stop::on_signals().context("cannot listen for signals")?;
    let Some((mut supply, schedule)) = open(config, &stop)? else {
        let nothing = Summary::of_nothing(&config.ring.name);
        return nothing.print(config.json).context("standard output");
    };
    wait_for_readers(config, supply.as_ref(), &stop);
    supply.settle(&stop);

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

/// Opens source and ring. None if the run was over before it was known what a record consists of.
fn open(config: &Config, stop: &Stop) -> anyhow::Result<Option<(Box<dyn Supply>, Schedule)>> {
    let source: Box<dyn Source> = match &config.source {
        SourceConfig::Synth(options) => Box::new(SynthSource::new(options)?),
        SourceConfig::Csv(options) => Box::new(open_csv(options)?),
        SourceConfig::Stdin(options) => match open_stdin(options, config.limits, stop)? {
            Some(source) => source,
            None => return Ok(None),
        },
        SourceConfig::Frames(options) => {
            let supply = Frames::open(options, &config.ring)?;
            let timing = config.timing.unwrap_or(Timing::AsFast);
            return Ok(Some((Box::new(supply), Schedule::new(timing, None))));
        }
        SourceConfig::System(options) => {
            let sensor = SystemSource::open(options)?;
            sensor.notes().iter().for_each(|note| say(note));
            let stream = Stream::create(&config.ring, sensor.schema())?;
            let supply = Live::new(Box::new(sensor), stream);
            return Ok(Some((Box::new(supply), Schedule::live(options.rate))));
        }
    };
    let (timing, when) = timing(config, source.as_ref())?;
    let stream = Stream::create(&config.ring, source.schema())?;
    let supply = Records::new(source, stream);
    Ok(Some((Box::new(supply), Schedule::new(timing, when))))
}

fn open_csv(options: &CsvOptions) -> anyhow::Result<CsvSource> {
    let mut csv = CsvSource::open(options)?;
    stdin::tell_time(csv.time(), &options.columns);
    // Who corrects the options then does not meet a ring with the fields of the wrong ones.
    csv.read_ahead(&|| true)?;
    Ok(csv)
}

/// Waits for the first record, as long as the run would take.
fn open_stdin(
    options: &StdinOptions,
    limits: Limits,
    stop: &Stop,
) -> anyhow::Result<Option<Box<dyn Source>>> {
    let begin = Instant::now();
    let left = || {
        let most = limits.duration.unwrap_or(Duration::MAX);
        most.saturating_sub(begin.elapsed())
    };
    let nap = || {
        if !stop.is_asked() {
            stop.sleep_until(Instant::now() + left().min(LONG));
        }
        !stop.is_asked() && !left().is_zero()
    };
    stdin::open(options, &nap)
}

/// How to time the records, and where in a record its time is.
fn timing(config: &Config, source: &dyn Source) -> anyhow::Result<(Timing, Option<When>)> {
    let when = When::of(source.schema());
    let timing = match (config.timing, &when) {
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
    Ok((timing, when))
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
