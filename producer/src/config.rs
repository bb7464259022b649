//! What to do, decided: the command line with its defaults filled in.

mod frames;
mod stdin;
mod system;

use std::time::Duration;

use ringbuf_core::{Delivery, Register, WhenFull};

pub(crate) use self::{
    frames::{FrameFrom, FrameOptions},
    stdin::StdinOptions,
    system::{Group, SystemOptions, system_rate, system_window},
};
use crate::{
    args::{Cli, Common, CsvArgs, RunArgs, SourceArgs, SynthArgs},
    keep::{Keep, Promise},
    pace::Timing,
    source::{
        csv::CsvOptions,
        signal::ChannelSpec,
        synth::{SynthOptions, TIME},
    },
};

/// Records a second where nothing else is said.
const DEFAULT_RATE: f64 = 100.0;

/// One run.
#[derive(Debug)]
pub struct Config {
    pub(crate) source: SourceConfig,
    /// Absent: as recorded when the records have a time, else [`Config::default_timing`].
    pub(crate) timing: Option<Timing>,
    pub(crate) ring: RingConfig,
    pub(crate) limits: Limits,
    pub(crate) wait_for_readers: u64,
    pub(crate) json: bool,
}

/// Where the records come from.
#[derive(Debug)]
pub(crate) enum SourceConfig {
    Synth(SynthOptions),
    Csv(CsvOptions),
    Stdin(StdinOptions),
    Frames(FrameOptions),
    System(SystemOptions),
}

/// The ring to create.
#[derive(Debug)]
pub(crate) struct RingConfig {
    pub(crate) name: String,
    pub(crate) keep: Keep,
    pub(crate) allow: Delivery,
    pub(crate) when_full: WhenFull,
    /// Note for every record when it was published.
    pub(crate) stamp: bool,
    pub(crate) access: Access,
    pub(crate) replace: bool,
}

/// When to end before the source does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) count: Option<u64>,
    pub(crate) duration: Option<Duration>,
}

/// Who may open the ring's files; absent: as the library has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// Permissions, as `chmod` takes them.
    pub(crate) mode: Option<u32>,
    pub(crate) register: Option<Register>,
}

impl Config {
    /// Decides what a command line asks for.
    ///
    /// # Errors
    ///
    /// When it asks for what cannot be, in words for the person who typed it.
    pub fn resolve(cli: Cli) -> Result<Config, String> {
        match cli.source {
            SourceArgs::Synth(args) => synth(args),
            SourceArgs::Csv(args) => csv(args),
            SourceArgs::Stdin(args) => stdin::stdin(args),
            SourceArgs::Frames(args) => frames::frames(args),
            SourceArgs::Lines(args) => frames::lines(args),
            SourceArgs::System(args) => system::system(args),
        }
    }

    /// How to time records that have no time of their own.
    pub(crate) fn default_timing() -> Timing {
        Timing::Rate(DEFAULT_RATE)
    }

    fn new(source: SourceConfig, timing: Option<Timing>, keep: Keep, run: RunArgs) -> Config {
        Config {
            source,
            timing,
            ring: RingConfig {
                keep,
                name: run.ring,
                allow: run.allow,
                when_full: run.when_full,
                stamp: !run.no_stamp,
                access: Access {
                    mode: run.mode,
                    register: run.register,
                },
                replace: run.replace,
            },
            limits: Limits {
                count: run.count,
                duration: run.duration,
            },
            wait_for_readers: run.wait_for_readers,
            json: run.json,
        }
    }

    fn of_records(
        source: SourceConfig,
        timing: Option<Timing>,
        common: Common,
    ) -> Result<Config, String> {
        let keep = keep(common.capacity, common.retain, timing)?;
        Ok(Config::new(source, timing, keep, common.run))
    }
}

/// What the command line says about how much to keep. A time takes a rate that is known before the
/// first record.
fn keep(
    capacity: Option<u64>,
    retain: Option<Duration>,
    timing: Option<Timing>,
) -> Result<Keep, String> {
    let Some(time) = retain else {
        return Ok(capacity.map_or(Keep::AsFound, Keep::Records));
    };
    let unknown = match timing {
        Some(Timing::Rate(rate)) => return Ok(Keep::Lasting(Promise { time, rate })),
        Some(Timing::AsFast) => "--rate 0, as fast as possible, has no rate to count with",
        Some(Timing::Recorded { .. }) | None => {
            "the timing of a recording has no rate to count with"
        }
    };
    Err(format!(
        "--retain {time:?}: {unknown}; give --rate with how many come a second, or --capacity with how many to keep"
    ))
}

fn synth(args: SynthArgs) -> Result<Config, String> {
    let rate = args.common.rate.unwrap_or(DEFAULT_RATE);
    let source = SynthOptions {
        channels: if args.channels.is_empty() {
            ChannelSpec::defaults()
        } else {
            args.channels
        },
        seed: args.seed,
        no_time: args.no_time,
        rate,
    };
    if let Some(name) = repeated_name(&source) {
        return Err(format!(
            "two fields are called {name:?}, expected a name of its own for every channel \
             and, unless --no-time is given, none called {TIME:?}"
        ));
    }
    let source = SourceConfig::Synth(source);
    Config::of_records(source, Some(timing_of(rate)), args.common)
}

fn repeated_name(options: &SynthOptions) -> Option<&str> {
    let mut seen: Vec<&str> = if options.no_time {
        Vec::new()
    } else {
        vec![TIME]
    };
    options
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .find(|name| {
            let repeated = seen.contains(name);
            seen.push(name);
            repeated
        })
}

fn csv(args: CsvArgs) -> Result<Config, String> {
    let timing = recorded(args.common.rate, args.speed, args.max_gap);
    let source = CsvOptions {
        path: args.file,
        delimiter: args.delimiter,
        columns: args.columns.options(),
    };
    Config::of_records(SourceConfig::Csv(source), timing, args.common)
}

/// The timing of records that may have times of their own; none if nothing is said of it.
fn recorded(rate: Option<f64>, speed: Option<f64>, max_gap: Option<Duration>) -> Option<Timing> {
    match (rate, speed, max_gap) {
        (Some(rate), ..) => Some(timing_of(rate)),
        (None, None, None) => None,
        (None, speed, max_gap) => Some(Timing::Recorded {
            speed: speed.unwrap_or(1.0),
            max_gap,
        }),
    }
}

fn timing_of(rate: f64) -> Timing {
    if rate > 0.0 {
        Timing::Rate(rate)
    } else {
        Timing::AsFast
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    pub(super) fn config(line: &str) -> Config {
        let cli = Cli::try_parse_from(line.split_whitespace()).expect("parses");
        Config::resolve(cli).expect("can be")
    }

    #[test]
    fn rate_zero_is_as_fast_as_possible() {
        assert_eq!(
            config("producer synth --ring r --rate 0").timing,
            Some(Timing::AsFast)
        );
        assert_eq!(
            config("producer synth --ring r").timing,
            Some(Timing::Rate(100.0))
        );
    }

    #[test]
    fn a_recording_is_timed_as_asked() {
        assert_eq!(config("producer csv f --ring r").timing, None);
        assert_eq!(
            config("producer csv f --ring r --rate 5").timing,
            Some(Timing::Rate(5.0))
        );
        let recorded = Timing::Recorded {
            speed: 1.0,
            max_gap: Some(Duration::from_secs(1)),
        };
        assert_eq!(
            config("producer csv f --ring r --max-gap 1s").timing,
            Some(recorded)
        );
        let faster = Timing::Recorded {
            speed: 20.0,
            max_gap: None,
        };
        assert_eq!(
            config("producer csv f --ring r --speed 20").timing,
            Some(faster)
        );
    }

    #[test]
    fn what_to_keep() {
        let keep = |line| config(line).ring.keep;
        let lasting = |seconds, rate| {
            let time = Duration::from_secs(seconds);
            Keep::Lasting(Promise { time, rate })
        };
        assert_eq!(keep("producer synth --ring r"), Keep::AsFound);
        assert_eq!(
            keep("producer synth --ring r --capacity 7"),
            Keep::Records(7)
        );
        assert_eq!(
            keep("producer synth --ring r --retain 5s"),
            lasting(5, 100.0)
        );
        assert_eq!(
            keep("producer csv f --ring r --retain 2s --rate 1e3"),
            lasting(2, 1e3)
        );
    }

    #[test]
    fn time_is_kept_only_at_a_known_rate() {
        for line in [
            "producer synth --ring r --retain 5s --rate 0",
            "producer csv f --ring r --retain 5s",
            "producer csv f --ring r --retain 5s --no-time",
            "producer csv f --ring r --retain 5s --rate 0",
            "producer csv f --ring r --retain 5s --speed 2",
            "producer frames d --ring r --retain 5s --rate 0",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            let error = Config::resolve(cli).expect_err(line);
            for part in ["--retain 5s: ", "--rate", "--capacity"] {
                assert!(error.contains(part), "{line}: {error}");
            }
        }
    }

    #[test]
    fn the_ring_is_as_asked_for() {
        let plain = config("producer synth --ring r").ring;
        assert_eq!(
            (plain.allow, plain.when_full, plain.stamp, plain.replace),
            (Delivery::Lossless, WhenFull::Wait, true, false)
        );
        assert_eq!(plain.access, Access::default());
        let line = "producer synth --ring r --allow bounded:5ms --when-full drop --no-stamp --mode 0640 \
                    --register group --replace";
        let all = config(line).ring;
        assert_eq!(all.allow, Delivery::Bounded(Duration::from_millis(5)));
        assert_eq!(
            (all.when_full, all.stamp, all.replace),
            (WhenFull::Drop, false, true)
        );
        let access = Access {
            mode: Some(0o640),
            register: Some(Register::Group),
        };
        assert_eq!(all.access, access);
    }

    #[test]
    fn named_channels_replace_the_default_ones() {
        let channels = |line| match config(line).source {
            SourceConfig::Synth(options) => options.channels.len(),
            _ => 0,
        };
        assert_eq!(channels("producer synth --ring r"), 4);
        assert_eq!(channels("producer synth --ring r --channel v=sine:1,1"), 1);
    }

    #[test]
    fn every_field_needs_a_name_of_its_own() {
        let refused = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).expect("parses");
            Config::resolve(cli).is_err()
        };
        assert!(refused(
            "producer synth --ring r --channel a=sine:1,1 --channel a=sine:1,1"
        ));
        assert!(refused("producer synth --ring r --channel time=sine:1,1"));
        assert!(!refused(
            "producer synth --ring r --channel time=sine:1,1 --no-time"
        ));
    }
}
