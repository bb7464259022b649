//! The command line, as it is typed.

mod peek;

use clap::{Parser, Subcommand};
use ringbuf_console::version::version;
use ringbuf_core::{NameError, inspect};

pub(crate) use self::peek::{BwArgs, DelayArgs, EchoArgs, HzArgs, PeekArgs};

/// Looks into rings and after them: what is there, what comes, who uses it, and taking away what nobody needs.
#[derive(Debug, Parser)]
#[command(name = "ringctl", version = version(), after_help = HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print JSON, one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const HELP: &str = "\
A ring is given by its name, which is looked up in $RINGBUF_DIR (by default a directory of your own
in /dev/shm), or by the path of its data file, with a '/' in it: ./imu.ring

Examples, with a ring made by `producer synth --ring demo --rate 0 --count 1000`:
  ringctl list
  ringctl info demo
  ringctl info demo --json
  ringctl echo demo -n 3
  ringctl hz demo --duration 2s
  ringctl gc --dry-run
  ringctl rm demo

echo, hz, bw and delay wait for a ring that is not there yet, and end when its producer closes it or
with Ctrl-C. `ringctl completions` and `ringctl man` make completions for a shell and manual pages.

Exit status: 0 done, 1 failed, 2 wrong usage, 3 done but records were missed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The rings there are, one a line
    #[command(visible_alias = "ls", after_help = LIST_HELP)]
    List,
    /// Everything about one ring: producer, records, schema, readers
    #[command(after_help = INFO_HELP)]
    Info {
        /// The ring: a name, or the path of its data file
        #[arg(value_parser = reference)]
        ring: String,
    },
    /// Show records, or frames, as they come
    #[command(after_help = peek::ECHO_HELP)]
    Echo(EchoArgs),
    /// How many records come a second, and how evenly
    #[command(after_help = peek::HZ_HELP)]
    Hz(HzArgs),
    /// How many bytes come a second
    #[command(after_help = peek::BW_HELP)]
    Bw(BwArgs),
    /// How old records are when they are read
    #[command(after_help = peek::DELAY_HELP)]
    Delay(DelayArgs),
    /// Remove rings whose producer is gone; their readers are told and end
    #[command(after_help = RM_HELP)]
    Rm {
        /// The rings: names, or paths of data files
        #[arg(required = true, value_name = "RING", value_parser = reference)]
        rings: Vec<String>,
    },
    /// Remove what the dead left behind: rings that nobody uses, files that were never finished
    #[command(after_help = GC_HELP)]
    Gc {
        /// Also remove rings on a disk, but not unverified ones
        #[arg(long)]
        disk: bool,
        /// Only say what would be removed
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
}

const LIST_HELP: &str = "\
PRODUCER is live, closed (it ended and said so) or died (it ended without a word). Unverified is a
ring that was cut off when the system stopped; `ringctl info` says what to do. A file that cannot be
read as a ring is listed as damaged or unreadable, with the reason. READERS counts the living; it is
`?` if you may not see them.

Examples:
  ringctl list
  ringctl list --json";

const INFO_HELP: &str = "\
For every reader that registered: read + missed + skipped = cursor - joined, and lag is how many
records it has not read yet, and how long the oldest of them has been published, if the ring has
publication times. A bounded reader is demoted when it has held the producer for longer than it may:
it goes on as a lossy one. A dead reader is shown until another one takes its slot. Readers that
only observe are not seen by anybody.

Who may read and who may register is what the modes of the two files say; the directory they lie in
may let fewer people near them.

Examples:
  ringctl info demo
  ringctl info demo --json";

const RM_HELP: &str = "\
A ring with a living producer is never removed: stop the producer first. Living readers do not keep
it: they get what was published, are told that it was removed, and end. An unverified ring is
removed as any other: first save what you need of it. A ring that cannot be read is not removed,
since nobody can tell who uses it; what to do by hand is said.

Examples:
  ringctl rm demo
  ringctl rm demo --json";

const GC_HELP: &str = "\
A ring in memory that has neither a living producer nor a living reader is removed with the records
in it, also if it was closed in good order. Who lives is not guessed from process numbers: the
system ends the locks of a process with the process, however it ends.

A ring on a disk was put there to stay: it is kept and named, unless you ask with --disk. A ring
that is unverified, because it was cut off when the system stopped, is always kept: it cannot be
measured again. Once you have saved what you need of it, `ringctl rm` removes it.

Files that no ring made, and files of other users, are left alone; so is a ring that cannot be read,
which is named, with exit status 1.

Examples:
  ringctl gc --dry-run
  ringctl gc
  ringctl gc --disk --dry-run
  ringctl gc --json";

fn reference(given: &str) -> Result<String, NameError> {
    inspect::path(given).map(|_| given.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_example_is_understood() {
        ringbuf_console::examples::check::<Cli>().unwrap();
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_page_is_wrapped_anew_on_a_wide_terminal() {
        let command = Cli::command();
        let pages = std::iter::once(&command).chain(command.get_subcommands());
        for page in pages {
            let text = page.get_after_help().unwrap().to_string();
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(100), "{text}");
        }
    }

    #[test]
    fn json_may_stand_before_and_after_the_command() {
        for line in ["ringctl --json list", "ringctl ls --json"] {
            assert!(Cli::try_parse_from(line.split(' ')).unwrap().json, "{line}");
        }
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "ringctl",
            "ringctl frobnicate",
            "ringctl info",
            "ringctl info a b",
            "ringctl info .hidden",
            "ringctl rm",
            "ringctl rm fine not/",
            "ringctl list imu",
            "ringctl gc --wet-run",
            "ringctl echo",
            "ringctl echo a b",
            "ringctl echo a -n 0",
            "ringctl echo a -n 1 --once",
            "ringctl echo a --csv --json",
            "ringctl echo a --from then",
            "ringctl hz a -w 0",
            "ringctl hz a -w 1048577",
            "ringctl bw a --duration 5",
            "ringctl delay a --window x",
        ] {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
