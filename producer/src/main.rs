//! `producer`: sensor sources into a ring.

mod args;
mod block;
mod config;
mod feed;
mod pace;
mod report;
mod rounds;
mod run;
mod source;
mod stop;
mod stream;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

fn main() -> ExitCode {
    let config = match config::Config::resolve(args::Cli::parse()) {
        Ok(config) => config,
        Err(wrong) => args::Cli::command()
            .error(clap::error::ErrorKind::ValueValidation, wrong)
            .exit(),
    };
    match run::run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
