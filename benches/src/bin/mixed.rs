//! `cargo run --release -p benches --bin mixed`: frames of 0 B to 1 MiB at random, four readers, every byte checked.

use std::process::ExitCode;

use benches::{mixed, role};
use clap::Parser;

/// Publishes frames of random sizes to four reader processes that check every byte: two lossless, one bounded, one lossy.
///
/// Ends with an error if a byte, a length or a tag is wrong, or a frame was lost and not counted. One line at the end says how fast
/// it was and what was missed.
#[derive(Parser)]
#[command(name = "mixed")]
struct Args {
    #[command(flatten)]
    task: mixed::Task,
}

fn main() -> ExitCode {
    let done = match role::mine() {
        Some(role) => mixed::play(&role),
        None => mixed::run(&Args::parse().task).map(|report| println!("{report}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nmixed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
