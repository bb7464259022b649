//! `producer`: sensor sources into a ring.

use std::process::ExitCode;

use producer::{args, config, report, run};
use ringbuf_console::error::whole;
use ringbuf_console::pages;
use ringbuf_core::CreateError;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("producer");
    let config = match config::Config::resolve(pages::parse::<args::Cli>()) {
        Ok(config) => config,
        Err(wrong) => {
            let kind = clap::error::ErrorKind::ValueValidation;
            let text = format!("{wrong}\n\nFor more information, try '--help'.\n");
            clap::Error::raw(kind, text).exit()
        }
    };
    match run::run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&whole(&error));
            let is_usage = matches!(
                error.downcast_ref(),
                Some(CreateError::Name(_) | CreateError::Mode { .. })
            );
            ExitCode::from(if is_usage { WRONG_USAGE } else { FAILED })
        }
    }
}
