//! The command line of this machine's own figures.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::RunArgs;
use crate::{
    config::{Group, system_rate, system_window},
    values,
};

pub(super) const SYSTEM_HELP: &str = "\
Groups and their fields, as the machine has them at the start (ringctl info RING lists them):
  cpu          cpu, cpu_user, cpu_system, cpu_iowait, cpu_steal; cpu0, cpu1 and so on: %
               cpu and the cores are busy when they neither idle nor wait for a disk
  memory       memory_total, _used, _free, _available, _buffers, _cached, swap_total, _used: bytes
  network      net_NAME_rx, net_NAME_tx of every interface but lo: bytes a second
  disk         disk_NAME_read, disk_NAME_write: bytes a second; disk_NAME_busy: % of the time
               of whole devices, and neither of loop, ram, zram, fd nor sr
  load         load1, load5, load15
  pressure     pressure_cpu_some, pressure_io_some, pressure_io_full and so on: % of the time in
               which some tasks, or all of them, were held up for want of it
  temperature  temp_CHIP_SENSOR: °C, looked up once a second

`time` is when a sample was taken. Shares and rates are of the time since --window ago: the kernel
counts processor time in hundredths of a second, so that 1s has steps of 1 %, and 100ms of 10 %.
The first record comes after one window, or after 2s. They are NaN until there is a whole one, and
for one after a counter went back or its device was away; memory, load and temperatures are what
they are at the moment. What is found at the start is
what is measured, up to 512 cores and 64 interfaces, disks and sensors each; with others a ring of
the same name needs --replace.

A sample whose time has passed, as when this process was stopped or the machine slept, is not taken
late: it is skipped, and the summary says how many were.

Examples:
  producer system --ring host
  producer system --ring fine --rate 100 --window 200ms --retain 10m
  producer system --ring cores --only cpu,load --rate 1000 --retain 1m --allow bounded:50ms
  producer system --ring cool --leave-out temperature --duration 5s --json
  producer system --ring outside --root /host        the files of a host, mounted into a container

With --root the network is still that of this process, for so the kernel has it. Only Linux has
these files.";

#[derive(Debug, Args)]
pub(crate) struct SystemArgs {
    /// Nothing but these groups; several with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = Group::parse)]
    pub(crate) only: Vec<Group>,
    /// All groups but these; several with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',', value_parser = Group::parse, conflicts_with = "only")]
    pub(crate) leave_out: Vec<Group>,
    /// The time that shares and rates are taken over
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = system_window)]
    pub(crate) window: Duration,
    /// The directory in which proc and sys are
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
    #[command(flatten, next_help_heading = "The run and the ring")]
    pub(crate) run: RunArgs,
    // Ten a second cost nothing that anybody would notice, and of a window of a second more of them tell little more.
    /// Samples a second, at most 1000
    #[arg(long, value_name = "HZ", default_value = "10", allow_negative_numbers = true, value_parser = system_rate)]
    pub(crate) rate: f64,
    /// Samples the ring keeps [default: as many as the ring of this name does already, else as many
    /// as fit into 4 MiB]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::positive_count)]
    pub(crate) capacity: Option<u64>,
    /// In place of --capacity, the samples of so much time, such as 5s, at the rate of --rate
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration, conflicts_with = "capacity")]
    pub(crate) retain: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::{args::Cli, config::Config};

    #[test]
    fn the_examples_can_be_pasted() {
        let examples = SYSTEM_HELP
            .lines()
            .filter_map(|line| line.strip_prefix("  producer "));
        let mut count = 0;
        for line in examples {
            // What is said about an example stands far to the right of it.
            let words = line.split("    ").next().unwrap_or(line).split(' ');
            let cli = Cli::try_parse_from(["producer"].into_iter().chain(words)).expect(line);
            Config::resolve(cli).expect(line);
            count += 1;
        }
        assert_eq!(count, 5);
    }

    #[test]
    fn the_help_fits_on_a_screen() {
        let longest = SYSTEM_HELP.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(100), "{longest:?}");
    }

    #[test]
    fn wrong_usage_says_what_is_right() {
        for (more, expected) in [
            (
                "--only cpus",
                "expected cpu, memory, network, disk, load, pressure or temperature",
            ),
            ("--only cpu --leave-out load", "cannot be used with"),
            ("--rate 0", "at most 1000"),
            ("--rate 1001", "at most 1000"),
            ("--rate -1", "at most 1000"),
            ("--rate nan", "at most 1000"),
            ("--window 0s", "10ms to 1h"),
            ("--window 5", "10ms to 1h"),
            ("--window 2h", "10ms to 1h"),
        ] {
            let line = format!("producer system --ring r {more}");
            let error = Cli::try_parse_from(line.split(' ')).expect_err(more);
            assert_eq!(error.exit_code(), 2, "{more}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
