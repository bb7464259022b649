//! The ring and its rivals: the same work, interleaved in one run. See README.md.

mod control;
mod drive;
mod link;
mod machine;
mod measure;
mod peer;
mod peers;
mod probe;
mod report;
mod spec;
mod summary;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Measures the ring and its rivals, doing the same work.
#[derive(Parser)]
enum Command {
    /// Measures all, interleaved, and prints tables.
    Run(drive::Plan),
    /// Prints the tables of measurements kept with `run --raw`.
    Report { files: Vec<PathBuf> },
    /// What there is.
    List,
    /// One measurement; prints a JSON object.
    Measure(measure::Task),
    /// A consumer; started by `measure`.
    #[command(hide = true)]
    Role(measure::Role),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Command::parse() {
        Command::Run(plan) => drive::run(&plan),
        Command::Report { files } => drive::render(&files),
        Command::List => {
            let works = spec::Work::all();
            for facts in peer::all() {
                let works = works.iter().filter(|work| work.suits(&facts));
                let works: Vec<_> = works.map(|work| work.to_string()).collect();
                println!("{:24}{}", facts.name, works.join(" "));
            }
            Ok(())
        }
        Command::Measure(task) => {
            println!("{}", serde_json::to_string(&measure::measure(&task)?)?);
            Ok(())
        }
        Command::Role(role) => measure::play(&role),
    }
}
