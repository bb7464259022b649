//! Looks into rings and after them: what is there, what comes, who uses it, and taking away what nobody needs.

mod access;
mod args;
mod bw;
mod delay;
mod echo;
mod gc;
mod hz;
mod info;
mod list;
mod out;
mod peek;
mod rm;
mod run;
mod table;
mod view;

use std::process::ExitCode;

use ringbuf_console::error::whole;
use ringbuf_console::pages;
use ringbuf_console::usage::Usage;

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("ringctl");
    let cli = pages::parse::<args::Cli>();
    match run::run(&cli) {
        Ok(end) => end.into(),
        Err(error) => {
            // With its causes; errors of the library name theirs themselves and come without.
            out::say(&whole(&error));
            match error.downcast_ref::<Usage>() {
                Some(_) => ExitCode::from(2),
                None => run::End::Failed.into(),
            }
        }
    }
}
