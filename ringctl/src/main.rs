//! Looks after rings: what is there, who uses it, and taking away what nobody needs.

mod access;
mod args;
mod gc;
mod info;
mod list;
mod out;
mod rm;
mod run;
mod table;
mod view;

use std::process::ExitCode;

use clap::Parser;
use ringbuf_console::error::whole;

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("ringctl");
    let cli = args::Cli::parse();
    match run::run(&cli) {
        Ok(end) => end.into(),
        Err(error) => {
            // With its causes; errors of the library name theirs themselves and come without.
            out::say(&whole(&error));
            run::End::Failed.into()
        }
    }
}
