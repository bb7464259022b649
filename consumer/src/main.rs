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

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Parser;
use ringbuf_core::AttachError;
use signal_hook::consts::TERM_SIGNALS;

use consumer::config::Config;
use consumer::follow::{self, End};
use consumer::output::{Output, talk};
use consumer::{args, span};
use ringbuf_console::error::whole;
use ringbuf_console::usage::Usage;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const RECORDS_MISSED: u8 = 3;

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("analyzer");
    // Wrong arguments end here, with exit code 2.
    let config = Config::from(args::Args::parse());
    match run(&config) {
        Ok(End {
            is_incomplete: false,
        }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(RECORDS_MISSED),
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            talk(whole(&error));
            let is_name = matches!(error.downcast_ref(), Some(AttachError::Name(_)));
            let wrong_usage = is_name || error.downcast_ref::<Usage>().is_some();
            ExitCode::from(if wrong_usage { WRONG_USAGE } else { FAILED })
        }
    }
}

fn run(config: &Config) -> anyhow::Result<End> {
    span::check(config.from, config.until)?;
    let stop = Arc::new(AtomicBool::new(false));
    for &signal in TERM_SIGNALS {
        // In this order the second Ctrl-C ends an analyzer that does not get to finishing.
        let status = 128 + signal;
        signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let mut output = Output::new(config.format, Box::new(io::stdout()));
    follow::follow(config, &stop, &mut output)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}
