//! What can be wrong with a recording, in words that say where, what, and what to do.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A recording that cannot be used.
#[derive(Debug, Error)]
#[error("{}: {fault}", path.display())]
pub struct CsvError {
    pub(crate) path: PathBuf,
    pub(crate) fault: Fault,
}

/// One fault in a recording.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot be opened: {0}")]
    Open(#[source] io::Error),
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    #[error("this is {found}, expected a regular file with comma-separated values")]
    NotAFile { found: &'static str },
    #[error("the file is empty, expected a line with the column names and then one record a line")]
    Empty,
    #[error("the file is UTF-16, expected UTF-8; save it again as UTF-8")]
    Utf16,
    #[error(
        "line {line}: numbers ({found}) where the column names were expected; \
         add a first line that names the columns"
    )]
    NoHeader { line: u64, found: String },
    #[error("line {line}, column {column}: found the column name {found}, expected {expected}")]
    Name {
        line: u64,
        column: usize,
        found: String,
        expected: &'static str,
    },
    #[error(
        "{option} {name:?}: there is no such column; the file has {}",
        quoted(columns)
    )]
    NoSuchColumn {
        option: &'static str,
        name: String,
        columns: Vec<String>,
    },
    #[error("no column is left to publish")]
    NoColumns,
    #[error("the columns make no record: {0}")]
    Schema(#[source] ringbuf_core::SchemaError),
    #[error("line {line}: found {found} columns, expected {expected} as in the first line")]
    RowLength {
        line: u64,
        found: usize,
        expected: usize,
    },
    #[error("line {line}, column {column} ({name:?}): found {found}, expected {expected}")]
    Cell {
        line: u64,
        column: usize,
        name: String,
        found: String,
        expected: String,
    },
    #[error(
        "line {line}: longer than {limit} bytes without an end; is a quote left open, \
         or is this no CSV file?"
    )]
    TooLong { line: u64, limit: usize },
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    names.join(", ")
}
