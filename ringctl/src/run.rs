//! From the command line to the command, and from its end to the exit status.

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::{bw, delay, echo, gc, hz, info, list, rm};

/// How a command ended that has said everything there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All of it was done.
    Done,
    /// Some of it was not.
    Failed,
    /// All of it was done, but records were missed.
    Missed,
}

impl From<End> for ExitCode {
    fn from(end: End) -> ExitCode {
        match end {
            End::Done => ExitCode::SUCCESS,
            End::Failed => ExitCode::FAILURE,
            End::Missed => ExitCode::from(3),
        }
    }
}

/// Runs the command.
pub(crate) fn run(cli: &Cli) -> anyhow::Result<End> {
    match &cli.command {
        Command::List => list::run(cli.json),
        Command::Info { ring } => info::run(ring, cli.json),
        Command::Echo(args) => echo::run(args, cli.json),
        Command::Hz(args) => hz::run(args, cli.json),
        Command::Bw(args) => bw::run(args, cli.json),
        Command::Delay(args) => delay::run(args, cli.json),
        Command::Rm { rings } => rm::run(rings, cli.json),
        Command::Gc { disk, dry_run } => gc::run(*disk, *dry_run, cli.json),
    }
}
