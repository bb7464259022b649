//! Standard input as a source of records: it may keep us waiting before the first of them.

use std::io::{self, IsTerminal};

use anyhow::Context;

use crate::{
    config::StdinOptions,
    inlet::{Blocks, Inlet},
    report::say,
    source::{
        Source, csv::CsvSource, csv_time::TimeFormat, ndjson::NdjsonSource, options::ColumnOptions,
        raw_records::RawSource,
    },
};

/// Opens it, for the calling thread, as soon as it is known what a record consists of. None if `nap`, which sleeps
/// while nothing comes, says that nobody waits any more.
pub(crate) fn open(
    options: &StdinOptions,
    nap: &dyn Fn() -> bool,
) -> anyhow::Result<Option<Box<dyn Source>>> {
    if io::stdin().is_terminal() {
        say("what is typed here are the records; Ctrl-D ends them");
    }
    let inlet = Inlet::new(io::stdin()).context("cannot read beside the other work")?;
    records(Box::new(inlet), options, nap)
}

fn records(
    blocks: Box<dyn Blocks>,
    options: &StdinOptions,
    nap: &dyn Fn() -> bool,
) -> anyhow::Result<Option<Box<dyn Source>>> {
    // Who corrects the options then does not meet a ring with the fields of the wrong ones: hence the look at the
    // first record.
    Ok(match options {
        StdinOptions::Csv { delimiter, columns } => {
            match CsvSource::from_pipe(blocks, *delimiter, columns, nap)? {
                Some(mut source) => {
                    tell_time(source.time(), columns);
                    source.read_ahead(nap)?.then(|| Box::new(source) as _)
                }
                None => None,
            }
        }
        StdinOptions::Ndjson(columns) => match NdjsonSource::from_pipe(blocks, columns, nap)? {
            Some(mut source) => {
                tell_time(source.time(), columns);
                source.read_ahead(nap)?.then(|| Box::new(source) as _)
            }
            None => None,
        },
        StdinOptions::Raw(schema) => Some(Box::new(RawSource::new(blocks, schema.clone())) as _),
    })
}

/// Says how the time is understood, where that was not said by who started the program.
pub(crate) fn tell_time(time: Option<(&str, TimeFormat)>, options: &ColumnOptions) {
    match time {
        Some((name, format)) => say(&format!("the time is {name:?}: {}", format.meaning())),
        None if options.no_time || options.schema.is_some() => {}
        None => say("no time was found; if there is one, name it with --time"),
    }
}
