//! `analyzer`: follows a ring and says what it sees.
//!
//! ```text
//! args  ->  config  ->  attach, follow  ->  analysis  ->  output
//! what      what is     the ring            what it       how it
//! was typed meant       itself              means         is said
//! ```
//!
//! Only `attach` and `follow` know the ring's reader, only `output` knows where lines go, and an analysis
//! knows neither. Data goes to stdout, talk to stderr.

use std::process::ExitCode;

use consumer::args::Args;
use consumer::config::Plan;
use consumer::output::talk;
use consumer::run::{self, Exit};
use ringbuf_console::{pages, stopping};

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("analyzer");
    // Wrong arguments end here, with exit code 2.
    let plan = Plan::from(pages::parse::<Args>());
    let exit = match stopping::by_signals() {
        Ok(stop) => run::run(&plan, &stop),
        Err(error) => {
            talk(format_args!("cannot listen for signals: {error}"));
            Exit::Failed
        }
    };
    ExitCode::from(exit.code())
}
