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
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::TERM_SIGNALS;

use consumer::args::Args;
use consumer::config::Plan;
use consumer::output::talk;
use consumer::run::{self, Exit};
use ringbuf_console::pages;

fn main() -> ExitCode {
    // Without it the end is the same, and nobody is told why.
    let _ = ringbuf_core::faults::explain("analyzer");
    // Wrong arguments end here, with exit code 2.
    let plan = Plan::from(pages::parse::<Args>());
    let exit = match stopped_by_signals() {
        Ok(stop) => run::run(&plan, &stop),
        Err(error) => {
            talk(format_args!("cannot listen for signals: {error}"));
            Exit::Failed
        }
    };
    ExitCode::from(exit.code())
}

/// Set by the first signal to end; by the second one the system ends the process.
fn stopped_by_signals() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for &signal in TERM_SIGNALS {
        // In this order the second Ctrl-C ends an analyzer that does not get to finishing.
        let status = 128 + signal;
        signal_hook::flag::register_conditional_shutdown(signal, status, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}
