//! This machine's own figures: the command line with its defaults filled in.

use std::{path::PathBuf, time::Duration};

use super::{Config, SourceConfig, keep};
use crate::{args::SystemArgs, pace::Timing, values};

/// What to measure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SystemOptions {
    /// In the order of [`Group::ALL`], each once.
    pub(crate) groups: Vec<Group>,
    /// Those were asked for by name: each of them has to be there.
    pub(crate) is_chosen: bool,
    /// Shares and rates are taken over this time.
    pub(crate) window: Duration,
    /// Samples a second.
    pub(crate) rate: f64,
    /// Where `proc` and `sys` are.
    pub(crate) root: PathBuf,
}

/// Figures that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Cpu,
    Memory,
    Network,
    Disk,
    Load,
    Pressure,
    Temperature,
}

impl Group {
    /// All of them, in the order of the fields.
    pub(crate) const ALL: [Group; 7] = [
        Group::Cpu,
        Group::Memory,
        Group::Network,
        Group::Disk,
        Group::Load,
        Group::Pressure,
        Group::Temperature,
    ];

    /// Its word on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Cpu => "cpu",
            Group::Memory => "memory",
            Group::Network => "network",
            Group::Disk => "disk",
            Group::Load => "load",
            Group::Pressure => "pressure",
            Group::Temperature => "temperature",
        }
    }

    /// The group of this name.
    pub(crate) fn parse(text: &str) -> Result<Group, String> {
        let named = |group: &Group| group.name() == text;
        Group::ALL.into_iter().find(named).ok_or_else(|| {
            format!(
                "found {text:?}, expected cpu, memory, network, disk, load, pressure or temperature"
            )
        })
    }
}

/// Samples a second. Most of what the kernel counts moves a few hundred times a second.
pub(crate) fn system_rate(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1000.0;
    match text.trim().parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= MOST => Ok(rate),
        _ => Err(format!(
            "found {text:?}, expected samples a second, more than 0 and at most {MOST}"
        )),
    }
}

/// A time long enough for the kernel's counters to move in, and short enough to be waited for.
pub(crate) fn system_window(text: &str) -> Result<Duration, String> {
    const RANGE: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(10)..=Duration::from_secs(3600);
    let window = values::duration(text).ok();
    window
        .filter(|window| RANGE.contains(window))
        .ok_or_else(|| format!("found {text:?}, expected a time with its unit, 10ms to 1h"))
}

/// Decides what `producer system` asks for.
pub(super) fn system(args: SystemArgs) -> Result<Config, String> {
    let is_chosen = !args.only.is_empty();
    let is_wanted = |group: &Group| match is_chosen {
        true => args.only.contains(group),
        false => !args.leave_out.contains(group),
    };
    let groups: Vec<Group> = Group::ALL.into_iter().filter(is_wanted).collect();
    if groups.is_empty() {
        return Err(
            "--leave-out leaves nothing to measure, expected a group to be left".to_owned(),
        );
    }
    let timing = Some(Timing::Rate(args.rate));
    let keep = keep(args.capacity, args.retain, timing)?;
    let source = SourceConfig::System(SystemOptions {
        groups,
        is_chosen,
        window: args.window,
        rate: args.rate,
        root: args.root,
    });
    Ok(Config::new(source, timing, keep, args.run))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{args::Cli, config::tests::config, keep::Keep};

    fn options(more: &str) -> SystemOptions {
        match config(&format!("producer system --ring r {more}")).source {
            SourceConfig::System(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn groups_are_chosen_or_left_out() {
        let all = options("");
        assert_eq!(all.groups, Group::ALL);
        assert!(!all.is_chosen);
        let some = options("--only load,cpu --only load");
        assert_eq!(some.groups, [Group::Cpu, Group::Load]);
        assert!(some.is_chosen);
        let rest = options("--leave-out cpu,memory,network,disk,temperature");
        assert_eq!(rest.groups, [Group::Load, Group::Pressure]);
        let all = Group::ALL.map(Group::name).join(",");
        let line = format!("producer system --ring r --leave-out {all}");
        let cli = Cli::try_parse_from(line.split(' ')).expect("parses");
        assert!(Config::resolve(cli).is_err());
    }

    #[test]
    fn the_defaults_are_ten_a_second_over_a_second() {
        let plain = options("");
        assert_eq!((plain.rate, plain.window), (10.0, Duration::from_secs(1)));
        let quick = options("--rate 1e3 --window 50ms --root /host");
        assert_eq!(
            (quick.rate, quick.window, quick.root),
            (1000.0, Duration::from_millis(50), PathBuf::from("/host"))
        );
    }

    #[test]
    fn a_time_can_be_kept_since_the_rate_is_known() {
        let keep = config("producer system --ring r --retain 5s").ring.keep;
        let Keep::Lasting(promise) = keep else {
            panic!("{keep:?}")
        };
        assert_eq!((promise.time, promise.rate), (Duration::from_secs(5), 10.0));
    }
}
