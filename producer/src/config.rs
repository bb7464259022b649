//! What to do, decided: the command line with its defaults filled in.

use std::time::Duration;

use crate::{
    args::{Cli, Common, CsvArgs, SourceArgs, SynthArgs},
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
pub(crate) struct Config {
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
}

/// The ring to create.
#[derive(Debug)]
pub(crate) struct RingConfig {
    pub(crate) name: String,
    pub(crate) capacity: Option<u64>,
    pub(crate) allow: Allow,
    pub(crate) replace: bool,
}

/// When to end before the source does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) count: Option<u64>,
    pub(crate) duration: Option<Duration>,
}

/// The most a reader may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allow {
    Lossy,
    Lossless,
}

impl Allow {
    pub(crate) fn parse(text: &str) -> Result<Allow, String> {
        match text {
            "lossy" => Ok(Allow::Lossy),
            "lossless" => Ok(Allow::Lossless),
            _ if text.starts_with("bounded") => {
                Err("bounded is not supported yet, expected lossy or lossless".to_owned())
            }
            _ => Err(format!("found {text:?}, expected lossy or lossless")),
        }
    }
}

/// What to do while a lossless reader is a full ring behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    Wait,
}

impl WhenFull {
    pub(crate) fn parse(text: &str) -> Result<WhenFull, String> {
        match text {
            "wait" => Ok(WhenFull::Wait),
            "drop" => Err("drop is not supported yet, expected wait".to_owned()),
            _ => Err(format!("found {text:?}, expected wait")),
        }
    }
}

impl Config {
    /// Decides what a command line asks for.
    ///
    /// # Errors
    ///
    /// When it asks for what cannot be, in words for the person who typed it.
    pub(crate) fn resolve(cli: Cli) -> Result<Config, String> {
        match cli.source {
            SourceArgs::Synth(args) => synth(args),
            SourceArgs::Csv(args) => Ok(csv(args)),
        }
    }

    /// How to time records that have no time of their own.
    pub(crate) fn default_timing() -> Timing {
        Timing::Rate(DEFAULT_RATE)
    }

    fn new(source: SourceConfig, timing: Option<Timing>, common: Common) -> Config {
        let WhenFull::Wait = common.when_full;
        Config {
            source,
            timing,
            ring: RingConfig {
                name: common.ring,
                capacity: common.capacity,
                allow: common.allow,
                replace: common.replace,
            },
            limits: Limits {
                count: common.count,
                duration: common.duration,
            },
            wait_for_readers: common.wait_for_readers,
            json: common.json,
        }
    }
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
    Ok(Config::new(source, Some(timing_of(rate)), args.common))
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

fn csv(args: CsvArgs) -> Config {
    let timing = match (args.common.rate, args.speed, args.max_gap) {
        (Some(rate), ..) => Some(timing_of(rate)),
        (None, None, None) => None,
        (None, speed, max_gap) => Some(Timing::Recorded {
            speed: speed.unwrap_or(1.0),
            max_gap,
        }),
    };
    let source = CsvOptions {
        path: args.file,
        delimiter: args.delimiter,
        time: args.time,
        time_format: args.time_unit,
        no_time: args.no_time,
        text: args.text,
        leave_out: args.leave_out,
    };
    Config::new(SourceConfig::Csv(source), timing, args.common)
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

    fn config(line: &str) -> Config {
        let cli = Cli::try_parse_from(line.split(' ')).expect("parses");
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
    fn named_channels_replace_the_default_ones() {
        let channels = |line| match config(line).source {
            SourceConfig::Synth(options) => options.channels.len(),
            SourceConfig::Csv(_) => 0,
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
